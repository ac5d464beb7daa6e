"""The token vectors of an index's passages, and how well each passage meets a question token by token (late interaction, as in ColBERT)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sequitur.generations import LATE_FILES
from sequitur.ports import STEPS, WIDTH, Embedded, Embedder, Tokens, Vectors

UP_TO = 20_000  # passages; a larger index keeps no token vectors: they take six kilobytes a passage

_MET = 0.6  # cosine at which a token of a question counts as met

NO_TOKENS: Tokens = np.zeros((0, WIDTH), dtype=np.int8)  # of what is not held token by token


class Met(NamedTuple):
    """How well passages meet a question token by token, each of shape (passages,)."""

    scores: Vectors  # the tokens' best matches, summed by their weights; at most 1
    shortfall: Vectors  # by how much the tokens' best matches fall short of meeting them, summed by their weights


def has_tokens(embedder: Embedder, size: int) -> bool:
    """Whether an index of that many passages keeps token vectors."""
    return embedder.late and size <= UP_TO


def embedded(embedder: Embedder, texts: Sequence[str], *, tokens: bool) -> Sequence[Embedded]:
    """Texts' vectors, with those of their tokens where they are wanted and the embedder has them."""
    return embedder.embed_passages(texts) if tokens else [Embedded(vector, NO_TOKENS) for vector in embedder.embed(texts)]


class Interaction:
    """Token vectors of passages, one after the other."""

    def __init__(self, tokens: Tokens, starts: NDArray[np.int64]) -> None:
        """Those of passage n stand at starts[n] to starts[n + 1]."""
        self._tokens, self._starts = tokens, starts

    @classmethod
    def of(cls, passages: Sequence[Tokens]) -> Interaction:
        """From the token vectors of each passage; of too many passages none are kept."""
        if len(passages) > UP_TO:
            return cls.none(len(passages))
        starts = np.cumsum([0, *(len(own) for own in passages)], dtype=np.int64)
        return cls(np.concatenate([NO_TOKENS, *passages]), starts)

    @classmethod
    def none(cls, size: int) -> Interaction:
        """No token vectors, for that many passages."""
        return cls(NO_TOKENS, np.zeros(size + 1, dtype=np.int64))

    def write(self, folder: Path) -> None:
        """Write into a folder of its own."""
        folder.mkdir(parents=True)
        np.save(folder / LATE_FILES[0], self._tokens)
        np.save(folder / LATE_FILES[1], self._starts)

    @classmethod
    def read(cls, folder: Path) -> Interaction:
        """As written; what is not asked for stays on disk."""
        return cls(*(np.load(folder / name, mmap_mode="r") for name in LATE_FILES))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def tokens(self, row: int) -> Tokens:
        """The token vectors of a passage."""
        return np.asarray(self._tokens[self._starts[row] : self._starts[row + 1]])

    @cached_property
    def _floats(self) -> Vectors:
        """All token vectors, ready to be multiplied: four times as large, and kept once every passage of a small index was asked for."""
        return np.asarray(self._tokens, dtype=np.float32)

    def of_rows(self, rows: Iterable[int]) -> Interaction:
        """Those of some passages alone."""
        return Interaction.of([self.tokens(row) for row in rows])

    def met(self, question: Vectors, rows: Sequence[int]) -> Met:
        """How well each of the passages meets a question, whose token vectors are as long as the tokens weigh; zeros where either has none."""
        found = Met(np.zeros(len(rows), dtype=np.float32), np.zeros(len(rows), dtype=np.float32))
        sizes = [int(self._starts[row + 1] - self._starts[row]) for row in rows]
        having = [place for place, size in enumerate(sizes) if size]
        if len(question) and having:
            every = len(having) == len(self) and rows == range(len(self))
            tokens = self._floats if every else np.concatenate([self.tokens(rows[place]) for place in having]).astype(np.float32)
            matches = tokens @ question.T
            starts = np.cumsum([0, *(sizes[place] for place in having[:-1])])
            best = np.maximum.reduceat(matches, starts, axis=0) / STEPS
            found.scores[having] = best.sum(axis=1)
            found.shortfall[having] = np.maximum(_MET * np.linalg.norm(question, axis=1) - best, 0.0).sum(axis=1)
        return found
