"""Questions put to a corpus before, each with the passages that were judged to answer it, or with none: what the nearest of them say of a new one.

Two people who want to know the same thing word it more alike than either words the passage that tells it, so questions are found by questions, and their
judgements (qrels) speak for passages: question-to-question retrieval, as over FAQs (Sakata et al., SIGIR 2019). The neighbours' votes are weighed by a softmax over
cosines. A question is one vector: the weighted mean of its token vectors, as late interaction has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sequitur.generations import JUDGED_FILES
from sequitur.ports import WIDTH, Vectors

KEY_BYTES = 16

_NEIGHBOURS = 40
_SHARPNESS = 1 / 0.03  # of the softmax over cosines
_ALIKE = (0.45, 0.7)  # cosines at which a question begins to resemble another, and does so fully


def question_key(typed: str, clean: str) -> bytes:
    """By what a judged question is known."""
    return hashlib.blake2b(f"{typed}\0{clean}".encode(), digest_size=KEY_BYTES).digest()


class Question(NamedTuple):
    """A question as it was typed, the same in clean words, and the rows of the passages that answer it."""

    typed: str
    clean: str
    answers: tuple[int, ...]
    home: int  # row of a passage of its article
    looked: tuple[int, ...]  # rows of passages that those who judged had before them

    @property
    def key(self) -> bytes:
        """What it is told by: its two wordings."""
        return question_key(self.typed, self.clean)


class Told(NamedTuple):
    """What the nearest judged questions say of a new one."""

    votes: Vectors  # of shape (passages,): how much of their weight speaks for each, 0..1
    unanswered: float  # how much of their weight is of questions that nothing answers, 0..1
    alike: float  # how much the nearest of them resembles it, 0..1: below, a cosine says nothing


class Answers(NamedTuple):
    """The rows of the passages that answer each question, one after the other: those of question n from starts[n] to starts[n + 1]."""

    starts: NDArray[np.int64]
    rows: NDArray[np.int64]

    def of(self, question: int) -> NDArray[np.int64]:
        """Those of one question."""
        return self.rows[self.starts[question] : self.starts[question + 1]]


class Judged:
    """Judged questions by their vectors, of shape (questions, WIDTH)."""

    def __init__(
        self, keys: NDArray[np.uint8], vectors: Vectors, answers: Answers, homes: NDArray[np.int64], known: NDArray[np.bool_]
    ) -> None:
        """Each belongs to the article of the passage that `homes` names; `known` of shape (passages,)."""
        self._keys, self._vectors, self._answers, self._homes, self._known = keys, vectors, answers, homes, known

    @classmethod
    def of(cls, questions: Sequence[Question], vectors: Vectors, size: int) -> Judged:
        """From questions with their vectors, over that many passages."""
        starts = np.cumsum([0, *(len(question.answers) for question in questions)], dtype=np.int64)
        rows = np.array([row for question in questions for row in question.answers], dtype=np.int64)
        known = np.zeros(size, dtype=np.bool_)
        known[[row for question in questions for row in question.looked]] = True
        keys = np.frombuffer(b"".join(question.key for question in questions), dtype=np.uint8).reshape(-1, KEY_BYTES)
        homes = np.array([question.home for question in questions], dtype=np.int64)
        return cls(keys, vectors.astype(np.float16), Answers(starts, rows), homes, known)

    @classmethod
    def none(cls, size: int) -> Judged:
        """No judged questions, over that many passages."""
        return cls.of((), np.zeros((0, WIDTH), dtype=np.float32), size)

    def write(self, folder: Path) -> None:
        """Write into a folder of its own."""
        folder.mkdir(parents=True)
        arrays: tuple[NDArray[Any], ...] = (self._keys, self._vectors, *self._answers, self._homes, self._known)
        for name, array in zip(JUDGED_FILES, arrays, strict=True):
            np.save(folder / name, array)

    @classmethod
    def read(cls, folder: Path) -> Judged:
        """As written.

        Raises:
            ValueError: the arrays do not belong together.
        """
        keys, vectors, starts, rows, homes, known = (np.load(folder / name) for name in JUDGED_FILES)
        named = np.concatenate([rows, homes])
        sizes = {len(keys), len(vectors), len(starts) - 1, len(homes)}
        if len(sizes) > 1 or starts[-1] != len(rows) or vectors.shape[1:] != (WIDTH,) or ((named < 0) | (named >= len(known))).any():
            message = f"the judged questions in {folder} are not whole"
            raise ValueError(message)
        return cls(keys, vectors, Answers(starts, rows), homes, known)

    def __len__(self) -> int:
        return len(self._homes)

    @property
    def passages(self) -> int:
        """Over how many passages."""
        return len(self._known)

    @cached_property
    def _floats(self) -> Vectors:
        return np.asarray(self._vectors, dtype=np.float32)

    def knows(self, rows: Sequence[int]) -> bool:
        """Whether those who judged had all of these passages before them: else one of them may answer what nothing answered then."""
        return bool(self._known[list(rows)].all())

    def find(self, key: bytes) -> int:
        """Where the question of a key stands; -1 where there is none."""
        found = np.flatnonzero((self._keys == np.frombuffer(key, dtype=np.uint8)).all(axis=1))
        return int(found[0]) if len(found) else -1

    def of_rows(self, rows: Sequence[int]) -> Judged:
        """Over some passages alone. A question one of whose answers is not among them is left out: what is left might answer less than it should."""
        new = np.full(len(self._known), -1, dtype=np.int64)
        new[list(rows)] = np.arange(len(rows))
        kept = [at for at in range(len(self)) if new[self._homes[at]] >= 0 and (new[self._answers.of(at)] >= 0).all()]
        answers = [new[self._answers.of(at)] for at in kept]
        starts = np.cumsum([0, *map(len, answers)], dtype=np.int64)
        flat = np.concatenate([np.zeros(0, dtype=np.int64), *answers])
        return Judged(self._keys[kept], self._vectors[kept], Answers(starts, flat), new[self._homes[kept]], self._known[list(rows)])

    def told(self, question: Vectors, without: int = -1) -> Told | None:
        """What the nearest judged questions say of a question, given by its weighted token vectors; None where there are none. `without`: one to be left out."""
        mean = question.sum(axis=0)
        norm = float(np.linalg.norm(mean))
        if not len(self) or not norm:
            return None
        cosines = self._floats @ (mean / norm)
        if without >= 0:
            cosines[without] = -1.0
        few = np.sort(np.argpartition(-cosines, min(_NEIGHBOURS, len(self)) - 1)[:_NEIGHBOURS])
        nearest = few[np.argsort(-cosines[few], kind="stable")]
        weights = np.exp((cosines[nearest] - cosines[nearest[0]]) * _SHARPNESS)
        weights /= weights.sum()
        votes, unanswered = np.zeros(len(self._known), dtype=np.float32), 0.0
        for at, weight in zip(nearest.tolist(), weights.tolist(), strict=True):
            answers = self._answers.of(at)
            votes[answers] += weight
            unanswered += 0.0 if len(answers) else weight
        begins, full = _ALIKE
        alike = min(1.0, max(0.0, (float(cosines[nearest[0]]) - begins) / (full - begins)))
        return Told(votes, unanswered, alike)
