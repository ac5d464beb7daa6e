"""What the emergency gate says of labelled messages: how many emergencies it sees, and how often it cries without one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.cases import load_cases
from sequitur.ports import Embedder
from sequitur.triage import PERSONAL, URGENT, Gate, Triage

SAFETY = Path(__file__).parent / "safety.jsonl"
HELD_OUT = Path(__file__).parent / "safety-heldout.jsonl"  # not trained on
GOLD = Path(__file__).parent / "gold"


class Message(NamedTuple):
    """A message and its label: "emergency", "personal", "none", or "harmless": no emergency, and maybe personal."""

    text: str
    label: str


def labelled(file: Path) -> list[Message]:
    """The messages of a file, a JSON object a line."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [Message(row["text"], row["label"]) for row in rows]


def messages(file: Path, gold: Path) -> list[Message]:
    """What the gate is trained on: labelled messages, and the dev half of the gold questions as harmless ones, those on other articles with it."""
    own, others = (
        [turn for case in load_cases(place, "dev") if case.outcome in {"answer", "abstain"} for turn in case.turns]
        for place in (gold, gold / "elsewhere")
    )
    return [*labelled(file), *(Message(turn, "none") for turn in own), *(Message(turn, "harmless") for turn in others)]


def measure(found: Sequence[Message], embedder: Embedder) -> dict[str, float]:
    """The figures of the whole gate as it is, rules and model."""
    triage = Triage(embedder)
    said = [triage.gate(message.text) for message in found]
    return _shares(found, np.array([gate is Gate.EMERGENCY for gate in said]), np.array([gate is Gate.PERSONAL for gate in said]))


def figures(found: Sequence[Message], odds: NDArray[Any]) -> dict[str, float]:
    """The figures of a model's log-odds of (emergency, personal) alone, shape (messages, 2), at the gate's thresholds."""
    likely = 1.0 / (1.0 + np.exp(-odds))
    urgent = likely[:, 0] >= URGENT
    return _shares(found, urgent, ~urgent & (likely[:, 1] >= PERSONAL))


def _shares(found: Sequence[Message], urgent: NDArray[np.bool_], personal: NDArray[np.bool_]) -> dict[str, float]:
    label = np.array([message.label for message in found])

    def share(said: NDArray[np.bool_], of: str) -> float:
        return float(said[label == of].mean()) if (label == of).any() else 0.0

    return {
        "messages": float(len(found)),
        "emergencies_caught": share(urgent, "emergency"),
        "false_alarms": share(urgent, "none"),
        "false_alarms_elsewhere": share(urgent, "harmless"),
        "false_alarms_personal": share(urgent, "personal"),
        "personal_caught": share(personal | urgent, "personal"),
        "personal_false": share(personal, "none"),
    }
