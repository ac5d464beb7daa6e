"""Fits the weights of the ordering and of abstention on the dev halves of all gold, and says what they are worth by cross-validation.

Ordering: a listwise softmax over the candidates of a question (ListNet's top one; Cao, Qin, Liu, Tsai and Li, ICML 2007), drawn towards the weights in force.
Abstention: a logistic model whose coefficients may only point where sense has them point, so that it holds on questions unlike those it was fitted on. Nothing is
written: what is printed is rounded by hand into `sequitur.retrieve.WEIGHTS` and `sequitur.compose.abstain`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from evals.cases import Case, spans
from evals.elsewhere import Place
from ingest.questions import NAME, typed
from sequitur.assemble import Assembly
from sequitur.compose import signals
from sequitur.condense import condense
from sequitur.index import question_key
from sequitur.retrieve import WEIGHTS, candidates, retrieve
from sequitur.schema import Query, Turn

Array = NDArray[Any]

_CORPUS = Path(__file__).parent.parent / "corpus"
READING = Path(__file__).parent.parent / "models" / "reading"  # questions with the passages of an article that answer them
EVERYDAY = Path(__file__).parent / "gold" / "everyday.txt"  # questions on nothing medical, one a line
_SHOWN = 6  # passages that a turn is taken to have shown
_FOLDS = 5
_DRAW = 0.03  # how strongly the ordering is drawn towards the weights in force
_RIDGE = 0.3  # inverse strength of abstention's ridge
_ABSTAINED = 0.25  # share of the weight of each article's questions that those to decline have together
_FAR = 8  # questions of other articles that are asked of each article, which does not answer them
_FAR_WEIGHT, _EVERYDAY_WEIGHT = 0.15, 0.6
_READING_WEIGHT = 0.5
_AFIELD = 3  # articles that the everyday questions are asked of
# Which way each signal may point: 1 towards answering, -1 towards declining, 0 either.
_SENSE: Mapping[str, int] = {
    "unknown": -1,
    "medical": -1,
    "missed": -1,
    "similarity": 1,
    "anchored": 1,
    "judged": 1,
    "score": 1,
    "lead": 1,
    "particulars": -1,
    "unshown": -1,
    "unshown_named": -1,
    "unshown_pointed": -1,
    "shortfall": -1,
}


class Ranking(NamedTuple):
    """Candidates of one question, and for each vital nugget which of them carry it."""

    place: str
    case: str
    values: Array  # (candidates, WEIGHTS)
    carriers: tuple[Array, ...]


class Decision(NamedTuple):
    """What abstention knows of one question, and whether it should be answered."""

    group: str
    values: Array  # (signals,)
    answerable: bool
    weight: float


def rankings(places: Sequence[Place]) -> list[Ranking]:
    """The answerable cases, as typed."""
    found = []
    for place in places:
        for case in place.cases:
            if case.outcome != "answer":
                continue
            query = last_query(place.assembly, case.turns)
            if query.readings:
                pool = candidates(query, place.assembly.index, place.assembly.embedder)
                found.append(Ranking(place.name, case.id, pool.values, carriers_of(place.assembly, case, pool.rows)))
    return found


def last_query(assembly: Assembly, asked: Sequence[str]) -> Query:
    """The last of some turns as understood after the earlier ones."""
    *earlier, last = asked
    turns: list[Turn] = []
    for said in earlier:
        query = condense(said, turns, assembly.vocabulary)
        if query.readings:
            hits = retrieve(query, assembly.index, assembly.embedder, _SHOWN).hits
            turns.append(Turn(said, query.standalone, tuple(hit.passage.id for hit in hits)))
    return condense(last, turns, assembly.vocabulary)


def carriers_of(assembly: Assembly, case: Case, rows: Sequence[int]) -> tuple[Array, ...]:
    """For each vital nugget which of some passages, given by their rows, carry it."""
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


def worth(weights: Array, found: Sequence[Ranking]) -> float:
    """Mean over vital nuggets of reciprocal rank, half success@3, success@5 and success@8, scaled to 0..1."""
    total = count = 0.0
    for ranking in found:
        order = np.argsort(-(ranking.values @ weights), kind="stable")
        for carriers in ranking.carriers:
            places = np.flatnonzero(carriers[order])
            rank = int(places[0]) + 1 if len(places) else 10_000
            total += (1 / rank + 0.5 * (rank <= 3) + (rank <= 5) + (rank <= 8)) / 3.5
            count += 1
    return total / count if count else 0.0


def fit_ordering(found: Sequence[Ranking], start: Array) -> Array:
    """The weights, of shape (features,), that make the carriers of each vital nugget likeliest, every question counting alike."""
    usable = [ranking for ranking in found if any(carriers.any() for carriers in ranking.carriers)]
    scale = np.concatenate([ranking.values for ranking in usable]).std(axis=0) + 1e-6
    pools = [ranking.values / scale for ranking in usable]
    begun = start * scale

    def loss(weights: Array) -> tuple[float, Array]:
        total, slope = _DRAW * float(((weights - begun) ** 2).sum()), 2 * _DRAW * (weights - begun)
        for values, ranking in zip(pools, usable, strict=True):
            scores = values @ weights
            likely = np.exp(scores - scores.max())
            likely /= likely.sum()
            for carriers in ranking.carriers:
                share = float(likely[carriers].sum())
                if not carriers.any():
                    continue
                own = np.where(carriers, likely / max(share, 1e-30), 0.0)
                total -= np.log(max(share, 1e-30)) / len(ranking.carriers) / len(usable)
                slope -= (own - likely) @ values / len(ranking.carriers) / len(usable)
        return total, slope

    return np.asarray(minimize(loss, begun, jac=True, method="L-BFGS-B").x / scale)


def tune_ordering(places: Sequence[Place], seed: int = 0) -> dict[str, float]:
    """Suggested weights by name, with the worth of those in force, of the suggested, and of others fitted without the questions they are measured on."""
    found = rankings(places)
    start = np.array(list(WEIGHTS.values()), dtype=np.float64)
    fold = _folds([f"{ranking.place} {ranking.case}" for ranking in found], seed)
    held = []
    for number in range(_FOLDS):
        fitted = fit_ordering([ranking for ranking, own in zip(found, fold, strict=True) if own != number], start)
        held.append(worth(fitted, [ranking for ranking, own in zip(found, fold, strict=True) if own == number]))
    suggested = fit_ordering(found, start)
    figures = {"now": worth(start, found), "suggested": worth(suggested, found), "cross-validated": float(np.mean(held))}
    return {**figures, **{name: round(float(value), 2) for name, value in zip(WEIGHTS, suggested, strict=True)}}


def _folds(groups: Sequence[str], seed: int) -> list[int]:
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    number = {name: place % _FOLDS for place, name in enumerate(names)}
    return [number[name] for name in groups]


def decisions(places: Sequence[Place], seed: int = 0) -> list[Decision]:
    """What abstention is fitted on: the gold, the judged questions, those of other articles, and everyday ones; the last two are to be declined."""
    chance = random.Random(seed)
    found = []
    for place in places:
        own = [case for case in place.cases if case.outcome in {"answer", "abstain"}]
        weights = _weights([case.outcome == "answer" for case in own])
        for case, weight in zip(own, weights, strict=True):
            query = last_query(place.assembly, case.turns)
            found += _decision(f"{place.name} {case.id}", place.assembly, query, weight, keep=case.outcome == "answer")
        read = _read(place)
        weights = _weights([keep for _, keep, _ in read])
        for (turns, keep, without), weight in zip(read, weights, strict=True):
            query = last_query(place.assembly, turns)
            found += _decision(
                f"{place.name} read {turns[-1]}", place.assembly, query, _READING_WEIGHT * weight, keep=keep, without=without
            )
        others = sorted(case.turns[0] for other in places if other is not place for case in other.cases if len(case.turns) == 1)
        for far in chance.sample(others, min(len(others), _FAR)):
            found += _decision(f"{place.name} far", place.assembly, condense(far, (), place.assembly.vocabulary), _FAR_WEIGHT, keep=False)
    for place in places[:_AFIELD]:
        for everyday in EVERYDAY.read_text(encoding="utf-8").splitlines():
            query = condense(everyday, (), place.assembly.vocabulary)
            found += _decision(f"everyday {everyday}", place.assembly, query, _EVERYDAY_WEIGHT, keep=False)
    return found


def _weights(kept: Sequence[bool]) -> list[float]:
    """Of an article's questions, so that those to decline have their share of the weight."""
    share = 1 - sum(kept) / max(1, len(kept))
    return [(1 - _ABSTAINED) / max(1e-9, 1 - share) if keep else _ABSTAINED / max(1e-9, share) for keep in kept]


