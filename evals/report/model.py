"""What a report tells of a run, gathered once for both its forms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from evals.cases import SPLITS, GoldError
from evals.figures import flat
from evals.measures import Judged
from evals.stats import interval
from evals.store import Run


class Measure(NamedTuple):
    """A figure as readers know it."""

    key: str
    label: str
    says: str


GROUPS: Mapping[str, tuple[Measure, ...]] = {
    "Answers": (
        Measure("nugget_recall", "Vital facts told", "share of the facts a good answer must hold that the answer holds"),
        Measure("okay_nugget_recall", "Further facts told", "share of the facts a good answer may hold"),
        Measure("nugget_precision", "Claims that tell a gold fact", "a lower bound: what is right but no gold fact counts against it"),
        Measure("evidence_recall", "Evidence cited", "share of the vital facts of which the citations show the gold quote"),
        Measure("right_outcome", "Right kind of answer", "answered, declined, urgent or personal, as expected"),
    ),
    "Citations": (
        Measure("citation_recall", "Claims carried by their citations", "ALCE citation recall"),
        Measure("citation_precision", "Citations that are needed", "ALCE citation precision"),
        Measure("numeric_fidelity", "Figures that stand in a cited passage", "value and unit, in a passage the very claim cites"),
    ),
    "Retrieval": (
        Measure("ndcg@10", "nDCG@10", "how high the relevant passages stand"),
        Measure("recall@5", "Recall@5", "share of the relevant passages among the first five"),
        Measure("recall@10", "Recall@10", "share of the relevant passages among the first ten"),
        Measure("rr", "Reciprocal rank", "1 where the first passage is relevant, 0.5 where the second is the first"),
    ),
}
_ABSTENTION = (
    Measure("precision", "Declined rightly", "of the questions declined, those that cannot be answered"),
    Measure("recall", "Unanswerable declined", "of the questions that cannot be answered, those declined"),
    Measure("f1", "Declining, F1", "harmonic mean of the two"),
    Measure("over_refusal", "Answerable declined", "over-refusal; lower is better"),
)
_SAFETY = (
    Measure("urgent_recall", "Emergencies caught", ""),
    Measure("urgent_false_alarms", "False alarms of an emergency", "lower is better"),
    Measure("personal_recall", "Personal decisions declined", ""),
    Measure("personal_false_alarms", "False alarms of a personal decision", "lower is better"),
    Measure("disclaimer_share", "Answers with the disclaimer", ""),
)
_BASELINE_KEYS = ("nugget_recall", "evidence_recall", "citation_recall", "numeric_fidelity", "ndcg@10", "abstention.f1")


class Bar(NamedTuple):
    """A value in 0..1 with its 95 % interval, where there is one."""

    label: str
    value: float
    low: float | None
    high: float | None
    note: str  # "325 cases", or what it means


@dataclass(frozen=True, slots=True)
class Split:
    """The figures of one half of the gold set."""

    name: str
    cases: int
    groups: tuple[tuple[str, tuple[Bar, ...]], ...]
    baselines: tuple[tuple[str, tuple[float | None, ...]], ...]  # name, a value for each of `baseline_labels`
    parts: tuple[tuple[str, tuple[Bar, ...]], ...]  # vital facts told by kind, by role, by number of turns
    outcomes: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]  # expected → how often each outcome came
    words: tuple[int, ...]
    milliseconds: tuple[float, ...]
    other: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A whole report."""

    name: str
    provenance: tuple[tuple[str, str], ...]
    splits: tuple[Split, ...]
    cases: tuple[tuple[Judged, Mapping[str, Any]], ...]  # those that may be looked at, with their predictions
    shown: str  # the split they are of


def baseline_labels() -> tuple[str, ...]:
    """The heads of a baseline's values."""
    known = {measure.key: measure.label for group in GROUPS.values() for measure in group}
    return tuple(known.get(key, "Declining, F1") for key in _BASELINE_KEYS)


def told(run: Run, shown: str = "dev") -> Told:
    """Everything a report needs.

    Raises:
        GoldError: predictions and judged cases are not of the same cases.
    """
    predictions = run.predictions()
    if [prediction.get("id") for prediction in predictions] != [row.id for row in run.judged]:
        message = f"{run.folder}: predictions.jsonl and judged.jsonl are not of the same cases"
        raise GoldError(message)
    cases = tuple((row, prediction) for row, prediction in zip(run.judged, predictions, strict=True) if row.split == shown)
    splits = tuple(
        _split(name, run.summary["splits"][name], [row for row in run.judged if row.split == name])
        for name in SPLITS
        if name in run.summary["splits"]
    )
    return Told(run.name, tuple(_facts(run.summary.get("provenance", {}))), splits, cases, shown)


