"""Retrieval judged by the field's own tool: qrels from gold quotes, ir_measures, TREC files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import ir_measures
from ir_measures import RR, R, nDCG

from evals.cases import Case, spans
from sequitur.schema import TITLE, Document, Passage, Span

DEPTH = 100  # passages of a run
Ranked = tuple[str, ...]  # passage ids, best first
Qrels = dict[str, dict[str, int]]  # case → passage → grade

_MEASURES = {"ndcg10": nDCG @ 10, "recall5": R @ 5, "recall10": R @ 10, "rr": RR}


def carriers(case: Case, documents: Mapping[str, Document], passages: Sequence[Passage]) -> dict[str, frozenset[str]]:
    """For each nugget with evidence the passages that overlap one of its gold quotes by half of the one or the other.

    A quote that is a list's lead-in, and stands in no passage of its own, is carried by the items of the list.
    """
    found: dict[str, set[str]] = {}
    for nugget, places in spans(case, documents).items():
        for document, quote in places:
            there = [passage for passage in passages if passage.document_id == document and TITLE not in passage.flags]
            own = [passage.id for passage in there if _overlaps(passage.span, quote)]
            led = [passage.id for passage in there if passage.lead and _overlaps(passage.lead, quote)]
            found.setdefault(nugget, set()).update(own or led)
    return {nugget: frozenset(ids) for nugget, ids in found.items()}


def relevant(case: Case, carried: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """Relevant passages with their grades: 2 for a vital nugget, 1 for an okay one."""
    vital = {nugget.id for nugget in case.nuggets if nugget.vital}
    found: dict[str, int] = {}
    for nugget, ids in carried.items():
        for identity in ids:
            found[identity] = max(found.get(identity, 0), 2 if nugget in vital else 1)
    return found


def found_within(case: Case, carried: Mapping[str, frozenset[str]], ranked: Ranked, k: int) -> float | None:
    """Share of the vital nuggets that one of the first k passages carries (subtopic recall; Zhai, Cohen and Lafferty, 2003)."""
    wanted = [carried[nugget.id] for nugget in case.nuggets if nugget.vital and nugget.id in carried]
    return sum(not ids.isdisjoint(ranked[:k]) for ids in wanted) / len(wanted) if wanted else None


def _overlaps(one: Span, other: Span) -> bool:
    common = min(one.end, other.end) - max(one.start, other.start)
    return common > 0 and 2 * common >= min(one.end - one.start, other.end - other.start)


def rank_figures(qrels: Qrels, runs: Mapping[str, Ranked]) -> dict[str, dict[str, float]]:
    """For each case with qrels its figures by name; a case without passages has zeros."""
    found: dict[str, dict[str, float]] = {case: dict.fromkeys(_MEASURES, 0.0) for case in qrels}
    names = {str(measure): name for name, measure in _MEASURES.items()}
    scored = {case: _scores(runs.get(case, ())) for case in qrels}
    for metric in ir_measures.iter_calc(list(_MEASURES.values()), qrels, scored):
        found[metric.query_id][names[str(metric.measure)]] = float(metric.value)
    return found


def _scores(ranked: Ranked) -> dict[str, float]:
    """1 / rank: strictly falling, so that no tool breaks a tie its own way."""
    return {passage: round(1.0 / rank, 6) for rank, passage in enumerate(ranked[:DEPTH], 1)}


def write_run(path: Path, runs: Mapping[str, Ranked], tag: str) -> None:
    """A TREC run file: case, Q0, passage, rank, score, tag."""
    lines = [
        f"{_name(case)} Q0 {_name(passage)} {rank} {score} {tag}"
        for case, ranked in runs.items()
        for rank, (passage, score) in enumerate(_scores(ranked).items(), 1)
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_qrels(path: Path, qrels: Qrels) -> None:
    """A TREC qrels file: case, 0, passage, grade."""
    lines = [f"{_name(case)} 0 {_name(passage)} {grade}" for case, grades in qrels.items() for passage, grade in sorted(grades.items())]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _name(text: str) -> str:
    """TREC files are split at white space."""
    return re.sub(r"\s", "_", text)
