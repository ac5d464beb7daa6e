"""Intervals and significance against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.stats import Interval, holm, interval, interval_of, significance


def test_an_interval_holds_its_mean_and_is_the_same_for_the_same_seed():
    found = interval([1.0, 0.0, None, 1.0, 0.0])
    assert found is not None
    assert (found.mean, found.cases) == (0.5, 4)
    assert 0.0 <= found.low <= 0.5 <= found.high <= 1.0
    assert interval([1.0, 0.0, None, 1.0, 0.0]) == found
    assert interval([1.0, 1.0]) == Interval(1.0, 1.0, 1.0, 2)
    assert interval([None]) is None


def test_an_interval_is_about_as_wide_as_theory_says():
    # 400 cases, half of them right: 1.96 * sqrt(0.25 / 400) = 0.049 to each side
    found = interval([1.0, 0.0] * 200, seed=3)
    assert found is not None
    assert found.low == pytest.approx(0.451, abs=0.01)
    assert found.high == pytest.approx(0.549, abs=0.01)


def test_an_interval_of_a_ratio_resamples_cases_not_sums():
    rows = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    found = interval_of(rows, lambda sums: sums[:, 0] / sums[:, 1])
    assert found is not None
    assert (found.mean, found.cases) == (0.5, 4)
    assert found.low < 0.5 < found.high
    assert interval_of(rows[:0], lambda sums: sums[:, 0]) is None


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1.0, 1.0, 1.0], 2 / 8),  # all plus or all minus, of eight assignments
        ([1.0, -1.0], 1.0),
        ([2.0, -1.0], 1.0),  # |±2 ± 1| is at least 1 always
        ([2.0, 1.0, 0.0], 2 / 4),  # pairs that do not differ say nothing
        ([0.5] * 10, 2 / 1024),
        ([], 1.0),
        ([0.0, 0.0], 1.0),
    ],
)
def test_few_differences_are_counted_exactly(differences, p):
    assert significance(differences) == pytest.approx(p)


def test_many_differences_are_sampled_and_the_same_for_the_same_seed():
    assert significance([1.0] * 40) == pytest.approx(1 / 10_001)
    level = significance([1.0, -1.0] * 20, seed=1)
    assert level == significance([1.0, -1.0] * 20, seed=1) == 1.0


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), max_size=10))
def test_the_order_of_cases_and_the_sign_do_not_matter(differences):
    level = significance(differences)
    assert 0.0 < level <= 1.0
    assert significance(differences[::-1]) == pytest.approx(level)
    assert significance([-value for value in differences]) == pytest.approx(level)


def test_holm_adjusts_the_smallest_most():
    # 0.01 * 3, then max(0.03, 0.03 * 2), then max(0.06, 0.05 * 1)
    assert holm({"c": 0.05, "a": 0.01, "b": 0.03}) == pytest.approx({"c": 0.06, "a": 0.03, "b": 0.06})
    assert holm({"a": 0.9, "b": 0.8}) == pytest.approx({"a": 1.0, "b": 1.0})
    assert holm({}) == {}
