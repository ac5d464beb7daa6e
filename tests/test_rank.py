"""The general ranking: postings, candidates, features, order."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequitur.analysis import stems
from sequitur.postings import Postings
from sequitur.rank import FEATURES, Lexical, best, candidates, features, ranked, signals

_TEXTS = [
    "Ketamine infusion relieved neuropathic pain.",
    "Metformin lowers blood glucose.",
    "Hallucinations were the commonest harms of ketamine; ketamine caused dizziness.",
    "Nothing of interest.",
    "",
]


def _unread(rows: np.ndarray) -> np.ndarray:
    return np.zeros(len(rows), dtype=np.float32)


@pytest.fixture(scope="module")
def lexical() -> Lexical:
    return Lexical.of(_TEXTS)


def test_postings_score_as_bm25s_does(lexical: Lexical) -> None:
    import bm25s

    reference = bm25s.BM25(k1=1.2, b=0.75)
    reference.index([stems(text) or [""] for text in _TEXTS], show_progress=False)
    terms = stems("ketamine harms")
    assert np.allclose(lexical.stemmed.scores(dict.fromkeys(terms, 1.0)), reference.get_scores(terms))
    assert list(lexical.stemmed.rows(terms[0])) == [0, 2]
    assert list(lexical.stemmed.rows("unheard-of")) == []
    assert lexical.stemmed.frequency[terms[0]] == 2


def test_rarer_words_weigh_more(lexical: Lexical) -> None:
    common, rare = stems("ketamine metformin")
    assert lexical.stemmed.rarity("unheard-of") > lexical.stemmed.rarity(rare) > lexical.stemmed.rarity(common) > 0


@given(st.lists(st.floats(-1, 1, width=32), max_size=40), st.integers(1, 50))
def test_the_best_are_the_highest_above_zero_in_order(scores: list[float], depth: int) -> None:
    array = np.array(scores, dtype=np.float32)
    expected = [place for place in sorted(range(len(scores)), key=lambda place: (-array[place], place)) if array[place] > 0][:depth]
    assert list(best(array, depth)) == expected


def test_features_have_a_column_each_and_stay_finite(lexical: Lexical) -> None:
    found = signals("ketamine harms unheard", {"ketamin": 1.0}, np.array([0.9, 0.1, 0.8, 0.0, 0.0], dtype=np.float32), lexical)
    rows = candidates(found)
    values = features(found, rows, _unread(rows))
    assert values.shape == (len(rows), len(FEATURES))
    assert np.isfinite(values).all()
    assert values[:, FEATURES.index("coverage")].max() < 1.0


def test_without_vectors_the_words_still_order(lexical: Lexical) -> None:
    found = signals("harms of ketamine", dict.fromkeys(stems("harms of ketamine"), 1.0), np.zeros(len(_TEXTS), dtype=np.float32), lexical)
    rows, scores = ranked(found, 2, _unread)
    assert list(rows) == [2, 0]
    assert scores[0] > scores[1]


def test_of_texts_that_the_channels_hold_alike_the_one_that_meets_the_question_better_comes_first(lexical: Lexical) -> None:
    found = signals("zzz", {}, np.array([0.2, 0.2, 0.2, 0.0, 0.0], dtype=np.float32), lexical)
    rows, _ = ranked(found, 3, lambda rows: (rows == 2).astype(np.float32))
    assert rows[0] == 2


def test_without_words_the_vectors_still_order(lexical: Lexical) -> None:
    found = signals("氯胺酮", {}, np.array([0.1, 0.3, 0.2, 0.0, 0.0], dtype=np.float32), lexical)
    assert list(ranked(found, 3, _unread)[0]) == [1, 2, 0]


def test_nothing_in_common_gives_nothing(lexical: Lexical) -> None:
    found = signals("zzz", {}, np.zeros(len(_TEXTS), dtype=np.float32), lexical)
    assert len(ranked(found, 5, _unread)[0]) == 0


def test_an_empty_collection_of_words_can_be_asked() -> None:
    assert Postings.of([[]]).scores({"a": 1.0}).tolist() == [0.0]


def test_the_shipped_weights_name_every_feature() -> None:
    from sequitur import rank

    stored = json.loads(rank._WEIGHTS.read_text(encoding="utf-8"))
    assert set(stored["weights"]) == set(FEATURES)
