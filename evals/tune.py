"""Chooses the weights of the ordering and of abstention on the dev half of the gold set, and says what they are worth by cross-validation.

Ordering: coordinate ascent on ranks of the gold evidence, from the weights in force. Abstention: logistic regression on the signals. Nothing is written: what is
printed is rounded by hand into `sequitur.retrieve.WEIGHTS` and `sequitur.compose.THRESHOLDS`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from evals.cases import Case, spans
from sequitur.assemble import Assembly
from sequitur.compose import signals
from sequitur.condense import condense
from sequitur.retrieve import WEIGHTS, candidates, retrieve
from sequitur.schema import Query, Turn

Array = NDArray[Any]

_SHOWN = 6  # passages that a turn is taken to have shown
_CLEAN = 0.6  # weight of the cleanly worded questions beside the typed ones
_FOLDS = 4
_STEPS = (0.0, 0.3, 0.6, 0.8, 1.25, 1.6, 2.5)
_GAIN = 0.002  # a step that brings less is noise


class Ranking(NamedTuple):
    """Candidates of one question, and for each vital nugget which of them carry it."""

    case: str
    weight: float
    values: Array
    carriers: tuple[Array, ...]


def rankings(assembly: Assembly, cases: Sequence[Case]) -> list[Ranking]:
    """Typed and cleanly worded questions of the answerable cases."""
    found = []
    for case in cases:
        if case.outcome != "answer":
            continue
        for query, weight in ((last_query(assembly, case), 1.0), (condense(case.standalone, (), assembly.vocabulary), _CLEAN)):
            if query.readings:
                pool = candidates(query, assembly.index, assembly.embedder)
                found.append(Ranking(case.id, weight, pool.values, _carriers(assembly, case, pool.rows)))
    return found


def last_query(assembly: Assembly, case: Case) -> Query:
    """The last turn as understood after the earlier ones."""
    turns: list[Turn] = []
    for asked in case.turns[:-1]:
        query = condense(asked, turns, assembly.vocabulary)
        if query.readings:
            hits = retrieve(query, assembly.index, assembly.embedder, _SHOWN).hits
            turns.append(Turn(asked, query.standalone, tuple(hit.passage.id for hit in hits)))
    return condense(case.turns[-1], turns, assembly.vocabulary)


def _carriers(assembly: Assembly, case: Case, rows: Sequence[int]) -> tuple[Array, ...]:
    vital = {nugget.id for nugget in case.nuggets if nugget.vital}
    passages = [assembly.index.passages[row] for row in rows]
    return tuple(
        np.array(
            [
                any(
                    passage.document_id == document and passage.span.start < span.end and span.start < passage.span.end
                    for document, span in places
                )
                for passage in passages
            ]
        )
        for nugget, places in spans(case, assembly.index.documents).items()
        if nugget in vital
    )


def worth(weights: Array, found: Sequence[Ranking], keep: Callable[[str], bool]) -> float:
    """Mean of reciprocal rank, half success@3, success@5 and success@8 over vital nuggets, scaled to 0..1."""
    total = count = 0.0
    for ranking in found:
        if not keep(ranking.case):
            continue
        order = np.argsort(-(ranking.values @ weights), kind="stable")
        for carriers in ranking.carriers:
            places = np.flatnonzero(carriers[order])
            rank = int(places[0]) + 1 if len(places) else 10_000
            total += ranking.weight * (1 / rank + 0.5 * (rank <= 3) + (rank <= 5) + (rank <= 8)) / 3.5
            count += ranking.weight
    return total / count if count else 0.0


def ascend(start: Array, found: Sequence[Ranking], keep: Callable[[str], bool], rounds: int, chance: random.Random) -> Array:
    """Change one weight at a time as long as it pays."""
    weights, best = start.copy(), worth(start, found, keep)
    for _ in range(rounds):
        for place in chance.sample(range(len(weights)), len(weights)):
            for step in _STEPS:
                changed = weights.copy()
                changed[place] = weights[place] * step if weights[place] else step - 0.8
                value = worth(changed, found, keep)
                if value > best + _GAIN:
                    weights, best = changed, value
    return weights


def tune_ordering(assembly: Assembly, cases: Sequence[Case], seed: int = 0) -> dict[str, float]:
    """Suggested weights by name, with "now", "suggested" and "cross-validated" objective values."""
    found = rankings(assembly, cases)
    start = np.array(list(WEIGHTS.values()), dtype=np.float64)
    chance = random.Random(seed)
    ids = sorted({ranking.case for ranking in found})
    fold = {case: number % _FOLDS for number, case in enumerate(ids)}
    held, kept = [], []
    for number in range(_FOLDS):
        fitted = ascend(start, found, lambda case, number=number: fold[case] != number, 2, chance)  # type: ignore[misc]
        held.append(worth(fitted, found, lambda case, number=number: fold[case] == number))  # type: ignore[misc]
        kept.append(fitted)
    mean = np.mean(kept, axis=0)
    figures = {
        "now": worth(start, found, lambda _: True),
        "suggested": worth(mean, found, lambda _: True),
        "cross-validated": float(np.mean(held)),
    }
    return {**figures, **{name: round(float(value), 2) for name, value in zip(WEIGHTS, mean, strict=True)}}


def tune_abstention(assembly: Assembly, cases: Sequence[Case]) -> dict[str, float]:
    """Suggested coefficients, with the cross-validated F1 and over-refusal at the best intercept."""
    rows, labels = [], []
    names: list[str] = []
    for case in cases:
        query = last_query(assembly, case)
        if case.outcome in {"answer", "abstain"} and query.readings:
            found = signals(query, retrieve(query, assembly.index, assembly.embedder))
            names = list(found)
            rows.append(list(found.values()))
            labels.append(case.outcome == "answer")
    values, answerable = np.array(rows), np.array(labels)
    scale = values.std(axis=0) + 1e-9
    model = LogisticRegression(C=3.0, max_iter=2000)
    odds = cross_val_predict(model, values / scale, answerable, cv=10, method="decision_function")
    cut = max(np.linspace(-1.5, 2.5, 81), key=lambda shift: _f1(odds < shift, ~answerable))
    model.fit(values / scale, answerable)
    refused = odds < cut
    figures = {
        "f1": _f1(refused, ~answerable),
        "over_refusal": float(refused[answerable].mean()),
        "recall": float(refused[~answerable].mean()),
    }
    coefficients = {name: round(float(value), 2) for name, value in zip(names, model.coef_[0] / scale, strict=True)}
    return {**figures, "intercept": round(float(model.intercept_[0] - cut), 2), **coefficients}


def _f1(said: Array, wanted: Array) -> float:
    both = float((said & wanted).sum())
    return 2 * both / float(said.sum() + wanted.sum()) if both else 0.0
