"""The figures of a run: means with intervals, rates, and the tables that show them."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from evals.cases import ROLES, SPLITS
from evals.measures import Judged, abstention_intervals, f1, rate
from evals.stats import interval
from evals.systems import OURS

Figures = dict[str, Any]

# Means over cases: name, field of `Judged`.
MEANS: Mapping[str, str] = {
    "ndcg@10": "ndcg10",
    "recall@5": "recall5",
    "recall@10": "recall10",
    "rr": "rr",
    "evidence@5": "evidence5",
    "evidence@10": "evidence10",
    "nugget_recall": "vital",
    "okay_nugget_recall": "okay",
    "nugget_precision": "nugget_precision",
    "evidence_recall": "evidence",
    "citation_precision": "citation_precision",
    "citation_recall": "citation_recall",
    "numeric_fidelity": "numbers",
    "right_outcome": "right_outcome",
}
_PARITY = ("ndcg@10", "recall@5", "evidence@5", "nugget_recall", "evidence_recall")
_SIDE_BY_SIDE = (
    "ndcg@10",
    "evidence@5",
    "nugget_recall",
    "nugget_precision",
    "evidence_recall",
    "citation_precision",
    "citation_recall",
    "numeric_fidelity",
)


def figures(judged: Mapping[str, Sequence[Judged]], seed: int = 0) -> Figures:
    """The system's figures over the whole file, and apart for each split: its own, its follow-ups, and the baselines'."""
    splits = [split for split in SPLITS if any(row.split == split for row in judged[OURS])]
    return {**summary(judged[OURS], seed), "splits": {split: _split(judged, split, seed) for split in splits}}


def _split(judged: Mapping[str, Sequence[Judged]], split: str, seed: int) -> Figures:
    of_split = {name: [row for row in rows if row.split == split] for name, rows in judged.items()}
    others = {name: summary(rows, seed) for name, rows in of_split.items() if name != OURS}
    own = summary(of_split[OURS], seed)
    if "human-rewrite" in of_split:
        own["follow_up_parity"] = parity(of_split[OURS], of_split["human-rewrite"])
    if {"human-rewrite", "last-turn"} <= of_split.keys():
        own["self_contained"] = self_contained(of_split[OURS], of_split["last-turn"], of_split["human-rewrite"])
    return {**own, **({"baselines": others} if others else {})}


def parity(ours: Sequence[Judged], human: Sequence[Judged]) -> dict[str, float]:
    """On follow-ups alone: the system's figure as a share of what the human rewrite brings, asked as one question; 0/0 is 1."""
    found = {}
    for name in _PARITY:
        own, other = (_mean([row for row in rows if row.turns > 1], MEANS[name]) for rows in (ours, human))
        if own is not None and other is not None:
            found[name] = round(own / other, 4) if other else 1.0
    return found


def self_contained(ours: Sequence[Judged], alone: Sequence[Judged], human: Sequence[Judged]) -> dict[str, float]:
    """Last turns that need no history, for asked alone they find as much evidence among five as in a human's words, and some: how many, and the share for which the conversation before brings less."""
    whole = [
        (own.evidence5, single.evidence5)
        for own, single, clean in zip(ours, alone, human, strict=True)
        if own.turns > 1 and single.evidence5 and clean.evidence5 is not None and single.evidence5 >= clean.evidence5
    ]
    worse = sum((with_history or 0.0) < single for with_history, single in whole)
    return {"cases": len(whole), **({"worse": round(worse / len(whole), 4)} if whole else {})}


def _mean(rows: Sequence[Judged], field: str) -> float | None:
    known = [float(getattr(row, field)) for row in rows if getattr(row, field) is not None]
    return statistics.fmean(known) if known else None


