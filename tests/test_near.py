"""Nearest vectors: exact when few, by lists on disk when many."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from sequitur.index import near
from sequitur.ports import Vectors


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Clustered unit vectors."""
    chance = np.random.default_rng(0)
    centres = chance.standard_normal((60, 32))
    found = centres[chance.integers(60, size=3000)] + 0.5 * chance.standard_normal((3000, 32))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def test_few_vectors_are_searched_exactly(vectors: Vectors) -> None:
    index = near.build(vectors)
    scores, rows = near.nearest(index, vectors[:5], 3)
    assert isinstance(index, faiss.IndexFlatIP)
    assert rows[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.allclose(scores[:, 0], 1.0, atol=1e-5)
    assert np.allclose(near.scattered(index, vectors[:2], len(vectors)), vectors[:2] @ vectors.T, atol=1e-5)


def test_many_are_searched_in_lists_that_stay_on_disk(vectors: Vectors, tmp_path: Path) -> None:
    near.write(tmp_path / "vectors.faiss", near.build(vectors, flat_up_to=1000))
    index = near.read(tmp_path / "vectors.faiss")
    truth = np.argsort(-(vectors[:100] @ vectors.T), axis=1)[:, :10]
    found = near.nearest(index, vectors[:100], 10)[1]
    recall = np.mean([len(set(own) & set(real)) / 10 for own, real in zip(found.tolist(), truth.tolist(), strict=True)])
    assert isinstance(index, faiss.IndexIVF)
    assert recall >= 0.9


def test_what_was_not_found_is_zero(vectors: Vectors) -> None:
    whole = near.scattered(near.build(vectors), vectors[:1], 7)
    assert np.count_nonzero(whole) == 7


def test_more_are_asked_for_than_there_are() -> None:
    rows = near.nearest(near.build(np.eye(3, dtype=np.float32)), np.eye(3, dtype=np.float32)[:1], 10)[1]
    assert sorted(rows[0].tolist()) == [0, 1, 2]
