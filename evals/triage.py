"""Fits the linear model of `sequitur.triage` and reports what it catches, by cross-validation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from evals.cases import load_cases
from sequitur import safety
from sequitur.ports import Embedder, Vectors
from sequitur.triage import PERSONAL, URGENT, parts

_FOLDS = 4
_STRENGTH = 10.0  # inverse regularisation


class Message(NamedTuple):
    """A message and its label: "emergency", "personal" or "none"."""

    text: str
    label: str


def messages(safety_file: Path, gold: Path) -> list[Message]:
    """The labelled messages, and the dev half of the gold questions as harmless ones."""
    rows = [json.loads(line) for line in safety_file.read_text(encoding="utf-8").splitlines() if line.strip()]
    labelled = [Message(row["text"], row["label"]) for row in rows]
    harmless = [Message(turn, "none") for case in load_cases(gold, "dev") if case.outcome in {"answer", "abstain"} for turn in case.turns]
    return [*labelled, *harmless]


def fit(vectors: Vectors, wanted: Sequence[bool]) -> Vectors:
    """Logistic weights with the bias last, shape (dimension + 1,)."""
    model = LogisticRegression(C=_STRENGTH, max_iter=2000, class_weight="balanced").fit(vectors, np.array(wanted))
    return np.concatenate([model.coef_[0], model.intercept_]).astype(np.float32)


def train(found: Sequence[Message], embedder: Embedder) -> tuple[Vectors, dict[str, float]]:
    """Weights fitted on everything, shape (2, dimension + 1), and the cross-validated figures of rules and model together."""
    cut = [parts(message.text) for message in found]
    owner = np.repeat(np.arange(len(found)), [len(pieces) for pieces in cut])
    vectors = embedder.embed([piece for pieces in cut for piece in pieces])
    # Of a long emergency only some sentence is the emergency: those are left to testing.
    usable = np.array([len(cut[message]) == 1 or found[message].label != "emergency" for message in owner.tolist()])
    labels = np.array([found[message].label for message in owner.tolist()])
    fold = np.array([int(hashlib.sha256(message.text.encode()).hexdigest(), 16) % _FOLDS for message in found])[owner]
    scores = np.full((2, len(found)), -np.inf)
    for held in range(_FOLDS):
        learn, test = usable & (fold != held), fold == held
        for row, label in enumerate(("emergency", "personal")):
            weights = fit(vectors[learn], list(labels[learn] == label))
            np.maximum.at(scores[row], owner[test], vectors[test] @ weights[:-1] + weights[-1])
    final = np.stack([fit(vectors[usable], list(labels[usable] == label)) for label in ("emergency", "personal")])
    return final, _figures(found, 1.0 / (1.0 + np.exp(-scores)))


def _figures(found: Sequence[Message], probability: Vectors) -> dict[str, float]:
    rules = [safety.gate(message.text) for message in found]
    label = np.array([message.label for message in found])
    urgent = (probability[0] >= URGENT) | np.array([rule is safety.Gate.EMERGENCY for rule in rules])
    personal = ~urgent & ((probability[1] >= PERSONAL) | np.array([rule is safety.Gate.PERSONAL for rule in rules]))
    return {
        "messages": float(len(found)),
        "emergencies_caught": float(urgent[label == "emergency"].mean()),
        "false_alarms": float(urgent[label == "none"].mean()),
        "personal_caught": float((personal | urgent)[label == "personal"].mean()),
        "personal_false": float(personal[label == "none"].mean()),
    }


def write(target: Path, weights: Vectors, fingerprint: str, figures: dict[str, float]) -> None:
    """Write triage.json."""
    rounded = [[round(float(value), 5) for value in row] for row in weights]
    target.write_text(json.dumps({"fingerprint": fingerprint, "figures": figures, "weights": rounded}), encoding="utf-8")
