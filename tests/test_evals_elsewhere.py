"""The other articles and their gold, and the fitting on all of it."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from evals.cases import GoldError, doubts, load_cases, strays
from evals.elsewhere import ARTICLES, GOLD, ask, places
from evals.tune import Decision, Ranking, fit_abstention, fit_ordering, worth
from sequitur.settings import load_settings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Gold of the smallest article alone."""
    place = tmp_path_factory.mktemp("gold")
    shutil.copy(GOLD / "copd.jsonl", place)
    return place


def test_every_gold_file_is_sound_and_belongs_to_an_article():
    cases = [case for file in sorted(GOLD.glob("*.jsonl")) for case in load_cases(file)]
    assert len({case.id for case in cases}) == len(cases) > 1000
    assert [doubt for case in cases for doubt in doubts(case)] == []
    assert all(sum((folder / file.stem).is_dir() for folder in ARTICLES) == 1 for file in GOLD.glob("*.jsonl"))


@pytest.mark.parametrize(("folder", "least"), list(zip(ARTICLES, (0.45, 0.4), strict=True)))
def test_near_misses_are_about_half(folder, least):
    cases = [case for file in GOLD.glob("*.jsonl") if (folder / file.stem).is_dir() for case in load_cases(file)]
    assert least < sum(case.outcome == "abstain" for case in cases) / len(cases) < 0.55


def test_an_article_lies_in_one_half_alone():
    assert all(len({case.split for case in load_cases(file)}) == 1 for file in GOLD.glob("*.jsonl"))


def test_an_article_is_asked_apart_from_the_others_and_measured(folder):
    settings = load_settings()
    with places(settings, None, folder) as found:
        (place,) = found
        assert [stray for case in place.cases for stray in strays(case, place.assembly.index.documents)] == []
        rows = ask(place, settings)
    assert [row.id for row in rows] == [case.id for case in place.cases]
    assert all(row.disclaimer and row.forbidden == 0 for row in rows)
    assert any(row.evidence5 == 1.0 for row in rows)


def test_gold_without_its_article_is_refused(tmp_path, folder):
    with pytest.raises(GoldError, match=r"no article for copd\.jsonl"), places(load_settings(), None, folder, [tmp_path]):
        pass


def test_the_ordering_learns_which_feature_tells():
    chance = np.random.default_rng(0)
    found = []
    for number in range(40):
        carriers = np.zeros(10, dtype=bool)
        carriers[number % 10] = True
        values = np.stack([carriers + 0.1 * chance.random(10), chance.random(10)], axis=1)
        found.append(Ranking("", str(number), values, (carriers,)))
    fitted = fit_ordering(found, np.zeros(2))
    assert fitted[0] > 1 > abs(fitted[1])
    assert worth(fitted, found) == 1.0


def test_abstention_never_points_against_sense():
    chance = np.random.default_rng(0)
    found = [
        Decision("", np.array([value, chance.random()]), value > 0.5, 1.0) for value in chance.random(200)
    ]  # the unknown answered: nonsense
    intercept, unknown, other = fit_abstention(found, ("unknown", "words"))
    assert unknown == 0.0
    assert np.isfinite([intercept, other]).all()
    sound = [Decision("", np.array([value, 0.0]), value < 0.5, 1.0) for value in chance.random(200)]
    assert fit_abstention(sound, ("unknown", "words"))[1] < -1
