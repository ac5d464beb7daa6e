"""General ranking: what both channels say of a question's candidates, weighed by a trained linear model. For any corpus, without its structure.

The features are shares, ranks and distances, never raw sizes alone, so that they mean the same in a corpus of a thousand passages and of a million.
The weights, in rank.json, are fitted by `python -m evals ranking`.
"""

from __future__ import annotations

import json
import logging
import types
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import bm25s
import numpy as np
from numpy.typing import NDArray

from sequitur.analysis import STOPWORDS, stems
from sequitur.ports import Vectors
from sequitur.text import tokens

logging.getLogger("bm25s").setLevel(logging.WARNING)  # it says what it builds on every run

Rows = NDArray[np.intp]

_WEIGHTS = Path(__file__).parent / "rank.json"
_K1, _B = 1.2, 0.75
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
)


class Postings:
    """BM25 (Robertson; Lucene's variant) with the postings behind it."""

    def __init__(self, terms: Sequence[str], scores: Vectors, rows: Rows, starts: Rows, size: int) -> None:
        """`scores` and `rows` of the texts that have terms[n] stand at starts[n] to starts[n + 1]."""
        self.terms, self.size = terms, size
        self._places = {term: place for place, term in enumerate(terms)}
        self._scores, self._rows, self._starts = scores, rows, starts

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]]) -> Postings:
        """Postings of texts that are cut into terms."""
        bm25 = bm25s.BM25(k1=_K1, b=_B)
        bm25.index([list(terms) or [""] for terms in texts], show_progress=False)
        starts = bm25.scores["indptr"]
        terms = sorted(bm25.vocab_dict, key=bm25.vocab_dict.__getitem__)[: len(starts) - 1]
        return cls(terms, bm25.scores["data"], bm25.scores["indices"], starts, len(texts))

    def write(self, folder: Path) -> None:
        """Write into a folder of its own."""
        folder.mkdir(parents=True)
        (folder / "terms.json").write_text(json.dumps([self.size, list(self.terms)], ensure_ascii=False), encoding="utf-8")
        for name, array in (("scores", self._scores), ("rows", self._rows), ("starts", self._starts)):
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def read(cls, folder: Path) -> Postings:
        """Postings as written; what is not asked for stays on disk."""
        size, terms = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
        scores, rows, starts = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ("scores", "rows", "starts"))
        return cls(terms, scores, rows, starts, size)

    @property
    def frequency(self) -> dict[str, int]:
        """In how many texts each term stands."""
        counts = np.diff(self._starts)
        return {term: int(count) for term, count in zip(self.terms, counts, strict=True)}

    def rows(self, term: str) -> Rows:
        """Which texts have a term."""
        place = self._places.get(term)
        return np.zeros(0, dtype=np.intp) if place is None else self._rows[self._starts[place] : self._starts[place + 1]].astype(np.intp)

    def rarity(self, term: str) -> float:
        """Inverse document frequency, 0 and above."""
        place = self._places.get(term)
        count = 0 if place is None else int(self._starts[place + 1] - self._starts[place])
        return float(np.log1p((self.size - count + 0.5) / (count + 0.5)))

    def scores(self, terms: Mapping[str, float]) -> Vectors:
        """BM25 of every text for weighted terms, shape (size,)."""
        total = np.zeros(self.size, dtype=np.float32)
        for term, weight in terms.items():
            place = self._places.get(term)
            if place is not None:
                part = slice(self._starts[place], self._starts[place + 1])
                total[self._rows[part]] += weight * self._scores[part]  # a text stands once in a term's postings
        return total


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
    most = sum(known.values()) * (_K1 + 1) or 1.0
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


def features(found: Signals, rows: Rows) -> Vectors:
    """The values of FEATURES for candidates, shape (rows, FEATURES)."""
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


def ranked(found: Signals, k: int, weights: Mapping[str, float] | None = None) -> tuple[Rows, Vectors]:
    """The k best texts, best first, with their scores; fewer where fewer share anything with the question. `weights`: by feature."""
    rows = candidates(found)
    if not len(rows):
        return rows, np.zeros(0, dtype=np.float32)
    known = weights or trained()
    scores = features(found, rows) @ np.array([known[name] for name in FEATURES], dtype=np.float32)
    order = np.argsort(-scores, kind="stable")[:k]
    return rows[order], scores[order]
