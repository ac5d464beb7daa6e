"""Fitting the general ranking."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from evals.ranking import Example, examples, fit, worth, write
from sequitur.beir import Collection
from sequitur.ports import WIDTH
from sequitur.rank import FEATURES

_DOCUMENTS = {
    "d1": "Ketamine infusion relieved neuropathic pain.",
    "d2": "Metformin lowers blood glucose.",
    "d3": "Hallucinations were the commonest harms of ketamine.",
}
_COLLECTION = Collection(_DOCUMENTS, {"q": "harms of ketamine", "p": "metformin"}, {"q": {"d3": 1}, "p": {"d2": 1}})


class _Words:
    """An embedder without a model: which letters stand in a text."""

    fingerprint, dimension, late = "words", 26, False

    def question_tokens(self, text: str) -> np.ndarray:
        return np.zeros((0, WIDTH), dtype=np.float32)

    def embed(self, texts: list[str]) -> np.ndarray:
        counts = np.array([[text.lower().count(chr(97 + place)) + 1e-3 for place in range(26)] for text in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def test_a_feature_that_tells_answers_apart_gets_the_weight() -> None:
    chance = np.random.default_rng(0)
    rows = []
    for _ in range(50):
        values = chance.random((6, len(FEATURES)), dtype=np.float32)
        rows.append(Example(values, (values[:, 0] > 0.7).astype(np.float32)))
    weights = fit([rows])
    assert set(weights) == set(FEATURES)
    assert weights[FEATURES[0]] > 3 * max(abs(weights[name]) for name in FEATURES[1:])


def test_examples_are_the_candidates_of_each_judged_query(tmp_path: Path) -> None:
    found = examples(_COLLECTION, _Words())
    assert [int(example.answers.sum()) for example in found] == [1, 1]
    weights = fit([found])
    assert worth(_COLLECTION, _Words(), weights)["p@1"] == 1.0
    write(tmp_path / "rank.json", weights, "words", ["own"])
    assert json.loads((tmp_path / "rank.json").read_text(encoding="utf-8"))["weights"] == weights
