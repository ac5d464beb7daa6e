"""The gate before retrieval: the rules of `safety`, and a small model over the embedder's middle for what no rule foresaw.

The model (models/gate.py) was trained on evals/safety.jsonl and on the dev halves of the gold questions, which are no emergencies. It belongs to one embedder; with another one
the rules stand alone.
"""

from __future__ import annotations

import itertools
import re
from enum import StrEnum

import numpy as np

from sequitur import safety
from sequitur.intent import ACKNOWLEDGEMENT
from sequitur.ports import Embedder
from sequitur.text import fold, sentences

_SHORT = 160  # characters; a longer message is also read sentence by sentence, so that nothing hides in its middle

# Probabilities from which the model's word counts.
URGENT = 0.25
CONCERN = 0.05
PERSONAL = 0.5
UNNAMED = 0.8  # the same where nobody is spoken of: "on phenelzine, got a cold, lemsip yes or no"
RULED_OUT = 0.001  # below it a rule that fired is worrying only


class Gate(StrEnum):
    """What the gate says of a message."""

    NONE = "none"
    EMERGENCY = "emergency"
    CONCERN = "concern"  # answered, with a line on when to call for help
    PERSONAL = "personal"


class Triage:
    """Says of each message whether it is an emergency, worrying, about one person's treatment, or none of these."""

    def __init__(self, embedder: Embedder) -> None:
        """With an embedder that has no head for it, the rules alone."""
        self._embedder = embedder

    def gate(self, message: str) -> Gate:
        """Emergencies before all else; misses nothing for politeness; ignores studies, denials and quotes."""
        rule = safety.gate(message)
        if rule is not safety.Gate.EMERGENCY and ACKNOWLEDGEMENT.match(fold(message)):
            return Gate.NONE
        odds = self._embedder.danger(parts(message))
        if not len(odds):
            return Gate(rule.value)
        emergency, personal = (1.0 / (1.0 + np.exp(-odds.max(axis=0)))).tolist()
        if emergency >= (RULED_OUT if rule is safety.Gate.EMERGENCY else URGENT):
            return Gate.EMERGENCY
        if rule is safety.Gate.PERSONAL or (personal >= (PERSONAL if safety.about_someone(message) else UNNAMED)):
            return Gate.PERSONAL
        return Gate.CONCERN if rule is safety.Gate.EMERGENCY or emergency >= CONCERN else Gate.NONE


def parts(message: str) -> list[str]:
    """What is classified of a message: the whole where it is short, each sentence, and each pair of sentences; denials and quotes left out."""
    text = fold(safety.asserted(message))
    cut = [span.of(text) for span in sentences(re.sub(r"([.!?])\s+(\w)", lambda match: f"{match[1]} {match[2].upper()}", text))]
    whole = [text] if len(cut) < 2 or len(text) <= _SHORT else []
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(cut)]
    found = [part.lower() for part in (*whole, *cut, *pairs) if re.search(r"\w", part)]
    return list(dict.fromkeys(found))
