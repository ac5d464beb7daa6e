"""Nearest vectors at any size: exact below a measured crossover, above it inverted lists of 8-bit vectors, read from disk as they are needed.

Figures and how they were measured: `python -m bench.nearest`, bench/NEAREST.md.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sequitur.ports import Vectors

if TYPE_CHECKING:
    import faiss

FLAT_UP_TO = 50_000  # vectors; below, an exact search is quick enough, and lists miss more than one in twenty
_FLAT = struct.Struct("<4siqqqBiQ")  # of IndexFlatIP: kind, dimension, count, two unused, trained, metric, floats that follow
_TRAINING_PER_LIST = 40  # vectors a list is trained on
_LISTS_PER_ROOT = 2.0  # lists per square root of the vectors
_PROBED_PER_ROOT = 2.0  # lists looked into per square root of the lists


def build(vectors: Vectors, flat_up_to: int | None = None) -> faiss.Index:
    """A searchable index of unit vectors, shape (n, dimension), by inner product; row numbers are its ids. `flat_up_to`: default FLAT_UP_TO."""
    import faiss

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    count, dimension = vectors.shape
    if count <= (FLAT_UP_TO if flat_up_to is None else flat_up_to):
        return flat(vectors)
    lists = max(1, int(_LISTS_PER_ROOT * count**0.5))
    coarse = faiss.IndexFlatIP(dimension)
    inverted = faiss.IndexIVFScalarQuantizer(coarse, dimension, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    inverted.cp.max_points_per_centroid = _TRAINING_PER_LIST
    inverted.cp.niter = 6
    inverted.cp.seed = 0
    inverted.train(_sample(vectors, lists * _TRAINING_PER_LIST))
    for start in range(0, count, 100_000):
        inverted.add(vectors[start : start + 100_000])
    return inverted


def flat(vectors: Vectors) -> faiss.Index:
    """An exact index of unit vectors."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
    return index


def _sample(vectors: Vectors, size: int) -> Vectors:
    """Evenly spread rows."""
    return np.ascontiguousarray(vectors[np.unique(np.linspace(0, len(vectors) - 1, min(size, len(vectors))).astype(np.intp))])


def write(path: Path, index: faiss.Index) -> None:
    """Write an index to a file."""
    import faiss

    faiss.write_index(index, str(path))


def read(path: Path) -> faiss.Index:
    """An index from its file. Inverted lists stay on disk and are mapped into memory; how many are looked into depends on how many there are."""
    import faiss

    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
    if isinstance(index, faiss.IndexIVF):
        index.nprobe = max(1, round(_PROBED_PER_ROOT * index.nlist**0.5))
    return index


def read_flat(path: Path) -> Vectors:
    """The vectors of an exact index from its file, shape (n, dimension), without loading FAISS, which a small corpus is not searched with.

    Raises:
        ValueError: the file holds another kind of index.
    """
    with path.open("rb") as file:
        kind, dimension, count, *_, floats = _FLAT.unpack(file.read(_FLAT.size))
        if kind != b"IxFI" or floats != count * dimension:
            message = f"{path} is no exact index"
            raise ValueError(message)
        return np.fromfile(file, dtype=np.float32, count=floats).reshape(count, dimension)


def nearest(index: faiss.Index, queries: Vectors, k: int) -> tuple[Vectors, NDArray[np.int64]]:
    """Inner products and rows of the k nearest vectors, best first, each of shape (queries, k); row -1 where there are fewer."""
    scores, rows = index.search(np.ascontiguousarray(queries, dtype=np.float32), min(k, max(1, index.ntotal)))
    return scores, rows


def scattered(index: faiss.Index, queries: Vectors, k: int) -> Vectors:
    """Inner products of shape (queries, vectors), 0 but for the k nearest: what a full product would give, where it is too large to make."""
    scores, rows = nearest(index, queries, k)
    whole = np.zeros((len(queries), index.ntotal), dtype=np.float32)
    for number, (own, places) in enumerate(zip(scores, rows, strict=True)):
        whole[number, places[places >= 0]] = own[places >= 0]
    return whole
