"""One evaluation run: every case asked, measured and written down."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.cases import Case
from evals.measures import Judged, f1, interval, judge, rate
from sequitur.chat import Chat
from sequitur.errors import QuestionError
from sequitur.render import record
from sequitur.schema import Answer, Role, Turn

_TIMES = ("milliseconds",)


def predict(chat: Chat, case: Case) -> Answer:
    """The system's answer to the last turn, after its own answers to the earlier ones."""
    turns: list[Turn] = []
    for turn in case.turns[:-1]:
        try:
            turns.append(chat.turn(chat.ask(turn, tuple(turns), Role(case.role))))
        except QuestionError:
            continue
    return chat.ask(case.turns[-1], tuple(turns), Role(case.role))


def run(chat: Chat, cases: Sequence[Case]) -> tuple[list[Judged], list[dict[str, Any]]]:
    """Judged cases and their predictions. Predictions hold no times, so that equal runs are equal byte for byte."""
    judged, predictions = [], []
    for case in cases:
        answer = predict(chat, case)
        judged.append(judge(case, answer, chat.documents, chat.article.disclaimer))
        whole = record(answer)
        predictions.append({"id": case.id, **{name: value for name, value in whole.items() if name not in _TIMES}})
    return judged, predictions


def summary(judged: Sequence[Judged]) -> dict[str, Any]:
    """The figures of a run: means with bootstrap intervals, and rates."""

    def mean(name: str) -> dict[str, float] | None:
        found = interval([getattr(row, name) for row in judged])
        return {key: round(value, 4) for key, value in dataclasses.asdict(found).items()} if found else None

    abstention = {name: round(value, 4) for name, value in f1(judged).items()}
    answered = [row.words for row in judged if row.outcome == "answered"]
    times = sorted(row.milliseconds for row in judged)
    return {
        "cases": len(judged),
        "nugget_recall": mean("vital"),
        "okay_nugget_recall": mean("okay"),
        "evidence_recall": mean("evidence"),
        "citation_precision": mean("citation_precision"),
        "citation_recall": mean("citation_recall"),
        "numeric_fidelity": mean("numbers"),
        "abstention": abstention,
        "urgent_recall": rate(judged, lambda row: row.outcome == "urgent", lambda row: row.expected == "urgent"),
        "urgent_false_alarms": rate(judged, lambda row: row.outcome == "urgent", lambda row: row.expected != "urgent"),
        "personal_recall": rate(judged, lambda row: row.outcome == "personal", lambda row: row.expected == "refuse-personal"),
        "forbidden_statements": sum(row.forbidden for row in judged),
        "disclaimer_share": rate(judged, lambda row: row.disclaimer, lambda _: True),
        "median_words": statistics.median(answered) if answered else None,
        "milliseconds": {"p50": statistics.median(times), "p95": times[int(0.95 * (len(times) - 1))]},
    }


def table(figures: dict[str, Any]) -> str:
    """The figures as one plain table."""
    lines = [f"{'measure':28}{'value':>8}  95 % interval    cases"]
    for name, value in figures.items():
        if isinstance(value, dict) and "mean" in value:
            lines.append(f"{name:28}{value['mean']:8.3f}  {value['low']:.3f} … {value['high']:.3f}  {value['cases']:5}")
        elif isinstance(value, dict):
            lines.extend(f"{name + ' ' + part:28}{number:8.3f}" for part, number in value.items())
        elif value is not None:
            lines.append(f"{name:28}{value:8.3f}" if isinstance(value, float) else f"{name:28}{value:8}")
    return "\n".join(lines)


def write(folder: Path, figures: dict[str, Any], judged: Sequence[Judged], predictions: Sequence[dict[str, Any]]) -> None:
    """Write summary.json, judged.jsonl and predictions.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    for name, rows in (("judged", [dataclasses.asdict(row) for row in judged]), ("predictions", list(predictions))):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
