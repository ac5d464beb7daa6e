"""The floor below which no change may fall: evals/baseline.json, on the dev half."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.figures import flat
from evals.store import Run, RunError, write_whole

BASELINE = Path(__file__).parent / "baseline.json"
SPLIT = "dev"

# What is held, with the room it has: changes within it are noise. Figures of LOWER may not rise, the others may not fall.
HELD: Mapping[str, float] = {
    "ndcg@10": 0.01,
    "evidence@5": 0.01,
    "nugget_recall": 0.01,
    "nugget_precision": 0.01,
    "evidence_recall": 0.01,
    "citation_precision": 0.01,
    "citation_recall": 0.0,
    "numeric_fidelity": 0.0,
    "abstention.f1": 0.02,
    "urgent_recall": 0.0,
    "disclaimer_share": 0.0,
    "abstention.over_refusal": 0.01,
    "urgent_false_alarms": 0.005,
    "forbidden_statements": 0.0,
}
LOWER = frozenset({"abstention.over_refusal", "urgent_false_alarms", "forbidden_statements"})


def baseline_of(run: Run) -> dict[str, Any]:
    """What evals/baseline.json holds after a run.

    Raises:
        RunError: the run has no dev half.
    """
    figures = _figures(run)
    made = run.summary["provenance"]
    limits = {}
    for name, room in HELD.items():
        if name in figures:
            limits[name] = (
                {"at_most": round(figures[name] + room, 4)} if name in LOWER else {"at_least": round(max(0.0, figures[name] - room), 4)}
            )
    return {
        "split": SPLIT,
        "cases": int(figures["cases"]),
        "commit": made["commit"],
        "corpus": made["corpus"],
        "gold": made["gold"][SPLIT],
        "figures": limits,
    }


def write_baseline(run: Run, path: Path = BASELINE) -> dict[str, Any]:
    """Put a run's figures in force."""
    found = baseline_of(run)
    write_whole(path, found)
    return found


def read_baseline(path: Path = BASELINE) -> dict[str, Any]:
    """The floor in force.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        limits = found["figures"]
        sound = all(set(limit) <= {"at_least", "at_most"} and len(limit) == 1 for limit in limits.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path} cannot be read: write it with `python -m evals baseline RUN`"
        raise RunError(message) from error
    if not sound or not limits:
        message = f"{path} holds no figures with `at_least` or `at_most`: write it with `python -m evals baseline RUN`"
        raise RunError(message)
    return dict(found)


def breaches(run: Run, baseline: Mapping[str, Any]) -> list[str]:
    """The figures of a run that are out of bounds, a line each; a figure that is not there at all is one too."""
    figures = _figures(run)
    found = []
    for name, limit in baseline["figures"].items():
        value = figures.get(name)
        if value is None:
            found.append(f"{name} was not measured")
        elif "at_least" in limit and value < limit["at_least"]:
            found.append(f"{name} is {value:.4f}, below {limit['at_least']}")
        elif "at_most" in limit and value > limit["at_most"]:
            found.append(f"{name} is {value:.4f}, above {limit['at_most']}")
    return found


def _figures(run: Run) -> dict[str, float]:
    splits = run.summary["splits"]
    if SPLIT not in splits:
        message = f"the run {run.folder} has no {SPLIT} cases"
        raise RunError(message)
    return flat(splits[SPLIT])
