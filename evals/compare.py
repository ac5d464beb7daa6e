"""Two runs side by side: what changed, case by case, and whether it may be chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evals.cases import SPLITS
from evals.figures import MEANS
from evals.measures import Judged
from evals.stats import holm, interval, significance
from evals.store import Run, RunError

Score = Callable[[Judged], float | None]
_ROUNDED = 4


def _of(field: str) -> Score:
    return lambda row: None if getattr(row, field) is None else float(getattr(row, field))


def _among(expected: Callable[[str], bool], outcome: str) -> Score:
    return lambda row: float(row.outcome == outcome) if expected(row.expected) else None


# What has a value a case, so that two runs can be paired.
SCORES: Mapping[str, Score] = {
    **{name: _of(field) for name, field in MEANS.items()},
    "abstention.recall": _among(lambda expected: expected == "abstain", "abstained"),
    "abstention.over_refusal": _among(lambda expected: expected == "answer", "abstained"),
    "urgent_recall": _among(lambda expected: expected == "urgent", "urgent"),
    "urgent_false_alarms": _among(lambda expected: expected != "urgent", "urgent"),
    "personal_recall": _among(lambda expected: expected == "refuse-personal", "personal"),
    "forbidden_statements": _of("forbidden"),
    "words": lambda row: float(row.words) if row.outcome == "answered" else None,
}
_TOLD = ("ndcg@10", "nugget_recall", "evidence_recall", "citation_precision", "citation_recall", "numeric_fidelity", "forbidden_statements")


def compare(a: Run, b: Run, cases_of: str = "dev", seed: int = 0) -> dict[str, Any]:
    """For each split every measure's change from `a` to `b` with its interval and p; for one split the cases that changed.

    Raises:
        RunError: the runs are not of the same cases; the first missing one is named with its line.
    """
    _same_cases(a, b)
    of_b = {row.id: row for row in b.judged}
    splits = {}
    for split in SPLITS:
        pairs = [(row, of_b[row.id]) for row in a.judged if row.split == split]
        if pairs:
            splits[split] = {"cases": len(pairs), "measures": measures(pairs, seed)}
            if split == cases_of:
                splits[split]["changed"] = changed(pairs)
    made = [run.summary["provenance"] for run in (a, b)]
    moved = {name: [made[0][name], made[1].get(name)] for name in made[0] if made[0][name] != made[1].get(name)}
    return {"a": a.name, "b": b.name, "same_gold": "gold" not in moved, "provenance_changed": moved, "splits": splits}


def _same_cases(a: Run, b: Run) -> None:
    for one, other in ((a, b), (b, a)):
        known = {row.id for row in other.judged}
        for line, row in enumerate(one.judged, 1):
            if row.id not in known:
                message = f"{other.folder / 'judged.jsonl'} has no prediction for {row.id!r} ({one.folder / 'judged.jsonl'}, line {line})"
                raise RunError(message)


def measures(pairs: Sequence[tuple[Judged, Judged]], seed: int = 0) -> dict[str, dict[str, float]]:
    """Means before and after over the cases where both apply, the difference with its bootstrap interval, p, and p after Holm."""
    found: dict[str, dict[str, float]] = {}
    for name, score in SCORES.items():
        both = [(before, after) for one, other in pairs if (before := score(one)) is not None and (after := score(other)) is not None]
        differences = [after - before for before, after in both]
        ends = interval(differences, seed)
        if ends:
            before, after = (sum(values) / len(both) for values in zip(*both, strict=True))
            found[name] = {
                "a": before,
                "b": after,
                "difference": ends.mean,
                "low": ends.low,
                "high": ends.high,
                "p": significance(differences, seed),
                "cases": len(both),
                "rose": sum(difference > 0 for difference in differences),
                "fell": sum(difference < 0 for difference in differences),
            }
    adjusted = holm({name: row["p"] for name, row in found.items()})
    return {
        name: {**{key: round(value, _ROUNDED) for key, value in row.items()}, "p_holm": round(adjusted[name], _ROUNDED)}
        for name, row in found.items()
    }


def changed(pairs: Sequence[tuple[Judged, Judged]]) -> list[dict[str, Any]]:
    """The cases whose outcome or measures changed, each with what it was and what it is."""
    found = []
    for one, other in pairs:
        moved: dict[str, Any] = {} if one.outcome == other.outcome else {"outcome": [one.outcome, other.outcome]}
        for name in _TOLD:
            before, after = SCORES[name](one), SCORES[name](other)
            if before != after:
                moved[name] = [value if value is None else round(value, _ROUNDED) for value in (before, after)]
        if moved:
            found.append({"id": one.id, "expected": one.expected, **moved})
    return found


def told(found: Mapping[str, Any]) -> str:
    """A comparison as it is printed."""
    lines = [f"{found['a']} → {found['b']}"]
    lines.extend(f"  {name}: {before} → {after}" for name, (before, after) in found["provenance_changed"].items())
    for split, part in found["splits"].items():
        lines.append(
            f"\n{split}, {part['cases']} cases\n{'measure':26}{'a':>8}{'b':>8}{'change':>9}  95 % interval       p  (Holm)  rose fell"
        )
        lines.extend(
            f"{name:26}{row['a']:8.3f}{row['b']:8.3f}{row['difference']:+9.3f}  {row['low']:+.3f} … {row['high']:+.3f}"
            f"{row['p']:8.3f}{row['p_holm']:8.3f}{row['rose']:6}{row['fell']:5}"
            for name, row in part["measures"].items()
        )
        for case in part.get("changed", ()):
            moves = [f"{name} {value[0]} → {value[1]}" for name, value in case.items() if isinstance(value, list)]
            lines.append(f"  {case['id']} (expected {case['expected']}): {', '.join(moves)}")
    return "\n".join(lines)
