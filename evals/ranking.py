"""Fits the weights of `sequitur.rank` on collections in BEIR layout, and says what they are worth on others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from sequitur.beir import BeirIndex, Collection, measures
from sequitur.ports import Embedder, Vectors
from sequitur.rank import FEATURES, candidates, features

_LATE = 10.0  # chosen on BioASQ 9B; models/README.md
_STRENGTH = 1000.0  # inverse regularisation; a collection's examples weigh 1 together, whatever their number


class Example(NamedTuple):
    """One query's candidates: their features, shape (candidates, FEATURES), and whether each answers."""

    values: Vectors
    answers: Vectors


def examples(collection: Collection, embedder: Embedder) -> list[Example]:
    """The queries of a collection of which some candidate answers."""
    index = BeirIndex.of(collection.documents, embedder)
    found = []
    for query, grades in collection.qrels.items():
        signals = index.signals(collection.queries[query])
        rows = candidates(signals)
        answers = np.array([grades.get(index.ids[row], 0) > 0 for row in rows], dtype=np.float32)
        if answers.any():
            found.append(Example(features(signals, rows, index.late(collection.queries[query], rows)), answers))
    return found


def fit(sets: Sequence[Sequence[Example]]) -> dict[str, float]:
    """Standardised logistic regression over all candidates, every set weighing the same; weights for the features as they are.

    Late interaction is left out, and its weight is set: its head was trained on the very questions that are fitted on.
    """
    fitted = [place for place, name in enumerate(FEATURES) if name != "late"]
    values = np.concatenate([example.values[:, fitted] for chosen in sets for example in chosen]).astype(np.float64)
    answers = np.concatenate([example.answers for chosen in sets for example in chosen])
    share = np.concatenate([np.full(len(example.answers), 1.0 / len(chosen)) for chosen in sets for example in chosen])
    centre, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    model = LogisticRegression(C=_STRENGTH, max_iter=1000).fit((values - centre) / scale, answers > 0, sample_weight=share)
    weights = (round(float(weight), 5) for weight in model.coef_[0] / scale)
    return {**dict(zip((FEATURES[place] for place in fitted), weights, strict=True)), "late": _LATE}


def worth(collection: Collection, embedder: Embedder, weights: Mapping[str, float]) -> dict[str, float]:
    """The measures of weights on a collection."""
    index = BeirIndex.of(collection.documents, embedder)
    return measures({query: index.search(text, 100, weights)[0] for query, text in collection.queries.items()}, collection.qrels)


def write(target: Path, weights: dict[str, float], fingerprint: str, sources: Sequence[str]) -> None:
    """Write rank.json."""
    stored = {"embedder": fingerprint, "fitted_on": list(sources), "weights": weights}
    target.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
