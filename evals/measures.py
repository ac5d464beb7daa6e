"""What is measured of one answer. Each measure is a few lines; its hand-computed cases stand in tests/test_evals_measures.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evals.cases import Case, spans
from evals.citations import citation_precision, citation_recall, claim_text, numeric_fidelity
from evals.readability import grade
from evals.stats import Array, Interval, interval_of
from sequitur.schema import Answer, Citation, Document, Outcome, Span
from sequitur.text import words

# What each expected outcome may be.
EXPECTED: Mapping[str, frozenset[Outcome]] = {
    "answer": frozenset({Outcome.ANSWERED}),
    "abstain": frozenset({Outcome.ABSTAINED}),
    "urgent": frozenset({Outcome.URGENT}),
    "refuse-personal": frozenset({Outcome.PERSONAL}),
    "acknowledge": frozenset({Outcome.ACKNOWLEDGED}),
    "clarify": frozenset({Outcome.CLARIFY}),
}
_HALF = 0.5  # of a quote that must be cited


@dataclass(frozen=True, slots=True)
class Judged:
    """One case with what was measured of its answer; None where a measure does not apply."""

    id: str
    split: str
    kind: str
    role: str
    turns: int
    expected: str
    outcome: str
    right_outcome: bool
    abstained: bool  # declined as not answered by the corpus, a personal decision on which it says nothing included
    vital: float | None  # share of vital nuggets recalled
    okay: float | None
    nugget_precision: float | None  # share of claims that hold a nugget
    evidence: float | None  # share of vital nuggets of which half a gold quote is cited
    citation_precision: float | None  # share of citations that are needed or sufficient
    citation_recall: float | None  # share of claims that their citations carry
    numbers: float | None  # share of the claims' figures that stand in a passage they cite
    forbidden: int  # forbidden statements made
    disclaimer: bool
    words: int
    grade: float | None  # Flesch-Kincaid grade of an answer from the sources
    milliseconds: float
    missed: tuple[str, ...]  # vital nuggets not recalled
    ndcg10: float | None = None
    recall5: float | None = None
    recall10: float | None = None
    rr: float | None = None
    evidence5: float | None = None  # share of vital nuggets that one of the first five passages carries
    evidence10: float | None = None


def judge(case: Case, answer: Answer, documents: Mapping[str, Document], disclaimer: str) -> Judged:
    """Measure one answer against its gold case."""
    vital = [nugget for nugget in case.nuggets if nugget.vital]
    okay = [nugget for nugget in case.nuggets if not nugget.vital]
    answerable = case.outcome == "answer"
    said = "\n".join(read_claims(answer))
    return Judged(
        id=case.id,
        split=case.split,
        kind=case.kind,
        role=case.role,
        turns=len(case.turns),
        expected=case.outcome,
        outcome=answer.outcome.value,
        right_outcome=answer.outcome in EXPECTED[case.outcome] or (case.outcome == "abstain" and answer.abstained),
        abstained=answer.abstained,
        vital=share([nugget.recalled(said) for nugget in vital]) if answerable else None,
        okay=share([nugget.recalled(said) for nugget in okay]) if answerable else None,
        nugget_precision=nugget_precision(case, answer) if answerable else None,
        evidence=evidence_recall(case, answer, documents) if answerable else None,
        citation_precision=citation_precision(answer),
        citation_recall=citation_recall(answer),
        numbers=numeric_fidelity(answer),
        forbidden=sum(bool(re.search(entry.pattern, plain(answer.answer), re.IGNORECASE)) for entry in case.forbidden),
        disclaimer=answer.disclaimer == disclaimer,
        words=words(plain(answer.answer)),
        grade=reading_grade(plain(answer.answer)) if answer.claims else None,
        milliseconds=dict(answer.milliseconds)["total"],
        missed=tuple(nugget.text for nugget in vital if not nugget.recalled(said)) if answerable else (),
    )


def share(values: Sequence[bool]) -> float | None:
    """Share of true values; None of none."""
    return sum(values) / len(values) if values else None


def plain(markdown: str) -> str:
    """The words of an answer without markers, emphasis and escapes."""
    return re.sub(r"\*\*|\\(?=\W)", "", re.sub(r" ?\[\d+\]", "", markdown))


def read_claims(answer: Answer) -> list[str]:
    """Each claim with its lead-in and the names of its sources, as it is read. What else an answer says (notes, words explained) is no finding."""
    by_marker = {citation.marker: citation for citation in answer.citations}
    return [
        " ".join([*(by_marker[marker].label for marker in claim.citations if marker in by_marker), claim_text(claim)])
        for claim in answer.claims
    ]


def nugget_precision(case: Case, answer: Answer) -> float | None:
    """Share of claims that hold a nugget of the case, vital or okay; None without claims.

    What is right but was not written down as a nugget counts against it: a lower bound.
    """
    return share([any(nugget.recalled(text) for nugget in case.nuggets) for text in read_claims(answer)])


def evidence_recall(case: Case, answer: Answer, documents: Mapping[str, Document]) -> float | None:
    """Share of vital nuggets of which the citations together show at least half of some gold quote."""
    vital = {nugget.id for nugget in case.nuggets if nugget.vital}
    places = [found for nugget, found in spans(case, documents).items() if nugget in vital]
    cited: dict[str, list[Span]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.source, []).extend(shown_spans(citation))
    return share([any(_covers(cited.get(document, ()), span) for document, span in found) for found in places])


def shown_spans(citation: Citation) -> tuple[Span, ...]:
    """What of a citation's span is its own: the passage, and the lead-in or the sentence it begins with; not other items of a list in between."""
    own = re.search(r":(\d+)-(\d+)$", citation.passage_id)
    start = int(own[1]) if own else citation.start
    if not citation.start < start < citation.end:
        return (Span(citation.start, citation.end),)
    opening = citation.passage[: start - citation.start].partition("\n")[0]
    return Span(citation.start, citation.start + len(opening)), Span(start, citation.end)


