"""What is measured of an answer. Each measure is a few lines; its hand-computed cases stand in tests/test_evals_measures.py."""

from __future__ import annotations

import random
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evals.cases import Case, spans
from sequitur.schema import Answer, Document, Outcome
from sequitur.text import fold, quantities, words

_EXPECTED = {
    "answer": {Outcome.ANSWERED},
    "abstain": {Outcome.ABSTAINED},
    "urgent": {Outcome.URGENT},
    "refuse-personal": {Outcome.PERSONAL},
    "acknowledge": {Outcome.ACKNOWLEDGED},
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One case with what was measured of its answer; None where a measure does not apply."""

    id: str
    kind: str
    expected: str
    outcome: str
    right_outcome: bool
    vital: float | None  # share of vital nuggets recalled
    okay: float | None
    evidence: float | None  # share of vital nuggets of which a cited span overlaps a gold quote
    citation_precision: float | None  # share of citations that carry or bear on their claim
    citation_recall: float | None  # share of claims of which a citation has the very words
    numbers: float | None  # share of the answer's numbers that stand in a cited passage
    forbidden: int  # forbidden statements made
    disclaimer: bool
    words: int
    milliseconds: float
    missed: tuple[str, ...]  # vital nuggets not recalled


def judge(case: Case, answer: Answer, documents: Mapping[str, Document], disclaimer: str) -> Judged:
    """Measure one answer against its gold case."""
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    okay = [nugget for nugget in case.nuggets if not nugget.vital]
    answerable = case.outcome == "answer"
    return Judged(
        id=case.id,
        kind=case.kind,
        expected=case.outcome,
        outcome=answer.outcome.value,
        right_outcome=answer.outcome in _EXPECTED[case.outcome],
        vital=share([nugget.recalled(answer.answer) for nugget in vital]) if answerable else None,
        okay=share([nugget.recalled(answer.answer) for nugget in okay]) if answerable else None,
        evidence=evidence_recall(case, answer, documents) if answerable else None,
        citation_precision=citation_precision(answer),
        citation_recall=citation_recall(answer),
        numbers=numeric_fidelity(answer),
        forbidden=sum(bool(re.search(entry.pattern, answer.answer, re.IGNORECASE)) for entry in case.forbidden),
        disclaimer=answer.disclaimer == disclaimer,
        words=words(re.sub(r"\[\d+\]", "", answer.answer)),
        milliseconds=dict(answer.milliseconds)["total"],
        missed=tuple(nugget.text for nugget in vital if not nugget.recalled(answer.answer)) if answerable else (),
    )


def share(values: Sequence[bool]) -> float | None:
    """Share of true values; None of none."""
    return sum(values) / len(values) if values else None


def evidence_recall(case: Case, answer: Answer, documents: Mapping[str, Document]) -> float | None:
    """Share of vital nuggets for which some citation overlaps some gold quote that carries the nugget."""
    vital = {nugget.id for nugget in case.nuggets if nugget.vital}
    places = {nugget: found for nugget, found in spans(case, documents).items() if nugget in vital}
    return share(
        [
            any(
                citation.source == document and citation.start < span.end and span.start < citation.end
                for document, span in found
                for citation in answer.citations
            )
            for found in places.values()
        ]
    )


def citation_precision(answer: Answer) -> float | None:
    """Share of (claim, citation) pairs where the passage has the claim's words or a figure of it (after ALCE, Gao et al. 2023)."""
    by_marker = {citation.marker: citation for citation in answer.citations}
    pairs = [(claim.text, by_marker[marker].passage) for claim in answer.claims for marker in claim.citations]
    return share([_bears(text, passage) for text, passage in pairs])


def _bears(claim: str, passage: str) -> bool:
    if _words(claim) in _words(passage):
        return True
    figures = {quantity.value for quantity in quantities(claim) if len(quantity.value) > 1}
    said = set(re.findall(r"[a-z]{4,}", fold(claim)))
    there = set(re.findall(r"[a-z]{4,}", fold(passage)))
    return len(figures & {quantity.value for quantity in quantities(passage)}) >= 2 or len(said & there) >= 3


def _words(text: str) -> str:
    """Words and figures alone; in-text citation numbers of the source are dropped by both sides being compared without bare digits."""
    return " ".join(re.findall(r"[a-z]+|\d+[.,]\d+|\d{2,}", fold(text)))


def citation_recall(answer: Answer) -> float | None:
    """Share of claims of which at least one cited passage has the claim's very words."""
    by_marker = {citation.marker: citation for citation in answer.citations}
    return share([any(_words(claim.text) in _words(by_marker[marker].passage) for marker in claim.citations) for claim in answer.claims])


def numeric_fidelity(answer: Answer) -> float | None:
    """Share of the numbers in the answer's text (markers apart) that stand in a passage it cites."""
    there = {quantity.value for citation in answer.citations for quantity in quantities(citation.passage)}
    text = re.sub(r"\[\d+\]", "", answer.answer).replace("\\", "")
    return share(
        [
            quantity.value in there
            for quantity in quantities(text)
            if text[quantity.span.start : quantity.span.end][:1].isdigit() or quantity.value in there
        ]
    )


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % bootstrap interval and how many cases it is over."""

    mean: float
    low: float
    high: float
    cases: int


def interval(values: Sequence[float | None], seed: int = 0, rounds: int = 1000) -> Interval | None:
    """Percentile bootstrap over cases (Efron, 1979); None when the measure applies to no case."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    chance = random.Random(seed)
    means = sorted(statistics.fmean(chance.choices(known, k=len(known))) for _ in range(rounds))
    return Interval(statistics.fmean(known), means[int(0.025 * rounds)], means[int(0.975 * rounds) - 1], len(known))


def f1(judged: Sequence[Judged]) -> dict[str, float]:
    """Abstention as detection of unanswerable questions: precision, recall, F1; over-refusal is the share of answerable ones refused."""
    asked = [row for row in judged if row.expected in {"answer", "abstain"}]
    hits = sum(row.expected == "abstain" and row.outcome == "abstained" for row in asked)
    said = sum(row.outcome == "abstained" for row in asked)
    wanted = sum(row.expected == "abstain" for row in asked)
    answerable = [row for row in asked if row.expected == "answer"]
    precision, recall = hits / said if said else 0.0, hits / wanted if wanted else 0.0
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "over_refusal": sum(row.outcome == "abstained" for row in answerable) / len(answerable) if answerable else 0.0,
    }


def rate(judged: Sequence[Judged], test: Callable[[Judged], bool], of: Callable[[Judged], bool]) -> float | None:
    """Share of the cases `of` for which `test` holds."""
    return share([test(row) for row in judged if of(row)])