def went_wrong(row: Judged) -> bool:
    """Whether a case deserves a look: a wrong outcome, a vital fact missed, something forbidden said."""
    return not row.right_outcome or bool(row.missed) or bool(row.forbidden)


def _facts(made_with: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found = []
    for name, value in made_with.items():
        if isinstance(value, Mapping):
            found.extend(_facts(value, f"{before}{name} "))
        else:
            found.append((f"{before}{name}", "none" if value is None else str(value)))
    return found


def _split(name: str, figures: Mapping[str, Any], judged: Sequence[Judged]) -> Split:
    groups = [(group, tuple(bar for measure in measures if (bar := _bar(measure, figures)))) for group, measures in GROUPS.items()]
    groups.append(("Declining", tuple(bar for measure in _ABSTENTION if (bar := _abstention(measure, figures)))))
    safety = tuple(
        Bar(measure.label, float(figures[measure.key]), None, None, measure.says)
        for measure in _SAFETY
        if isinstance(figures.get(measure.key), int | float)
    )
    groups.append(("Safety", safety))
    return Split(
        name=name,
        cases=len(judged),
        groups=tuple((group, bars) for group, bars in groups if bars),
        baselines=tuple(_baselines(figures)),
        parts=tuple(_parts(judged)),
        outcomes=tuple(_outcomes(judged)),
        words=tuple(row.words for row in judged if row.outcome == "answered"),
        milliseconds=tuple(row.milliseconds for row in judged),
        other=tuple(_other(figures)),
    )


def _bar(measure: Measure, figures: Mapping[str, Any]) -> Bar | None:
    found = figures.get(measure.key)
    if not isinstance(found, Mapping):
        return None
    return Bar(measure.label, found["mean"], found["low"], found["high"], f"{found['cases']} cases; {measure.says}")


def _abstention(measure: Measure, figures: Mapping[str, Any]) -> Bar | None:
    value = figures.get("abstention", {}).get(measure.key)
    if value is None:
        return None
    low, high = figures.get("abstention_interval", {}).get(measure.key, (None, None))
    return Bar(measure.label, value, low, high, measure.says)


def _baselines(figures: Mapping[str, Any]) -> list[tuple[str, tuple[float | None, ...]]]:
    others = figures.get("baselines", {})
    rows = [("this system", flat(figures)), *((name, flat(found)) for name, found in others.items())] if others else []
    return [(name, tuple(values.get(key) for key in _BASELINE_KEYS)) for name, values in rows]


def _parts(judged: Sequence[Judged]) -> list[tuple[str, tuple[Bar, ...]]]:
    """Vital facts told in parts of the cases, so that a mean hides less."""
    answerable = [row for row in judged if row.vital is not None]
    cuts = {
        "by kind of question": {row.id: row.kind for row in answerable},
        "by reader": {row.id: row.role for row in answerable},
        "by turns": {row.id: "one turn" if row.turns == 1 else f"{row.turns} turns" for row in answerable},
    }
    found = []
    for title, part_of in cuts.items():
        bars = []
        for part in sorted(set(part_of.values())):
            values = [row.vital for row in answerable if part_of[row.id] == part]
            ends = interval(values)
            if ends:
                bars.append(Bar(part, ends.mean, ends.low, ends.high, f"{ends.cases} cases"))
        if len(bars) > 1:
            found.append((title, tuple(bars)))
    return found


def _outcomes(judged: Sequence[Judged]) -> list[tuple[str, tuple[tuple[str, int], ...]]]:
    names = sorted({row.outcome for row in judged})
    found = []
    for expected in sorted({row.expected for row in judged}):
        counts = Counter(row.outcome for row in judged if row.expected == expected)
        found.append((expected, tuple((name, counts[name]) for name in names)))
    return found


def _other(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = [("Forbidden statements made", str(figures.get("forbidden_statements", "–")))]
    found += [(f"Reading grade, {role}", f"{grade:.1f}") for role, grade in figures.get("reading_grade", {}).items()]
    found += [(f"Words, {name}", f"{value:.0f}") for name, value in figures.get("words", {}).items()]
    found += [(f"Milliseconds, {name}", f"{value:.0f}") for name, value in figures.get("milliseconds", {}).items()]
    found += [
        (f"Follow-ups against the human rewrite, {name}", f"{value:.3f}") for name, value in figures.get("follow_up_parity", {}).items()
    ]
    return found
