"""Questions against questions: what teaches the head of models/late.py that two of them ask the same, as `sequitur.index.judged` uses it.

In a batch from one article, each question as it is searched for stands against the others as they are kept (the mean of both wordings): an in-batch softmax whose positives
share an answer with it, the nearest that do not among the others; and against the clean wordings, of which its own is the positive.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from late import Asked

Pooled = Callable[[Sequence[str]], torch.Tensor]  # texts → unit vectors, shape (texts, width)

_SHARPNESS = 20.0
_BEGUN, _SAME, _NEAR = 20, 2, 2  # questions of a batch, and how many that share an answer, or are near, come with each
_CLEAN, _OWN = 0.25, 0.5  # weight of the clean wordings against the kept, and of a question's own clean wording
_NEAREST = 31
_PART = 192


class Circle(NamedTuple):
    """The questions of an article, those near each, and those that each passage answers, by their numbers."""

    questions: Sequence[Asked]
    near: list[list[int]]
    answered_by: dict[str, list[int]]


def circle(questions: Sequence[Asked], pooled: Pooled) -> Circle:
    """With the nearest as the head has them before it is trained."""
    with torch.no_grad():
        parts = [questions[at : at + _PART] for at in range(0, len(questions), _PART)]
        kept = torch.cat([_kept(pooled, part) for part in parts])
        near = [
            row[1:] for at in range(0, len(kept), _PART) for row in (kept[at : at + _PART] @ kept.T).topk(_NEAREST, dim=1).indices.tolist()
        ]
    answered_by: dict[str, list[int]] = defaultdict(list)
    for number, question in enumerate(questions):
        for passage in question.answers:
            answered_by[passage].append(number)
    return Circle(questions, near, dict(answered_by))


def alike_loss(found: Circle, pooled: Pooled, chance: random.Random) -> torch.Tensor:
    """Of a batch of an article's questions."""
    numbers: list[int] = []
    for number in chance.sample(range(len(found.questions)), min(_BEGUN, len(found.questions) // 3)):
        numbers.append(number)
        answers = sorted(found.questions[number].answers)
        same = [other for other in found.answered_by[chance.choice(answers)] if other != number] if answers else []
        numbers += chance.sample(same, min(_SAME, len(same))) + chance.sample(found.near[number], _NEAR)
    own = [found.questions[number] for number in dict.fromkeys(numbers)]
    searched, clean = pooled([one.wordings[0] for one in own]), pooled([one.wordings[1] for one in own])
    kept, itself = normalize(searched + clean, dim=-1), torch.eye(len(own), dtype=torch.bool)
    same = torch.tensor([[bool(one.answers & other.answers) for other in own] for one in own]) & ~itself
    partly = torch.tensor([[bool((one.answers | one.partly) & (other.answers | other.partly)) for other in own] for one in own])
    unsure = partly & ~same
    loss = _OWN * _softmax((searched @ clean.T).masked_fill((same | unsure) & ~itself, -1e4), itself)
    for wordings, weight in ((searched, 1.0), (clean, _CLEAN)):
        if same.any():
            odds = (wordings @ kept.T).masked_fill(unsure | itself, -1e4)
            loss = loss + weight * _softmax(odds[same.any(dim=1)], same[same.any(dim=1)])
    return loss


def _kept(pooled: Pooled, questions: Sequence[Asked]) -> torch.Tensor:
    return normalize(pooled([one.wordings[0] for one in questions]) + pooled([one.wordings[1] for one in questions]), dim=-1)


def _softmax(cosines: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    odds = _SHARPNESS * cosines
    return (torch.logsumexp(odds, dim=1) - torch.logsumexp(odds.masked_fill(~right, -1e4), dim=1)).mean()
