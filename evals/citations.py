"""Citation recall and precision as ALCE defines them (Gao et al., EMNLP 2023), and numeric fidelity.

ALCE asks a language model whether passages entail a statement. Here a sentence is supported when a cited passage has its very words, or, for a paraphrase,
when the cited passages have every figure with its unit, as many negations, and four fifths of its content words. That is strict, needs no model, and shares no code
with the verifier whose work it judges.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sequitur.analysis import stems
from sequitur.schema import Answer, CheckedClaim
from sequitur.text import fold, quantities, sentences

_ENOUGH = 0.8  # share of a paraphrase's stems that its passages must have
_NEGATION = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot)\b|n't\b")


def citation_recall(answer: Answer) -> float | None:
    """Share of claims that their cited passages support together; None without claims."""
    found = [supported(claim_text(claim), passages) for claim, passages in _cited(answer)]
    return sum(found) / len(found) if found else None


def citation_precision(answer: Answer) -> float | None:
    """Share of citations that are needed or sufficient: of a supported claim, and supporting it alone or not to be left out."""
    found = [
        supported(claim_text(claim), passages)
        and (supported(claim_text(claim), (passage,)) or not supported(claim_text(claim), passages[:place] + passages[place + 1 :]))
        for claim, passages in _cited(answer)
        for place, passage in enumerate(passages)
    ]
    return sum(found) / len(found) if found else None


def numeric_fidelity(answer: Answer) -> float | None:
    """Share of the claims' figures that stand, with the same unit, in a passage that the very claim cites; None without figures."""
    found: list[bool] = []
    for claim, passages in _cited(answer):
        there = frozenset(figure for passage in passages for figure in _figures(passage))
        found.extend(_stands(figure, there) for figure in _figures(claim_text(claim)))
    return sum(found) / len(found) if found else None


def claim_text(claim: CheckedClaim) -> str:
    """A claim as it is read: lead-in and words."""
    return f"{claim.lead}\n{claim.text}" if claim.lead else claim.text


def _cited(answer: Answer) -> list[tuple[CheckedClaim, tuple[str, ...]]]:
    by_marker = {citation.marker: citation.passage for citation in answer.citations}
    return [(claim, tuple(by_marker[marker] for marker in claim.citations if marker in by_marker)) for claim in answer.claims]


@lru_cache(maxsize=65536)
def supported(text: str, passages: tuple[str, ...]) -> bool:
    """Whether passages together carry every sentence of a text."""
    units = [part for line in text.split("\n") for span in sentences(line) if re.search(r"\w", part := span.of(line))]
    return bool(units and passages) and all(_verbatim(unit, passages) or _paraphrased(unit, passages) for unit in units)


def _verbatim(unit: str, passages: tuple[str, ...]) -> bool:
    """One passage has the unit's words in a row, and each of its figures."""
    return any(f" {_words(unit)} " in f" {_words(passage)} " and _all_stand(unit, frozenset(_figures(passage))) for passage in passages)


def _paraphrased(unit: str, passages: tuple[str, ...]) -> bool:
    figures = frozenset(figure for passage in passages for figure in _figures(passage))
    said = frozenset(_stems(unit))
    there = [_stems(span.of(passage)) for passage in passages for span in sentences(passage)]
    if not _all_stand(unit, figures) or not said or len(said & frozenset().union(*there)) < _ENOUGH * len(said):
        return False
    parts = [span.of(passage) for passage in passages for span in sentences(passage)]
    nearest = max(parts, key=lambda part: len(said & _stems(part)))
    return len(_NEGATION.findall(fold(unit))) == len(_NEGATION.findall(fold(nearest)))


@lru_cache(maxsize=65536)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(text))


@lru_cache(maxsize=65536)
def _words(text: str) -> str:
    """Words and longer figures alone: single digits may be the source's own citation numbers, which a claim leaves out."""
    return " ".join(re.findall(r"[a-z]+|\d+[.,]\d+|\d{2,}", fold(text)))


@lru_cache(maxsize=65536)
def _figures(text: str) -> tuple[tuple[str, str], ...]:
    """Figures with their units; a number in words counts where a unit follows it ("two trials", not "one of them")."""
    return tuple(
        (found.value, found.unit) for found in quantities(text) if found.unit or any(letter.isdigit() for letter in found.span.of(text))
    )


def _all_stand(unit: str, there: frozenset[tuple[str, str]]) -> bool:
    return all(_stands(figure, there) for figure in _figures(unit))


def _stands(figure: tuple[str, str], there: frozenset[tuple[str, str]]) -> bool:
    """With its unit; a bare figure with any."""
    return figure in there or (not figure[1] and any(value == figure[0] for value, _ in there))
