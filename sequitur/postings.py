"""BM25 over terms (Robertson; Lucene's variant), scored once when it is built and summed from postings when it is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sequitur.ports import Vectors

Rows = NDArray[np.intp]

K1, B = 1.2, 0.75


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
        import bm25s  # with SciPy behind it: only building needs it

        bm25 = bm25s.BM25(k1=K1, b=B)
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

    def texts(self) -> list[frozenset[str]]:
        """The terms of each text."""
        found: list[list[str]] = [[] for _ in range(self.size)]
        for term, start, stop in zip(self.terms, self._starts[:-1].tolist(), self._starts[1:].tolist(), strict=True):
            for row in self._rows[start:stop].tolist():
                found[row].append(term)
        return [frozenset(terms) for terms in found]

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
