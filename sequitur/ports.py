"""The interfaces behind which models stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Tokens = NDArray[np.int8]  # vectors of a passage's tokens, shape (tokens, WIDTH), in steps of 1 / STEPS

WIDTH = 128  # of a token's vector
BOUNDARY = "[SEP]"  # between two texts that are read as one
STEPS = 254.0  # to one: a component of a unit vector of this width rarely passes a half


class Embedded(NamedTuple):
    """A passage's unit vector, and the vectors of its tokens."""

    vector: Vectors
    tokens: Tokens


def packed(tokens: Vectors) -> Tokens:
    """Token vectors as they are kept."""
    return np.asarray(np.clip(np.rint(tokens * STEPS), -127, 127), dtype=np.int8)


class Embedder(Protocol):
    """Texts → unit vectors. `fingerprint` changes whenever the vectors would."""

    @property
    def fingerprint(self) -> str:
        """Names weights, precision, pooling, normalisation, and the late-interaction head where there is one."""
        ...

    @property
    def encoder(self) -> str:
        """The same without the head: what the unit vectors alone depend on."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    @property
    def late(self) -> bool:
        """Whether it has a late-interaction head: only then are there token vectors."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimension), float32."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Sequence[Embedded]:
        """The same with the vectors of each text's tokens; only for a model with a late-interaction head."""
        ...

    def question_tokens(self, text: str) -> Vectors:
        """The weighted vectors of a question's tokens, shape (tokens, WIDTH); of none where the model has no late-interaction head."""
        ...

    def question_vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of whole questions, the means of those tokens: shape (len(texts), WIDTH), or (0, WIDTH) where the model has no late-interaction head."""
        ...

    def danger(self, texts: Sequence[str]) -> Vectors:
        """Log-odds of each text being an emergency, and a personal decision; shape (len(texts), 2), or (0, 2) where the model has no head for it."""
        ...
