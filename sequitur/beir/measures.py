"""Retrieval measures as trec_eval has them, averaged over the judged queries."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

Run = Mapping[str, Sequence[str]]  # document ids of each query, best first
Qrels = Mapping[str, Mapping[str, int]]

_CUT = 10


def measures(run: Run, qrels: Qrels) -> dict[str, float]:
    """nDCG@10, recall@10, reciprocal rank and precision at 1. A judged query without an answer in the run counts as 0."""
    judged = {query: grades for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    rows = [_of_query(run.get(query, ()), grades) for query, grades in judged.items()]
    names = ("ndcg@10", "recall@10", "rr", "p@1")
    return {name: round(statistics.fmean(values), 6) if values else 0.0 for name, values in zip(names, _columns(rows), strict=True)}


def _columns(rows: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
    return list(zip(*rows, strict=True)) if rows else [(), (), (), ()]


def _of_query(ranking: Sequence[str], grades: Mapping[str, int]) -> tuple[float, float, float, float]:
    gains = [max(0, grades.get(document, 0)) for document in ranking]
    ideal = sorted((max(0, grade) for grade in grades.values()), reverse=True)
    relevant = sum(gain > 0 for gain in ideal)
    first = next((rank for rank, gain in enumerate(gains, 1) if gain > 0), 0)
    return (
        _dcg(gains[:_CUT]) / _dcg(ideal[:_CUT]),
        sum(gain > 0 for gain in gains[:_CUT]) / relevant,
        1.0 / first if first else 0.0,
        float(first == 1),
    )


def _dcg(gains: Sequence[int]) -> float:
    """Gains as graded, discounted by log2(rank + 1) (Järvelin and Kekäläinen, 2002)."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))
