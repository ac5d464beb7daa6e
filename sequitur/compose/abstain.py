"""Whether the hits answer a question, or the honest answer is that the sources do not say.

A logistic model over what the question names, asks for and does not find, fitted by `python -m evals tune` on the dev halves of all gold: this article's
and fourteen invented ones', half of whose questions are near misses. Its coefficients are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sequitur.schema import Query, Retrieved

_AFTER = 5  # places by which the first hit's lead is measured
_TYPICAL, _MUCH = 0.09, 0.1  # by how much a question is not met by the passage that meets it best: usually, and when it is much

INTERCEPT = 2.65
ABSTENTION: Mapping[str, float] = {
    "unknown": -0.75,  # share of the question that the corpus never mentions nor resembles
    "medical": -1.23,  # the same, medical terms only, resemblance apart
    "missed": -0.16,  # weight of the heaviest concept that the best of the first hits lacks
    "similarity": 0.81,  # best cosine to the question
    "short": -3.69,  # by how much the passage that meets it best, token by token, falls short; 0..1
    "anchored": 0.12,  # it names a source, or something medical that the corpus knows
    "score": 0.07,  # of the first hit
    "lead": 0.15,  # how far the sixth hit stands below it
    "named": -0.08,  # medical or exact things named: drugs, conditions, names, figures
    "words": 0.06,  # of the question as typed
    "particulars": -0.47,  # asked for
    "unshown": -0.63,  # share of them that none of the first hits shows
    "unshown_named": -1.75,  # a document that is named shows one of them nowhere
    "unshown_pointed": -1.34,  # a document that is pointed back to shows one of them nowhere
    "pointed": -0.13,  # it points back to a document
    "dose": -0.45,  # it asks for a dose
    "number": -0.24,  # it asks for a figure
}


def answerable(query: Query, retrieved: Retrieved) -> float:
    """How sure it is that the hits answer the question, as log-odds: above 0, answer; below, abstain."""
    if not retrieved.hits:
        return -10.0
    found = signals(query, retrieved)
    return INTERCEPT + sum(weight * found[name] for name, weight in ABSTENTION.items())


def signals(query: Query, retrieved: Retrieved) -> dict[str, float]:
    """What abstention is decided from, by the names in `ABSTENTION`. There is at least one hit."""
    gaps, scores = retrieved.gaps, [hit.score for hit in retrieved.hits]
    return {
        "unknown": gaps.share,
        "medical": gaps.medical,
        "missed": gaps.missed,
        "similarity": retrieved.similarity,
        "short": math.tanh((_TYPICAL if retrieved.short is None else retrieved.short) / _MUCH),
        "anchored": float(gaps.anchored or bool(query.named)),
        "score": scores[0],
        "lead": scores[0] - scores[min(_AFTER, len(scores) - 1)],
        "named": float(sum(focus.medical or focus.exact for focus in query.focus)),
        "words": float(len(query.asked.split())),
        "particulars": float(gaps.particulars),
        "unshown": gaps.unshown,
        "unshown_named": float(gaps.unshown_named),
        "unshown_pointed": float(gaps.unshown_pointed),
        "pointed": float(bool(query.shown)),
        "dose": float("dose" in query.wants),
        "number": float("number" in query.wants),
    }
