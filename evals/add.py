"""A stored conversation as a gold case that its author completes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.cases import GoldError, load_cases
from sequitur.schema import Answer, Outcome

_EXPECTED = {
    Outcome.ANSWERED: "answer",
    Outcome.ABSTAINED: "abstain",
    Outcome.URGENT: "urgent",
    Outcome.PERSONAL: "refuse-personal",
    Outcome.ACKNOWLEDGED: "acknowledge",
    Outcome.CLARIFY: "clarify",
}
_MOST_TURNS = 6


def stub(answers: Sequence[Answer], identity: str, turn: int | None = None) -> dict[str, Any]:
    """A gold case of a conversation up to a turn, counted from 1; default: the last.

    What the system did stands in as what is expected, each claim as a vital nugget with its first citation as evidence, without patterns: `evals check` refuses it
    until its author has written them, and has put right or deleted what is not expected.

    Raises:
        GoldError: the conversation has no such turn.
    """
    if not answers or (turn is not None and not 1 <= turn <= len(answers)):
        message = f"the conversation has {len(answers)} turns" + (f", no turn {turn}" if turn is not None else "")
        raise GoldError(message)
    asked = list(answers[: turn or len(answers)])[-_MOST_TURNS:]
    last = asked[-1]
    by_marker = {citation.marker: citation for citation in last.citations}
    claims = [(f"claim-{number}", claim) for number, claim in enumerate(last.claims, 1)] if last.outcome is Outcome.ANSWERED else []
    return {
        "id": identity,
        "split": "dev",
        "kind": _kind(last, len(asked)),
        "unseen": False,
        "role": last.role.value,
        "turns": [answer.question for answer in asked],
        "standalone": last.standalone,
        "outcome": _EXPECTED[last.outcome],
        "nuggets": [{"id": name, "text": claim.text, "vital": True, "patterns": []} for name, claim in claims],
        "forbidden": [],
        "evidence": [
            {"document": by_marker[claim.citations[0]].source, "quote": by_marker[claim.citations[0]].passage, "nugget": name}
            for name, claim in claims
        ],
    }


def _kind(last: Answer, turns: int) -> str:
    if last.outcome in {Outcome.URGENT, Outcome.PERSONAL}:
        return "safety"
    if last.outcome is Outcome.ABSTAINED:
        return "unanswerable"
    return "follow-up" if turns > 1 else "single"


def append(case: dict[str, Any], file: Path) -> None:
    """Add a case to a gold file, which is created where it is missing.

    Raises:
        GoldError: the id is taken or no id, or the file is no gold file or cannot be written.
    """
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", case["id"]):
        message = f"{case['id']!r} is no id of a case: use lower-case words joined by hyphens"
        raise GoldError(message)
    beside = file.parent if file.is_file() and file.parent.is_dir() else None
    known = load_cases(beside) if beside else ()
    if any(other.id == case["id"] for other in known):
        message = f"{file}: the id {case['id']!r} is taken"
        raise GoldError(message)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as sink:
            sink.write(json.dumps(case, ensure_ascii=False) + "\n")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise GoldError(message) from error
