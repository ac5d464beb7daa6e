"""Query → hits: the question searched densely, every reading of it by BM25, fused by reciprocal rank, then ordered by what the question asks for.

Fusion is Cormack, Clarke and Büttcher's reciprocal rank fusion (SIGIR 2009), weighted by reading and channel; it says which passages are looked at, and which
documents they speak for. The final order is a linear model over the features below, fitted as `python -m evals tune` does on 1,523 questions that late
interaction had then not been trained on, drawn to the weights fitted before on the dev halves of all gold; that of late interaction was raised on 1,239 later ones,
that of judged questions chosen on 2,407 that were then not among them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sequitur.analysis import stems
from sequitur.coverage import FIGURES, Sought, anchored, concepts_of, covered, gaps, has_figure, loose, present
from sequitur.index import Index, Met, Told
from sequitur.intent import SECTIONS, TERMS
from sequitur.particulars import asked_for
from sequitur.ports import Embedder, Vectors
from sequitur.schema import REMARK, TITLE, Gaps, Hit, Judgement, Passage, Query, Retrieved

_K = 10  # of reciprocal rank fusion
_POOL = 120  # candidates that are ordered by the model
# Shares of the question as understood, and of it in its conversation, in what is searched densely.
_DENSE = np.array([0.35, 0.65], dtype=np.float32)
_VOTED = 20  # that most judged questions speak for are among them
_MEETING = 40  # that meet the question best token by token are among them
_EVERY = 2_000  # passages of an index up to which every one is held against the question token by token
_FIRST = 5  # hits that abstention looks at
_VOTES = 3  # best passages of a document that speak for it

# Feature weights. Every feature lies in 0..1, but for the cosine and `late`.
WEIGHTS: Mapping[str, float] = {
    "fused": 0.0,  # reciprocal rank fusion over readings and channels, as a share of the best: it orders passages of collections without our structure
    "coverage": 4.46,  # concepts of the question that the passage, its title or its section has, by rarity
    "particular": 1.46,  # particulars asked for ("how old", "where") that it shows
    "late": 9.0,  # how well it meets the question in its conversation token by token, against the other candidates
    "judged": 5.0,  # how much the judged questions that resemble the question speak for it, as a root
    "document": 2.74,  # cosine of its document's title to the question
    "votes": 2.23,  # how well the document's best passages do
    "whole": 2.07,  # concepts of the question that the document as a whole has
    "section": 0.29,  # stands where answers of the wanted kind stand
    "terms": 0.27,  # has the field's words for what is asked
    "figures": 0.83,  # has the kind of figure that is asked for
    "named": 1.88,  # of a document the question names
    "shown": 1.17,  # of a document of the last answer that it points back to
    "last": 1.65,  # of a document of the last answer, though it points to none
    "before": 0.77,  # how well its document's best passages fit the question before, in a follow-up
    "article": -0.48,  # a claim of the article itself: short, and carried again by its references
    "tier": 1.27,  # how much a design weighs: guideline > systematic review > trial > cohort > series
    "question": -2.32,  # asks rather than says
    "setup": -0.8,  # how a study was done, where that is not asked
    "comment": -0.77,  # what somebody makes of the findings, where findings are asked for
    "remark": -1.08,  # an editor's remark on the article
}


class Candidates(NamedTuple):
    """What is known of the passages that may answer."""

    rows: list[int]
    values: Vectors  # (rows, WEIGHTS)
    similarity: Vectors  # best cosine of every passage of the corpus
    dense_ranks: dict[int, int]
    bm25_ranks: dict[int, int]
    concepts: tuple[Sought, ...]
    standalone: float  # best cosine to the standalone reading
    shortfall: float | None  # by how much the passage that meets that reading best, token by token, falls short of meeting it
    told: Told | None  # what judged questions say that resemble it


_COMMENT = re.compile(r"what it means|comment|discussion|interpretation|implication", re.IGNORECASE)
_SETUP = re.compile(r"design|method|population|participants", re.IGNORECASE)
_ASKS_SETUP = frozenset({"dose", "size", "duration", "study", "limits", "number"})
_ASKS_OPINION = frozenset({"why", "limits", "comparison", "recommendation"})
_TIERS = {
    "guideline": 1.0,
    "article": 0.9,
    "systematic-review": 0.9,
    "meta-analysis": 0.9,
    "review": 0.7,
    "rct": 0.6,
    "cohort": 0.4,
    "case-series": 0.2,
}


def retrieve(
    query: Query, index: Index, embedder: Embedder, k: int = 40, weights: Mapping[str, float] = WEIGHTS, without: int = -1
) -> Retrieved:
    """The k best passages, best first; fewer when the corpus is smaller. Titles stand for documents and are no hits.

    `without`: a judged question that is not asked what it says.
    """
    if not query.readings:
        return Retrieved((), Gaps(), 0.0, None)
    found = candidates(query, index, embedder, without)
    scores = found.values @ np.array([weights[name] for name in WEIGHTS], dtype=np.float32)
    best = sorted(range(len(found.rows)), key=lambda place: (-scores[place], found.rows[place]))[:k]
    covers = list(WEIGHTS).index("coverage")
    hits = tuple(
        Hit(
            passage=index.passages[found.rows[place]],
            rank=rank,
            score=round(float(scores[place]), 6),
            dense_rank=found.dense_ranks.get(found.rows[place]),
            bm25_rank=found.bm25_ranks.get(found.rows[place]),
            similarity=round(float(found.similarity[found.rows[place]]), 6),
            coverage=round(float(found.values[place, covers]), 6),
        )
        for rank, place in enumerate(best, 1)
    )
    first = [found.rows[place] for place in best[:_FIRST]]
    return Retrieved(
        hits, gaps(query, found.concepts, first, index), found.standalone, found.shortfall, _judgement(found.told, first, index)
    )


def candidates(query: Query, index: Index, embedder: Embedder, without: int = -1) -> Candidates:
    """The pool of passages worth looking at, and their features. `without`: a judged question that is not asked what it says."""
    texts = list(dict.fromkeys([query.readings[0].text, query.conversed, *([query.before] if query.before else [])]))
    vectors = embedder.embed([*texts, *loose(query)])  # together, for a text takes one core
    by_text = dict(zip(texts, index.dense(vectors[: len(texts)]), strict=True))
    dense = np.stack([by_text[query.readings[0].text], by_text[query.conversed]])
    lexical = np.stack([index.bm25(_terms(reading.text, reading.terms)) for reading in query.readings])
    shares = np.array([reading.weight for reading in query.readings], dtype=np.float32)
    fused = _share(_fuse(dense, _DENSE * shares.sum()) + _fuse(lexical, shares))
    similarity = dense.max(axis=0)
    votes = _votes(fused, index)
    before = _before(query, by_text, index)
    asks_setup = _asks_setup(query.wants)
    wanted = [frozenset(stems(TERMS[want])) for want in query.wants[:2]]
    reach = fused + 0.5 * votes[index.groups]  # a passage of the right document is worth looking at, whatever its own words
    question = embedder.question_tokens(query.conversed)
    concepts = concepts_of(query, index, vectors[len(texts) :])
    told = index.judged.told(question, without) if anchored(query, concepts, index) else None  # "where is it" is asked of anything
    rows, met = _pool(reach, question, told, index)
    covers = covered(concepts, rows, index)
    late = _standing(met.scores)
    particulars = [index.showing(own.particular) for own in asked_for(query.standalone)]
    total = sum(concept.weight for concept in concepts) or 1.0
    whole = [sum(concept.weight * present(concept.wordings, own) for concept in concepts) / total for own in index.group_stems]
    spoken_of = 1.0 / len(query.shown) ** 0.5 if query.shown else 0.0
    values = np.zeros((len(rows), len(WEIGHTS)), dtype=np.float32)
    for place, row in enumerate(rows):
        passage = index.passages[row]
        values[place] = (
            fused[row],
            covers[place],
            sum(row in showing for showing in particulars) / len(particulars) if particulars else 0.0,
            late[place],
            told.votes[row] ** 0.5 if told else 0.0,
            similarity[index.titles[row]],
            votes[index.groups[row]],
            whole[index.groups[row]],
            _section_fits(query, passage),
            _terms_fit(wanted, index.stems[row]),
            _figures_fit(query, passage),
            1.0 / len(query.named) ** 0.5 if passage.document_id in query.named else 0.0,
            spoken_of if query.pointed and passage.document_id in query.shown else 0.0,
            spoken_of if not query.pointed and passage.document_id in query.shown else 0.0,
            before[index.groups[row]],
            index.documents[passage.document_id].kind == "article",
            _TIERS.get(index.documents[passage.document_id].kind, 0.5),
            passage.text.endswith("?"),
            bool(_SETUP.search(passage.section)) and not asks_setup,
            bool(_COMMENT.search(passage.section)) and not _ASKS_OPINION & set(query.wants),
            REMARK in passage.flags,
        )
    return Candidates(
        rows, values, similarity, _ranks(similarity), _ranks(lexical.max(axis=0)), concepts, float(dense[0].max()), _shortfall(met), told
    )


def _pool(reach: Vectors, question: Vectors, told: Told | None, index: Index) -> tuple[list[int], Met]:
    """The passages worth looking at, and how each meets the question token by token.

    Those that `reach` furthest, those that judged questions speak for, in a small index also those that meet it best.
    """
    rows = _first(reach, _POOL, index)
    if told:
        rows = list(dict.fromkeys([*rows, *(row for row in _first(told.votes, _VOTED, index) if told.votes[row])]))
    if len(index.passages) > _EVERY:
        return rows, index.late(question, rows)
    met = index.late(question, range(len(index.passages)))
    if met.scores.any():
        rows = list(dict.fromkeys([*rows, *_first(met.scores, _MEETING, index)]))
    return rows, Met(met.scores[rows], met.shortfall[rows])


def _first(scores: Vectors, size: int, index: Index) -> list[int]:
    """The best passages, best first; titles are none."""
    return [int(row) for row in np.argsort(-scores, kind="stable")[: size * 2] if TITLE not in index.passages[row].flags][:size]


def _before(query: Query, dense: Mapping[str, Vectors], index: Index) -> Vectors:
    """For each group how well it fits the question before, as a share of the best; zeros where nothing was asked before."""
    if not query.before:
        return np.zeros(len(index.group_stems), dtype=np.float32)
    one = np.ones(1, dtype=np.float32)
    lexical = index.bm25(_terms(query.before, ()))
    return _votes(_share(_fuse(dense[query.before][None], one) + _fuse(lexical[None], one)), index)


def _terms(text: str, terms: Sequence[tuple[str, float]]) -> dict[str, float]:
    return dict(terms) if terms else dict.fromkeys(stems(text), 1.0)


def _share(scores: Vectors) -> Vectors:
    best = float(scores.max()) if scores.size else 0.0
    return scores / best if best > 0 else scores


def _standing(scores: Vectors) -> Vectors:
    """How far each score stands above or below the others, in thirds of a standard deviation; zeros where all are alike."""
    spread = float(scores.std()) if scores.size else 0.0
    return (scores - scores.mean()) / (3.0 * spread) if spread > 0 else np.zeros_like(scores)


def _shortfall(met: Met) -> float | None:
    """By how much the passage that is met best falls short; None without token vectors."""
    return float(met.shortfall[int(met.scores.argmax())]) if met.scores.any() else None


def _judgement(told: Told | None, first: Sequence[int], index: Index) -> Judgement | None:
    """What judged questions say, unless the first hits hold something that those who judged did not know."""
    return Judgement(told.unanswered, told.alike) if told and index.judged.knows(first) else None


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


def _asks_setup(wants: Sequence[str]) -> bool:
    """Whether how a study was done may answer. How long something is given is set up; how long relief lasts is found."""
    asked = _ASKS_SETUP & set(wants)
    return bool(asked - {"duration"}) or (bool(asked) and "benefit" not in wants)


def _section_fits(query: Query, passage: Passage) -> float:
    """1 when the passage stands where answers of the wanted kind stand, less for kinds named later."""
    for place, want in enumerate(query.wants[:3]):
        pattern = SECTIONS.get(want)
        if pattern and pattern.search(passage.section):
            return 1.0 / (1 + 0.5 * place)
    return 0.0


def _terms_fit(wanted: Sequence[frozenset[str]], stemmed: frozenset[str]) -> float:
    """How many of the field's words for what is asked a passage has: none 0, one 0.5, more 1; kinds named later count half."""
    return max((min(len(terms & stemmed), 2) / 2 / (1 + place) for place, terms in enumerate(wanted)), default=0.0)


def _figures_fit(query: Query, passage: Passage) -> float:
    """Share of the wanted kinds of figure that the passage has."""
    wanted = [want for want in query.wants if want in FIGURES]
    return sum(has_figure(want, passage) for want in wanted) / len(wanted) if wanted else 0.0
