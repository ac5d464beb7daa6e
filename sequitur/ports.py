"""The interfaces behind which models stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Texts → unit vectors. `fingerprint` changes whenever the vectors would."""

    @property
    def fingerprint(self) -> str:
        """Names weights, precision, pooling and normalisation."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), dimension), float32."""
        ...