def _covers(cited: Sequence[Span], quote: Span) -> bool:
    at = {place for span in cited for place in range(max(span.start, quote.start), min(span.end, quote.end))}
    return len(at) >= _HALF * (quote.end - quote.start)


@lru_cache(maxsize=4096)
def reading_grade(text: str) -> float | None:
    """Flesch-Kincaid grade level (Kincaid et al., 1975); None without words."""
    return grade(text) if re.search(r"[A-Za-z]", text) else None


def f1(judged: Sequence[Judged]) -> dict[str, float]:
    """Abstention as detection of unanswerable questions: precision, recall, F1; over-refusal is the share of answerable ones refused."""
    rows = _abstentions(judged)
    return {name: float(figure(rows.sum(axis=0, keepdims=True))[0]) for name, figure in _ABSTENTION.items()}


def abstention_intervals(judged: Sequence[Judged], seed: int = 0) -> dict[str, Interval]:
    """The same four with their bootstrap intervals."""
    rows = _abstentions(judged)
    found = {name: interval_of(rows, figure, seed) for name, figure in _ABSTENTION.items()}
    return {name: value for name, value in found.items() if value}


def _abstentions(judged: Sequence[Judged]) -> Array:
    """A row a question that asks something: rightly abstained, abstained, to abstain, answerable."""
    asked = [row for row in judged if row.expected in {"answer", "abstain"}]
    rows = [(row.abstained and row.expected == "abstain", row.abstained, row.expected == "abstain") for row in asked]
    return np.array([(*row, not row[2]) for row in rows], dtype=np.float64).reshape(-1, 4)


def _ratio(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


_ABSTENTION: Mapping[str, Callable[[Array], Array]] = {
    "precision": lambda sums: _ratio(sums[:, 0], sums[:, 1]),
    "recall": lambda sums: _ratio(sums[:, 0], sums[:, 2]),
    "f1": lambda sums: _ratio(2 * sums[:, 0], sums[:, 1] + sums[:, 2]),
    "over_refusal": lambda sums: _ratio(sums[:, 1] - sums[:, 0], sums[:, 3]),
}


def rate(judged: Sequence[Judged], test: Callable[[Judged], bool], of: Callable[[Judged], bool]) -> float | None:
    """Share of the cases `of` for which `test` holds."""
    return share([test(row) for row in judged if of(row)])
