"""Readability: the formula on texts whose count is known, and that it tells plain from dense."""

from __future__ import annotations

import pytest

from evals.readability import grade, syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [("the", 1), ("needed", 2), ("helped", 1), ("medicine", 3), ("treatment", 2), ("doctor", 2), ("question", 2), ("people", 2), ("changes", 2),
     ("placebo", 3), ("studies", 2), ("dose", 1), ("receptor", 3), ("neuropathic", 4), ("violent", 3), ("don't", 1)],
)  # fmt: skip
def test_syllables_are_counted(word, count):
    assert syllables(word) == count


def test_the_formula():
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert grade("The cat sat. The cat sat.") == pytest.approx(0.39 * 3 + 11.8 - 15.59)
    assert grade("12 [3] ** !") == 0


def test_dense_prose_is_harder_than_plain_prose():
    dense = "Psychotomimetic phenomenology necessitates anticipatory pharmacological prophylaxis in susceptible individuals."
    assert grade(dense) > 20
    assert grade("Some people see things that are not there. It goes away when the drip stops.") < 9