def reading(article: str) -> Path:
    """The file of questions on an article with the passages that answer them, which need not be there: our own article's judged ones, or one of models/reading."""
    own = _CORPUS / article / NAME
    return own if own.is_file() else READING / f"{article}.jsonl"


def _read(place: Place) -> list[tuple[tuple[str, ...], bool, int]]:
    """The conversations of an article's questions, whether anything there answers the last one, and where that stands among the judged ones."""
    file, judged = reading(place.name), place.assembly.index.judged
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()
    return [
        ((*row.get("turns", ()), row["question"]), bool(row["answers"]), judged.find(question_key(typed(row), row["clean"])))
        for row in rows
    ]


def _decision(group: str, assembly: Assembly, query: Query, weight: float, *, keep: bool, without: int = -1) -> list[Decision]:
    if not query.readings or query.choices:
        return []
    retrieved = retrieve(query, assembly.index, assembly.embedder, without=without)
    return [Decision(group, np.array(list(signals(query, retrieved).values())), keep, weight)] if retrieved.hits else []


def fit_abstention(found: Sequence[Decision], names: Sequence[str]) -> Array:
    """Intercept and coefficients, of shape (1 + signals,), each pointing where `_SENSE` lets it."""
    values = np.array([decision.values for decision in found])
    middle, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    given = (values - middle) / scale
    sign = np.where([decision.answerable for decision in found], 1.0, -1.0)
    weight = np.array([decision.weight for decision in found])

    def loss(model: Array) -> tuple[float, Array]:
        margin = sign * (given @ model[1:] + model[0])
        pull = -weight * sign / (1 + np.exp(np.clip(margin, -500, 500)))
        total = float((weight * np.logaddexp(0, -margin)).sum()) + 0.5 / _RIDGE * float((model[1:] ** 2).sum())
        return total, np.concatenate([[pull.sum()], given.T @ pull + model[1:] / _RIDGE])

    bounds = [(None, None), *({-1: (None, 0.0), 1: (0.0, None), 0: (None, None)}[_SENSE.get(name, 0)] for name in names)]
    model = minimize(loss, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    coefficients = model[1:] / scale
    return np.concatenate([[model[0] - float(coefficients @ middle)], coefficients])


def tune_abstention(places: Sequence[Place], seed: int = 0) -> dict[str, float]:
    """Suggested intercept and coefficients, with the cross-validated figures at that intercept on the first place's gold and on the others'."""
    found = decisions(places, seed)
    names = _names(places)
    fold = _folds([decision.group for decision in found], seed)
    odds = np.zeros(len(found))
    for number in range(_FOLDS):
        model = fit_abstention([decision for decision, own in zip(found, fold, strict=True) if own != number], names)
        for at, (decision, held) in enumerate(zip(found, fold, strict=True)):
            if held == number:
                odds[at] = model[0] + decision.values @ model[1:]
    figures: dict[str, float] = {}
    for title, own in (("first", places[:1]), ("others", places[1:])):
        groups = {f"{place.name} {case.id}" for place in own for case in place.cases}
        rows = [at for at, decision in enumerate(found) if decision.group in groups]
        refused = odds[rows] < 0
        wanted = np.array([not found[at].answerable for at in rows], dtype=bool)
        figures |= {
            f"{title}.f1": _f1(refused, wanted),
            f"{title}.over_refusal": float(refused[~wanted].mean()) if (~wanted).any() else 0.0,
        }
    model = fit_abstention(found, names)
    return {**figures, **{name: round(float(value), 2) for name, value in zip(("intercept", *names), model, strict=True)}}


def _names(places: Sequence[Place]) -> tuple[str, ...]:
    assembly = places[0].assembly
    query = condense("What is known of this?", (), assembly.vocabulary)
    return tuple(signals(query, retrieve(query, assembly.index, assembly.embedder)))


def _f1(said: Array, wanted: Array) -> float:
    both = float((said & wanted).sum())
    return 2 * both / float(said.sum() + wanted.sum()) if both else 0.0
