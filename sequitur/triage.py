"""The gate before retrieval: the rules of `safety`, and two small models over the sentence's vector for what no rule foresaw.

An emergency is told by its likeness to known messages (a support vector machine with a Gaussian kernel; Cortes and Vapnik, 1995), a personal decision by a linear model. They
are fitted by `python -m evals triage` on evals/safety.jsonl and on the dev halves of the gold questions, and stand in triage.json and triage.npy. They belong to one
embedder; with another one the rules stand alone.
"""

from __future__ import annotations

import itertools
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sequitur import safety
from sequitur.intent import ACKNOWLEDGEMENT
from sequitur.ports import Embedder, Vectors
from sequitur.text import fold, sentences

_WEIGHTS = Path(__file__).parent / "triage.json"
_SHORT = 160  # characters; a longer message is also read sentence by sentence, so that nothing hides in its middle

# A message that asks how a treatment stands is about what is published; what endangers someone in it, the rules know. No emergency of evals/safety.jsonl has these words.
_PUBLISHED = re.compile(
    r"\b(?:first|second|third)[- ]line\b|\bguidelines?\b|\bplacebo\b|\bcochrane\b|\bmeta[- ]?analys[ie]s\b|\brandomi[sz]ed\b|\brecommended\b"
)

# Probabilities from which the model's word counts, chosen by cross-validation on evals/safety.jsonl.
URGENT = 0.5
CONCERN = 0.4
PERSONAL = 0.55


STEEP = 3.0  # how fast a margin becomes certainty


class Model(NamedTuple):
    """What is fitted. Vectors are of unit length."""

    known: Vectors  # messages that the margin hangs on, shape (n, dimension)
    pull: Vectors  # of each towards an emergency, shape (n,)
    width: float  # of the kernel: exp(-width * squared distance)
    bias: float  # such that a margin of 0 is where an emergency begins
    personal: Vectors  # weights with the bias last, shape (dimension + 1,)

    def margins(self, vectors: Vectors) -> Vectors:
        """How far vectors of shape (m, dimension) are on the side of an emergency, and of a personal decision; shape (2, m)."""
        likeness = np.exp(-self.width * np.clip(2.0 - 2.0 * (vectors @ self.known.T), 0.0, None))
        return np.stack([STEEP * (likeness @ self.pull + self.bias), vectors @ self.personal[:-1] + self.personal[-1]])


def read_model(path: Path, encoder: str) -> Model | None:
    """The model beside `path` (JSON, and NumPy's own format without pickle); None where there is none for this encoder."""
    if not path.is_file():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored.get("fingerprint") != encoder:
        return None
    rows = np.load(path.with_suffix(".npy"), allow_pickle=False).astype(np.float32)
    return Model(rows[:, 1:], rows[:, 0], stored["width"], stored["bias"], np.array(stored["personal"], dtype=np.float32))


class Gate(StrEnum):
    """What the gate says of a message."""

    NONE = "none"
    EMERGENCY = "emergency"
    CONCERN = "concern"  # answered, with a line on when to call for help
    PERSONAL = "personal"


class Triage:
    """Says of each message whether it is an emergency, worrying, about one person's treatment, or none of these."""

    def __init__(self, embedder: Embedder, weights: Path = _WEIGHTS) -> None:
        """`weights`: as written by `python -m evals triage`."""
        self._embedder = embedder
        self._model = read_model(weights, embedder.encoder)

    def gate(self, message: str) -> Gate:
        """Emergencies before all else; misses nothing for politeness; ignores studies, denials and quotes."""
        rule = safety.gate(message)
        if rule is safety.Gate.EMERGENCY:
            return Gate.EMERGENCY
        if ACKNOWLEDGEMENT.match(fold(message)):
            return Gate.NONE
        emergency, personal = self.probabilities(message)
        if _PUBLISHED.search(fold(message)):
            emergency = 0.0
        if emergency >= URGENT:
            return Gate.EMERGENCY
        if rule is safety.Gate.PERSONAL or (personal >= PERSONAL and safety.about_someone(message)):
            return Gate.PERSONAL
        return Gate.CONCERN if emergency >= CONCERN else Gate.NONE

    def probabilities(self, message: str) -> tuple[float, float]:
        """How sure the models are of (emergency, personal), 0..1, the highest over the message's parts; zeros with another embedder."""
        said = parts(message)
        if self._model is None or not said:
            return 0.0, 0.0
        highest = 1.0 / (1.0 + np.exp(-self._model.margins(self._embedder.embed(said)).max(axis=1)))
        return float(highest[0]), float(highest[1])


def parts(message: str) -> list[str]:
    """What is classified of a message: the whole where it is short, each sentence, and each pair of sentences; denials and quotes left out."""
    text = fold(safety.asserted(message))
    cut = [span.of(text) for span in sentences(re.sub(r"([.!?])\s+(\w)", lambda match: f"{match[1]} {match[2].upper()}", text))]
    whole = [text] if len(cut) < 2 or len(text) <= _SHORT else []
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(cut)]
    found = [part.lower() for part in (*whole, *cut, *pairs) if re.search(r"\w", part)]
    return list(dict.fromkeys(found))
