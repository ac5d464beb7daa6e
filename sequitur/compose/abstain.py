"""Whether the hits answer a question, or the honest answer is that the sources do not say.

A logistic model over what the question names, asks for and does not find, fitted by `python -m evals tune` on the dev halves of all gold and on the questions of
models/reading; two fifths of them are near misses. What judged questions say was weighed on 3,862 that were then not among them. Late interaction was trained on these questions too, and seems surer on them than it is: six tenths of the coefficients are those of
a fit without it. They are rounded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sequitur.schema import Judgement, Query, Retrieved

_AFTER = 5  # places by which the first hit's lead is measured
_DOUBT = 0.05  # keeps the log-odds of unanimous ones finite
_TYPICAL, _MUCH = 0.09, 0.1  # by how much a question is not met by the passage that meets it best: usually, and when it is much

INTERCEPT = 0.7
ABSTENTION: Mapping[str, float] = {
    "unknown": -1.23,  # share of the question that the corpus never mentions nor resembles
    "medical": -1.26,  # the same, medical terms only, resemblance apart
    "missed": -0.2,  # weight of the heaviest concept that the best of the first hits lacks
    "similarity": 1.76,  # best cosine to the question
    "shortfall": -2.11,  # by how much the passage that meets it best, token by token, falls short; 0..1
    "judged": 1.5,  # the judged questions that resemble it are answered rather than not, as log-odds; 0 where none does
    "anchored": 0.34,  # it names a source, or something medical that the corpus knows
    "score": 0.08,  # of the first hit
    "lead": 0.16,  # how far the sixth hit stands below it
    "named": -0.07,  # medical or exact things named: drugs, conditions, names, figures
    "words": 0.07,  # of the question as typed
    "particulars": -0.43,  # asked for
    "unshown": -0.86,  # share of them that none of the first hits shows
    "unshown_named": -1.89,  # a document that is named shows one of them nowhere
    "unshown_pointed": -1.1,  # a document that is pointed back to shows one of them nowhere
    "pointed": -0.16,  # it points back to a document
    "dose": -0.46,  # it asks for a dose
    "number": -0.28,  # it asks for a figure
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
        "shortfall": math.tanh((_TYPICAL if retrieved.shortfall is None else retrieved.shortfall) / _MUCH),
        "judged": _judged(retrieved.judged),
        "anchored": float(gaps.anchored),
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


def _judged(said: Judgement | None) -> float:
    """What judged questions say, as log-odds."""
    if said is None:
        return 0.0
    return said.alike * math.log((1 + _DOUBT - said.unanswered) / (_DOUBT + said.unanswered))
