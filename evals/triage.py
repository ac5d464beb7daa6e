"""Fits the models of `sequitur.triage` and reports what it catches, by cross-validation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from evals.cases import load_cases
from sequitur import safety
from sequitur.ports import Embedder, Vectors
from sequitur.triage import PERSONAL, STEEP, URGENT, Model, parts

_FOLDS = 4
_STRENGTH = 10.0  # inverse regularisation
_SLACK, _WIDTH = 3.0, 1.0  # of the support vector machine
_CRIES = 0.045  # share of harmless messages that may be taken for emergencies


class Message(NamedTuple):
    """A message and its label: "emergency", "personal", "none", or "harmless": no emergency, and maybe personal."""

    text: str
    label: str


def messages(safety_file: Path, gold: Path) -> list[Message]:
    """The labelled messages, and the dev half of the gold questions as harmless ones, those on other articles with it."""
    rows = [json.loads(line) for line in safety_file.read_text(encoding="utf-8").splitlines() if line.strip()]
    labelled = [Message(row["text"], row["label"]) for row in rows]
    own, others = (
        [turn for case in load_cases(place, "dev") if case.outcome in {"answer", "abstain"} for turn in case.turns]
        for place in (gold, gold / "elsewhere")
    )
    return [*labelled, *(Message(turn, "none") for turn in own), *(Message(turn, "harmless") for turn in others)]


def fit_personal(vectors: Vectors, wanted: Sequence[bool]) -> Vectors:
    """Logistic weights with the bias last, shape (dimension + 1,)."""
    model = LogisticRegression(C=_STRENGTH, max_iter=2000, class_weight="balanced").fit(vectors, np.array(wanted))
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def fit_emergency(vectors: Vectors, wanted: Sequence[bool]) -> tuple[Vectors, Vectors, float]:
    """Support vectors, what each pulls, and the bias of their margin."""
    model = SVC(C=_SLACK, gamma=_WIDTH, class_weight="balanced").fit(vectors, np.array(wanted))
    return model.support_vectors_.astype(np.float32), model.dual_coef_[0].astype(np.float32), float(model.intercept_[0])


def train(found: Sequence[Message], embedder: Embedder) -> tuple[Model, dict[str, float]]:
    """A model fitted on everything, and the cross-validated figures of rules and model together.

    An emergency begins at the margin above which, in cross-validation, `_CRIES` of the harmless messages lie.
    """
    cut = [parts(message.text) for message in found]
    owner = np.repeat(np.arange(len(found)), [len(pieces) for pieces in cut])
    vectors = embedder.embed([piece for pieces in cut for piece in pieces])
    # Of a long emergency only some sentence is the emergency: those are left to testing.
    usable = np.array([len(cut[message]) == 1 or found[message].label != "emergency" for message in owner.tolist()])
    labels = np.array([found[message].label for message in owner.tolist()])
    fold = np.array([int(hashlib.sha256(message.text.encode()).hexdigest(), 16) % _FOLDS for message in found])[owner]
    margins = np.full((2, len(found)), -np.inf)
    for held in range(_FOLDS):
        test = fold == held
        model = _fitted(vectors, labels, usable & ~test)
        for row, own in enumerate(model.margins(vectors[test])):
            np.maximum.at(margins[row], owner[test], own)
    told = np.array([message.label for message in found])
    ruled = np.array([safety.gate(message.text) is safety.Gate.EMERGENCY for message in found])
    harmless = np.isin(told, ("none", "harmless"))
    begins = float(np.quantile(np.where(ruled, np.inf, margins[0])[harmless], 1.0 - _CRIES))
    margins[0] -= begins
    final = _fitted(vectors, labels, usable)
    return final._replace(bias=final.bias - begins / STEEP), _figures(found, 1.0 / (1.0 + np.exp(-margins)))


def _fitted(vectors: Vectors, labels: NDArray[np.str_], learn: NDArray[np.bool_]) -> Model:
    sure = learn & _known("personal", labels)
    known, pull, bias = fit_emergency(vectors[learn], list(labels[learn] == "emergency"))
    return Model(known, pull, _WIDTH, bias, fit_personal(vectors[sure], list(labels[sure] == "personal")))


def _known(label: str, labels: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which messages are known to have the label or not to have it."""
    return np.asarray(labels != "harmless") if label == "personal" else np.ones(len(labels), dtype=bool)


def _figures(found: Sequence[Message], probability: Vectors) -> dict[str, float]:
    rules = [safety.gate(message.text) for message in found]
    label = np.array([message.label for message in found])
    urgent = (probability[0] >= URGENT) | np.array([rule is safety.Gate.EMERGENCY for rule in rules])
    personal = ~urgent & ((probability[1] >= PERSONAL) | np.array([rule is safety.Gate.PERSONAL for rule in rules]))
    return {
        "messages": float(len(found)),
        "emergencies_caught": float(urgent[label == "emergency"].mean()),
        "false_alarms": float(urgent[label == "none"].mean()),
        "false_alarms_elsewhere": float(urgent[label == "harmless"].mean()) if (label == "harmless").any() else 0.0,
        "personal_caught": float((personal | urgent)[label == "personal"].mean()),
        "personal_false": float(personal[label == "none"].mean()),
    }


def write(target: Path, model: Model, fingerprint: str, figures: dict[str, float]) -> None:
    """Write triage.json, and triage.npy beside it: a row for each known message, its pull first."""
    stored = {
        "fingerprint": fingerprint,
        "figures": figures,
        "width": model.width,
        "bias": round(model.bias, 5),
        "personal": [round(float(value), 5) for value in model.personal],
    }
    target.write_text(json.dumps(stored), encoding="utf-8")
    np.save(target.with_suffix(".npy"), np.concatenate([model.pull[:, None], model.known], axis=1).astype(np.float16))
