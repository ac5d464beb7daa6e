"""Intervals and significance, all seeded: the same numbers from the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_EXACT = 12  # differences up to which every assignment of signs is counted


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % bootstrap interval and how many cases it is over."""

    mean: float
    low: float
    high: float
    cases: int


def interval(values: Sequence[float | None], seed: int = 0, rounds: int = 1000) -> Interval | None:
    """Percentile bootstrap over cases (Efron, 1979); None when the measure applies to no case."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not known.size:
        return None
    low, high = _ends(known[_draws(known.size, seed, rounds)].mean(axis=1))
    return Interval(float(known.mean()), low, high, int(known.size))


def interval_of(rows: Array, statistic: Callable[[Array], Array], seed: int = 0, rounds: int = 1000) -> Interval | None:
    """The same for a figure that is no mean: `statistic` takes column sums of shape (rounds, columns) to a value a round."""
    if not len(rows):
        return None
    low, high = _ends(statistic(rows[_draws(len(rows), seed, rounds)].sum(axis=1)))
    return Interval(float(statistic(rows.sum(axis=0, keepdims=True))[0]), low, high, len(rows))


@lru_cache(maxsize=64)
def _draws(size: int, seed: int, rounds: int) -> Array:
    return np.random.Generator(np.random.PCG64(seed)).integers(0, size, (rounds, size), dtype=np.int32)


def _ends(found: Array) -> tuple[float, float]:
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def significance(differences: Sequence[float], seed: int = 0, rounds: int = 10_000) -> float:
    """Two-sided p of a paired sign-flip permutation test (Fisher, 1935; for retrieval, Smucker et al., 2007).

    Exact up to twelve differing pairs, else (extreme + 1) / (rounds + 1) over seeded flips.
    """
    moved = np.array([difference for difference in differences if difference], dtype=np.float64)
    if not moved.size:
        return 1.0
    observed = abs(moved.sum()) - 1e-9
    if moved.size <= _EXACT:
        signs = np.array(list(product((-1.0, 1.0), repeat=moved.size)))
        return float((np.abs(signs @ moved) >= observed).mean())
    flips = np.random.Generator(np.random.PCG64(seed)).integers(0, 2, (rounds, moved.size)) * 2.0 - 1.0
    return float(((np.abs(flips @ moved) >= observed).sum() + 1) / (rounds + 1))


def holm(found: Mapping[str, float]) -> dict[str, float]:
    """The p values adjusted for how many are looked at (Holm, 1979), in the given order."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(found, key=lambda name: found[name])):
        highest = max(highest, min(1.0, found[name] * (len(found) - place)))
        adjusted[name] = highest
    return {name: adjusted[name] for name in found}
