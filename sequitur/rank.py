"""General ranking: what both channels say of a question's candidates, weighed by a trained linear model. For any corpus, without its structure.

The features are shares, ranks and distances, never raw sizes alone, so that they mean the same in a corpus of a thousand passages and of a million.
The weights, in rank.json, are fitted by `python -m evals ranking`, all but that of late interaction.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sequitur.analysis import STOPWORDS, stems
from sequitur.ports import Vectors
from sequitur.postings import K1, Postings, Rows
from sequitur.text import tokens

_WEIGHTS = Path(__file__).parent / "rank.json"
_RANK = 10  # of reciprocal ranks
_DEPTH = 100  # best of each channel that are weighed

FEATURES = (
    "dense",  # cosine
    "dense rank",  # reciprocal rank, 1 for the first
    "dense spread",  # standard deviations above the candidates' mean
    "bm25",  # share of the most that these words could score
    "bm25 share",  # share of the best candidate's
    "bm25 rank",
    "bm25 spread",
    "plain share",  # the same without stemming
    "expanded share",  # the same with what the lexicon adds to the question
    "coverage",  # share of the question's words that it has, by rarity
    "rarest",  # has the question's rarest word that the corpus knows
    "late",  # how well the question's tokens are met, one by one
)


class Signals(NamedTuple):
    """What is known of every text for one question, each of shape (size,)."""

    dense: Vectors  # zeros where there are no vectors
    bm25: Vectors
    plain: Vectors
    expanded: Vectors
    coverage: Vectors
    rarest: Vectors


class Lexical(NamedTuple):
    """The lexical side of a corpus: stems, and words as they stand."""

    stemmed: Postings
    plain: Postings

    @classmethod
    def of(cls, texts: Sequence[str]) -> Lexical:
        """Both postings of texts."""
        return cls(Postings.of([stems(text) for text in texts]), Postings.of([plain(text) for text in texts]))

    def write(self, folder: Path) -> None:
        """Write both below a folder."""
        self.stemmed.write(folder / "stems")
        self.plain.write(folder / "words")

    @classmethod
    def read(cls, folder: Path) -> Lexical:
        """Both as written."""
        return cls(Postings.read(folder / "stems"), Postings.read(folder / "words"))


def plain(text: str) -> list[str]:
    """The words of a text as they stand, without stop words."""
    return [token for token in tokens(text) if token not in STOPWORDS]


def signals(text: str, expanded: Mapping[str, float], dense: Vectors, lexical: Lexical) -> Signals:
    """What both channels say of every text. `expanded`: weighted stems of the question with other wordings; `dense`: cosines, shape (size,)."""
    stemmed = lexical.stemmed
    rarity = {term: stemmed.rarity(term) for term in stems(text)}
    whole = sum(rarity.values()) or 1.0
    coverage, rarest = np.zeros(stemmed.size, dtype=np.float32), np.zeros(stemmed.size, dtype=np.float32)
    known = {}
    for term, worth in rarity.items():
        rows = stemmed.rows(term)
        if len(rows):
            known[term] = worth
            coverage[rows] += worth / whole
    if known:
        rarest[stemmed.rows(max(known, key=lambda term: known[term]))] = 1.0
    most = sum(known.values()) * (K1 + 1) or 1.0
    bm25 = stemmed.scores(dict.fromkeys(rarity, 1.0)) / most
    words = lexical.plain.scores(dict.fromkeys(plain(text), 1.0))
    return Signals(dense, bm25, words, stemmed.scores(expanded), coverage, rarest)


def candidates(found: Signals, depth: int = _DEPTH) -> Rows:
    """The best of each channel, in order of place."""
    return np.unique(np.concatenate([best(channel, depth) for channel in (found.dense, found.bm25, found.expanded)]))


def best(scores: Vectors, depth: int) -> Rows:
    """The places of the highest scores above 0, highest first; equal ones by place."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > depth:
        rows = rows[scores[rows] >= np.partition(scores[rows], -depth)[-depth]]
    return np.asarray(rows[np.argsort(-scores[rows], kind="stable")][:depth], dtype=np.intp)


def features(found: Signals, rows: Rows, late: Vectors) -> Vectors:
    """The values of FEATURES for candidates, shape (rows, FEATURES). `late`: their late-interaction scores, shape (rows,); zeros where there are none."""
    return np.stack(
        [
            found.dense[rows],
            _reciprocal(found.dense, rows),
            _spread(found.dense[rows]),
            found.bm25[rows],
            _share(found.bm25[rows]),
            _reciprocal(found.bm25, rows),
            _spread(found.bm25[rows]),
            _share(found.plain[rows]),
            _share(found.expanded[rows]),
            found.coverage[rows],
            found.rarest[rows],
            late,
        ],
        axis=1,
    ).astype(np.float32)


def _reciprocal(scores: Vectors, rows: Rows) -> Vectors:
    """Reciprocal ranks, 1 for the first and 0 beyond the candidates' depth."""
    first = best(scores, _DEPTH)
    values = np.zeros(len(scores), dtype=np.float32)
    values[first] = (_RANK + 1) / (_RANK + 1 + np.arange(len(first)))
    return values[rows]


def _spread(scores: Vectors) -> Vectors:
    return np.asarray((scores - scores.mean()) / (scores.std() + 1e-6), dtype=np.float32)


def _share(scores: Vectors) -> Vectors:
    most = float(scores.max(initial=0.0))
    return scores / most if most > 0 else scores


@cache
def trained() -> Mapping[str, float]:
    """The weights in force, by feature."""
    return types.MappingProxyType(json.loads(_WEIGHTS.read_text(encoding="utf-8"))["weights"])


def ranked(found: Signals, k: int, late: Callable[[Rows], Vectors], weights: Mapping[str, float] | None = None) -> tuple[Rows, Vectors]:
    """The k best texts, best first, with their scores; fewer where fewer share anything with the question.

    `late`: the late-interaction scores of candidates, shape (rows,). `weights`: by feature; default: the trained ones.
    """
    rows = candidates(found)
    if not len(rows):
        return rows, np.zeros(0, dtype=np.float32)
    known = weights or trained()
    scores = features(found, rows, late(rows)) @ np.array([known[name] for name in FEATURES], dtype=np.float32)
    order = np.argsort(-scores, kind="stable")[:k]
    return rows[order], scores[order]
