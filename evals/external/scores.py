"""Retrieval measures by ir_measures, the field's own definitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import ir_measures

from evals.external.layout import Qrels

Scores = Mapping[str, Mapping[str, float]]  # query → document → score


def score(qrels: Qrels, run: Scores, measures: Collection[str]) -> dict[str, float]:
    """Mean of each measure ("nDCG@5", "R@5", "RR", "P@1") over all judged queries; a query without results counts 0."""
    parsed = [ir_measures.parse_measure(name) for name in measures]
    judged = {query: dict(documents) for query, documents in qrels.items()}
    found = ir_measures.calc_aggregate(parsed, judged, {query: dict(documents) for query, documents in run.items()})
    return {str(measure): round(float(found.get(measure, 0.0)), 4) for measure in parsed}