def summary(judged: Sequence[Judged], seed: int = 0) -> Figures:
    """The figures of one system: means with bootstrap intervals, and rates."""

    def mean(field: str) -> dict[str, float] | None:
        found = interval([getattr(row, field) for row in judged], seed)
        return {key: round(value, 4) for key, value in dataclasses.asdict(found).items()} if found else None

    answered = sorted(row.words for row in judged if row.outcome == "answered")
    times = sorted(row.milliseconds for row in judged)
    ends = abstention_intervals(judged, seed)
    return {
        "cases": len(judged),
        **{name: mean(field) for name, field in MEANS.items()},
        "abstention": {name: round(value, 4) for name, value in f1(judged).items()},
        "abstention_interval": {name: [round(found.low, 4), round(found.high, 4)] for name, found in ends.items()},
        "urgent_recall": rate(judged, lambda row: row.outcome == "urgent", lambda row: row.expected == "urgent"),
        "urgent_false_alarms": rate(judged, lambda row: row.outcome == "urgent", lambda row: row.expected != "urgent"),
        "personal_recall": rate(judged, lambda row: row.outcome == "personal", lambda row: row.expected == "refuse-personal"),
        "personal_false_alarms": rate(judged, lambda row: row.outcome == "personal", lambda row: row.expected != "refuse-personal"),
        "forbidden_statements": sum(row.forbidden for row in judged),
        "disclaimer_share": rate(judged, lambda row: row.disclaimer, lambda _: True),
        "reading_grade": {role: round(grade, 1) for role in ROLES if (grade := _grade(judged, role)) is not None},
        "median_words": statistics.median(answered) if answered else None,
        "words": _words(judged),
        "milliseconds": {"p50": statistics.median(times), "p95": times[int(0.95 * (len(times) - 1))]} if times else {},
    }


def _words(judged: Sequence[Judged]) -> dict[str, float]:
    """Words of an answer: median and 95th percentile, and the median by role; readers other than clinicians are told what hard words mean as well."""
    counts = {role: sorted(row.words for row in judged if row.outcome == "answered" and row.role == role) for role in ROLES}
    whole = sorted(count for found in counts.values() for count in found)
    if not whole:
        return {}
    by_role = {role: float(statistics.median(found)) for role, found in counts.items() if found}
    return {"p50": float(statistics.median(whole)), "p95": float(whole[int(0.95 * (len(whole) - 1))]), **by_role}


def _grade(judged: Sequence[Judged], role: str) -> float | None:
    grades = [row.grade for row in judged if row.role == role and row.grade is not None]
    return statistics.median(grades) if grades else None


def flat(found: Mapping[str, Any], before: str = "") -> dict[str, float]:
    """Every figure under one name: the mean of an interval, "abstention.f1" of a group; lists, baselines and what is missing left out."""
    values: dict[str, float] = {}
    for name, value in found.items():
        if isinstance(value, Mapping) and "mean" in value:
            values[before + name] = float(value["mean"])
        elif isinstance(value, Mapping) and name not in {"baselines", "splits", "provenance", "files"}:
            values.update(flat(value, f"{before}{name}."))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            values[before + name] = float(value)
    return values


def table(found: Mapping[str, Any]) -> str:
    """The figures as one plain table."""
    lines = [f"{'measure':34}{'value':>9}  95 % interval    cases"]
    ends = found.get("abstention_interval", {})
    for name, value in flat(found).items():
        entry = found.get(name)
        line = f"{name:34}" + (f"{value:9.3f}" if value % 1 or abs(value) <= 1 else f"{value:9.0f}")
        if isinstance(entry, Mapping):
            line += f"  {entry['low']:.3f} … {entry['high']:.3f}  {entry['cases']:5}"
        elif name.partition(".")[2] in ends and name.startswith("abstention."):
            low, high = ends[name.partition(".")[2]]
            line += f"  {low:.3f} … {high:.3f}"
        lines.append(line)
    return "\n".join(lines)


def side_by_side(split: Mapping[str, Any]) -> str:
    """The system and its baselines, a line each."""
    names = [*_SIDE_BY_SIDE, "abstention.f1", "abstention.over_refusal", "median_words"]
    heads = ["nDCG@10", "evid@5", "nugget R", "nugget P", "cited", "cit P", "cit R", "numbers", "abst F1", "refused", "words"]
    lines = [f"{'':14}" + "".join(f"{head:>9}" for head in heads)]
    for name, row in ((OURS, split), *split.get("baselines", {}).items()):
        values = flat(row)
        cells = [f"{values[key]:.3f}" if key in values else "-" for key in names[:-1]]
        cells.append(f"{values[names[-1]]:.0f}" if names[-1] in values else "-")
        lines.append(f"{name:14}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def report(summary: Mapping[str, Any]) -> str:
    """Each split by itself, as it is printed."""
    parts = []
    for split, found in summary["splits"].items():
        parts.append(f"{split}\n{table(found)}")
        if found.get("baselines"):
            parts.append(f"{split}, beside the baselines\n{side_by_side(found)}")
    return "\n\n".join(parts)
