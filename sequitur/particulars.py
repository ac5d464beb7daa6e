"""Particulars that questions ask for and answers show in other words: "how old were they?" is answered by "aged 18 to 65", "where was it done?" by "Dutch"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from sequitur.text import fold, tokens


class Particular(NamedTuple):
    """Something that can be asked for, and how a passage shows it."""

    name: str
    asked: re.Pattern[str]
    shown: re.Pattern[str]
    tells: bool  # a source that never shows it does not answer


@cache
def particulars() -> tuple[Particular, ...]:
    """The list in particulars.tsv: general medicine, fitted to no corpus."""
    lines = (Path(__file__).parent / "particulars.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple(Particular(name, re.compile(asked), re.compile(shown), tells == "tells") for name, asked, shown, tells in rows)


class Asked(NamedTuple):
    """A particular that a question asks for."""

    particular: Particular
    words: frozenset[str]  # with which it does so, in lower case
    said: str  # the same as it stands there, the first time


@lru_cache(maxsize=256)
def asked_for(question: str) -> tuple[Asked, ...]:
    """The particulars that a question asks for."""
    text = fold(question)
    found = ((particular, list(particular.asked.finditer(text))) for particular in particulars())
    read = (
        (particular, matches, frozenset(word for match in matches for word in tokens(match[0]))) for particular, matches in found if matches
    )
    return tuple(Asked(particular, words, matches[0][0].strip()) for particular, matches, words in read if words)


def showing(particular: Particular, texts: Sequence[str]) -> frozenset[int]:
    """Which of the texts show it, by their places."""
    return frozenset(place for place, text in enumerate(texts) if particular.shown.search(fold(text)))
