"""Query → hits: every reading searched densely and by BM25, fused by reciprocal rank, then ordered by what the question asks for.

Fusion is Cormack, Clarke and Büttcher's reciprocal rank fusion (SIGIR 2009), weighted by reading and channel. The final order is a linear model
over the features below, fitted on the dev half of the gold set by `python -m evals tune`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sequitur.analysis import stems
from sequitur.condense.intent import SECTIONS, wants
from sequitur.index import Index
from sequitur.ports import Embedder, Vectors
from sequitur.schema import TITLE, Hit, Passage, Query
from sequitur.text import quantities

_K = 10  # of reciprocal rank fusion
_POOL = 120  # candidates that are ordered by the model
_VOTES = 3  # best passages of a document that speak for it
_IN_PLACE = 0.8  # what a concept counts that only the heading or the lead-in has
_IN_TITLE = 0.8  # what a concept counts that only the document's title has

# Feature weights. Every feature lies in 0..1, but for the cosine.
WEIGHTS: Mapping[str, float] = {
    "fused": 0.8,  # reciprocal rank fusion over readings and channels, as a share of the best
    "bm25": 0.8,  # BM25 of the standalone reading, as a share of the best
    "coverage": 6.0,  # concepts of the question that the passage, its title or its section has, by rarity
    "document": 0.3,  # cosine of its document's title to the best reading
    "votes": 4.0,  # how well the document's best passages do
    "whole": 2.4,  # concepts of the question that the document as a whole has
    "section": 1.8,  # stands where answers of the wanted kind stand
    "figures": 1.0,  # has the kind of figure that is asked for
    "named": 0.9,  # of a document the question names
    "shown": 0.4,  # of a document of the last answer that it points back to
    "article": -0.2,  # a claim of the article itself: short, and carried again by its references
    "question": -3.0,  # asks rather than says
    "remark": -0.5,  # an editor's remark on the article
}


def retrieve(query: Query, index: Index, embedder: Embedder, k: int = 20, weights: Mapping[str, float] = WEIGHTS) -> tuple[Hit, ...]:
    """The k best passages, best first; fewer when the corpus is smaller. Titles stand for documents and are no hits."""
    if not query.readings:
        return ()
    rows, values, similarity, ranks = features(query, index, embedder)
    scores = values @ np.array([weights[name] for name in WEIGHTS], dtype=np.float32)
    best = sorted(range(len(rows)), key=lambda place: (-scores[place], rows[place]))[:k]
    return tuple(
        Hit(
            passage=index.passages[rows[place]],
            rank=rank,
            score=round(float(scores[place]), 6),
            dense_rank=ranks[0].get(rows[place]),
            bm25_rank=ranks[1].get(rows[place]),
            similarity=round(float(similarity[rows[place]]), 6),
        )
        for rank, place in enumerate(best, 1)
    )


def features(
    query: Query, index: Index, embedder: Embedder
) -> tuple[list[int], Vectors, Vectors, tuple[dict[int, int], dict[int, int]]]:
    """Rows of the candidates, their features (candidates × WEIGHTS), best cosine of every passage, and dense and BM25 ranks by row."""
    texts = list(dict.fromkeys(reading.text for reading in query.readings))
    by_text = dict(zip(texts, index.dense(embedder.embed(texts)), strict=True))
    dense = np.stack([by_text[reading.text] for reading in query.readings])
    lexical = np.stack([index.bm25(_terms(reading.text, reading.terms)) for reading in query.readings])
    shares = np.array([reading.weight for reading in query.readings], dtype=np.float32)
    fused = _share(_fuse(dense, shares) + _fuse(lexical, shares))
    similarity, bm25 = dense.max(axis=0), _share(lexical[0])
    votes = _votes(fused, index)
    reach = fused + 0.5 * votes[index.groups]  # a passage of the right document is worth looking at, whatever its own words
    rows = [int(row) for row in np.argsort(-reach, kind="stable")[: _POOL * 2] if TITLE not in index.passages[row].flags][:_POOL]
    concepts = _concepts(query, index)
    total = sum(concept.weight for concept in concepts) or 1.0
    whole = [sum(concept.weight * _present(concept.wordings, own) for concept in concepts) / total for own in index.group_stems]
    values = np.zeros((len(rows), len(WEIGHTS)), dtype=np.float32)
    for place, row in enumerate(rows):
        passage = index.passages[row]
        values[place] = (
            fused[row],
            bm25[row],
            _covered(concepts, row, index),
            similarity[index.titles[row]],
            votes[index.groups[row]],
            whole[index.groups[row]],
            _section_fits(query, passage),
            _figures_fit(query, passage),
            1.0 / len(query.named) ** 0.5 if passage.document_id in query.named else 0.0,
            1.0 / len(query.shown) ** 0.5 if passage.document_id in query.shown else 0.0,
            index.documents[passage.document_id].kind == "article",
            passage.text.endswith("?"),
            "editor's remark" in passage.flags,
        )
    return rows, values, similarity, (_ranks(similarity), _ranks(lexical.max(axis=0)))


def fuse(runs: Sequence[Sequence[str]], k: int = 60) -> list[str]:
    """Reciprocal rank fusion (Cormack et al., 2009) of ranked ids: 1 / (k + rank), summed over runs; ties by id."""
    scores: dict[str, float] = {}
    for run in runs:
        for rank, identity in enumerate(run, 1):
            scores[identity] = scores.get(identity, 0.0) + 1.0 / (k + rank)
    return sorted(scores, key=lambda identity: (-scores[identity], identity))


def _terms(text: str, terms: Sequence[tuple[str, float]]) -> dict[str, float]:
    return dict(terms) if terms else dict.fromkeys(stems(text), 1.0)


def _share(scores: Vectors) -> Vectors:
    best = float(scores.max()) if scores.size else 0.0
    return scores / best if best > 0 else scores


def _fuse(scores: Vectors, shares: Vectors) -> Vectors:
    """Weighted reciprocal ranks of each row of scores; passages without a score take no part."""
    total = np.zeros(scores.shape[1], dtype=np.float32)
    for row, share in zip(scores, shares, strict=True):
        order = np.argsort(-row, kind="stable")
        ranks = np.empty(len(row), dtype=np.float32)
        ranks[order] = np.arange(1, len(row) + 1)
        total += np.where(row > 0, share / (_K + ranks), 0.0).astype(np.float32)
    return total


def _votes(fused: Vectors, index: Index) -> Vectors:
    """For each group (a reference, a section of an article) the mean of its best passages' fused scores, as a share of the best group's."""
    votes = np.zeros(len(index.group_stems), dtype=np.float32)
    for group in range(len(votes)):
        votes[group] = np.sort(fused[index.groups == group])[::-1][:_VOTES].sum() / _VOTES
    return _share(votes)


def _ranks(scores: Vectors) -> dict[int, int]:
    order = np.argsort(-scores, kind="stable")[:100]
    return {int(row): rank for rank, row in enumerate(order, 1) if scores[row] > 0}


class _Concept(NamedTuple):
    wordings: tuple[tuple[frozenset[str], float], ...]  # stems of each wording with its weight, the typed one first
    weight: float
    aspects: tuple[str, ...]  # answer types the concept itself names: "side effects", "dose"


def _concepts(query: Query, index: Index) -> tuple[_Concept, ...]:
    found = []
    for focus in query.focus:
        stemmed = tuple((frozenset(stems(wording)), weight) for wording, weight in focus.wordings)
        aspects = tuple(want for want in wants(focus.wordings[0][0]) if want in SECTIONS)
        known = tuple((terms, weight) for terms, weight in stemmed if terms)
        found.append(_Concept(known, focus.strength * rarity([terms for terms, weight in known if weight > 0.5], index), aspects))
    return tuple(found)


def coverage(query: Query, row: int, index: Index) -> float:
    """Share of the question's concepts that a passage has, in any wording, weighted by their rarity; 0..1.

    A concept that only the document's title has counts less; an aspect ("side effects") counts where the section is about it.
    """
    return _covered(_concepts(query, index), row, index)


def _covered(concepts: Sequence[_Concept], row: int, index: Index) -> float:
    whole = sum(concept.weight for concept in concepts)
    return sum(concept.weight * _best(concept, row, index) for concept in concepts) / whole if whole else 0.0


def _best(concept: _Concept, row: int, index: Index) -> float:
    best = _present(concept.wordings, index.own_stems[row])
    if best < 1.0:
        best = max(best, _IN_PLACE * _present(concept.wordings, index.stems[row]))
        best = max(best, _IN_TITLE * _present(concept.wordings, index.stems[index.titles[row]]))
        if best < _IN_TITLE and concept.aspects:
            best = max(best, _aspect(concept.aspects, index.passages[row]))
    return best


def _aspect(aspects: Sequence[str], passage: Passage) -> float:
    """Whether a passage is about an aspect without naming it: by the section it stands in and the kind of figure it has."""
    fits = any(SECTIONS[aspect].search(passage.section) for aspect in aspects)
    figured = [aspect for aspect in aspects if aspect in _FIGURES]
    if not figured:
        return _IN_TITLE if fits else 0.0
    return 0.3 * fits + 0.5 * any(_has_figure(aspect, passage) for aspect in figured)


def _present(wordings: Sequence[tuple[frozenset[str], float]], stemmed: frozenset[str]) -> float:
    """The weight of the best wording that is there; a part for a part of its words."""
    best = 0.0
    for wanted, weight in wordings:
        if weight <= best:
            continue
        if wanted <= stemmed:
            best = weight
        elif len(wanted) > 1:
            best = max(best, 0.6 * weight * len(wanted & stemmed) / len(wanted))
    return best


def rarity(wordings: Sequence[frozenset[str]], index: Index) -> float:
    """Inverse document frequency of a concept: that of its commonest wording, for any of them will do. Unknown concepts weigh most."""
    counts = [min(index.frequency.get(term, 0) for term in terms) for terms in wordings if terms]
    return float(np.log1p(len(index.passages) / (1 + max(counts, default=0))))


def _section_fits(query: Query, passage: Passage) -> float:
    """1 when the passage stands where answers of the wanted kind stand, less for kinds named later."""
    for place, want in enumerate(query.wants[:3]):
        pattern = SECTIONS.get(want)
        if pattern and pattern.search(passage.section):
            return 1.0 / (1 + 0.5 * place)
    return 0.0


_DOSES = frozenset({"mg", "g", "µg", "mg/kg", "mg/day", "mg/h", "mg/kg/h", "µg/kg", "mcg/kg", "g/day"})
_TIMES = frozenset({"day", "week", "month", "year", "h", "min"})
_PEOPLE = frozenset({"patient", "people", "participant", "adult", "trial", "studies"})


@lru_cache(maxsize=100_000)
def _units(text: str) -> frozenset[str]:
    """Units of the figures in a text; bare numbers give ""."""
    return frozenset(quantity.unit for quantity in quantities(text))


_FIGURES = frozenset({"dose", "duration", "size", "number"})


def _figures_fit(query: Query, passage: Passage) -> float:
    """Share of the wanted kinds of figure that the passage has."""
    wanted = [want for want in query.wants if want in _FIGURES]
    return sum(_has_figure(want, passage) for want in wanted) / len(wanted) if wanted else 0.0


def _has_figure(kind: str, passage: Passage) -> bool:
    units = _units(passage.text)
    if kind == "dose":
        return bool(units & _DOSES)
    if kind == "duration":
        return bool(units & _TIMES)
    if kind == "size":
        return bool(units & _PEOPLE) or bool(units and passage.section == "Population")
    return bool(units)


class Gaps(NamedTuple):
    """What of a question the passages leave uncovered."""

    unknown: tuple[str, ...]  # concepts that no passage of the corpus has
    share: float  # their share of the question, by rarity and strength, 0..1
    medical: float  # the same for medical concepts only
    anchored: bool  # whether the question has a medical concept that the corpus knows


def gaps(query: Query, index: Index) -> Gaps:
    """What is asked and stands nowhere in the corpus."""
    concepts = _concepts(query, index)
    whole = sum(concept.weight for concept in concepts) or 1.0
    missing: list[str] = []
    share, medical, anchored = 0.0, 0.0, False
    for focus, concept in zip(query.focus, concepts, strict=True):
        if not any(all(index.frequency.get(term, 0) for term in terms) for terms, _ in concept.wordings):
            missing.append(focus.wordings[0][0])
            share += concept.weight / whole
            medical += focus.medical * concept.weight / whole
        elif focus.medical:
            anchored = True
    return Gaps(tuple(missing), share, medical, anchored)
