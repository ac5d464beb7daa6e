"""General meanings of hard words, for trainees and for patients. Our own wording: it explains a word and says nothing of any treatment's effect."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("glossary.tsv")


@dataclass(frozen=True, slots=True)
class Gloss:
    """One hard word with its meaning in both wordings."""

    term: str
    trainee: str
    patient: str
    written: tuple[re.Pattern[str], ...]  # how it stands in texts; forms in capitals only in capitals

    def place(self, text: str) -> int | None:
        """Where a text first uses the word; None where it does not."""
        found = [match.start() for form in self.written if (match := form.search(text))]
        return min(found, default=None)


@cache
def glossary() -> tuple[Gloss, ...]:
    """All entries, those first that are needed most."""
    rows = [line.split("\t") for line in _FILE.read_text(encoding="utf-8").splitlines()[1:]]
    return tuple(Gloss(term, trainee, patient, tuple(_form(form) for form in _forms(forms))) for term, forms, trainee, patient in rows)


def _forms(forms: str) -> list[str]:
    """Alternatives outside brackets."""
    return re.split(r"\|(?![^()]*\))", forms)


def _form(form: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){form}(?!\w)", 0 if form.isupper() or form.rstrip("s?").isupper() else re.IGNORECASE)


def hard_words(text: str, most: int) -> tuple[Gloss, ...]:
    """The entries that a text needs most, in the order in which it uses them."""
    used = [(place, gloss) for gloss in glossary() if (place := gloss.place(text)) is not None][:most]
    return tuple(gloss for _, gloss in sorted(used, key=lambda item: item[0]))
