"""The gate before retrieval: the rules of `safety`, and a small linear model over the sentence's vector for what no rule foresaw.

The model is two rows of weights (emergency, personal) in triage.json, fitted by `python -m evals triage` on evals/safety.jsonl and on the dev half of
the gold questions. It belongs to one embedder; with another one the rules stand alone.
"""

from __future__ import annotations

import itertools
import json
import re
from enum import StrEnum
from pathlib import Path

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
CONCERN = 0.3
PERSONAL = 0.55


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
        self._weights: Vectors | None = None
        stored = json.loads(weights.read_text(encoding="utf-8")) if weights.is_file() else {}
        if stored.get("fingerprint") == embedder.encoder:
            self._weights = np.array(stored["weights"], dtype=np.float32)  # (2, dimension + 1), the bias last

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
        """The model's probabilities of (emergency, personal), the highest over the message's parts; zeros with another embedder."""
        said = parts(message)
        if self._weights is None or not said:
            return 0.0, 0.0
        vectors = self._embedder.embed(said)
        scores = vectors @ self._weights[:, :-1].T + self._weights[:, -1]
        highest = 1.0 / (1.0 + np.exp(-scores.max(axis=0)))
        return float(highest[0]), float(highest[1])


def parts(message: str) -> list[str]:
    """What is classified of a message: the whole where it is short, each sentence, and each pair of sentences; denials and quotes left out."""
    text = fold(safety.asserted(message))
    cut = [span.of(text) for span in sentences(re.sub(r"([.!?])\s+(\w)", lambda match: f"{match[1]} {match[2].upper()}", text))]
    whole = [text] if len(cut) < 2 or len(text) <= _SHORT else []
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(cut)]
    found = [part.lower() for part in (*whole, *cut, *pairs) if re.search(r"\w", part)]
    return list(dict.fromkeys(found))
