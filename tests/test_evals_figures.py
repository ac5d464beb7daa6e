"""Figures of a run against values worked out by hand."""

from __future__ import annotations

from evals.figures import figures, flat, report, side_by_side, summary, table
from evals.measures import Judged


def row(
    identity: str, expected: str, outcome: str, *, words: int = 10, role: str = "clinician", split: str = "dev", **values: object
) -> Judged:
    whole: dict[str, object] = {
        "id": identity, "split": split, "kind": "single", "role": role, "turns": 1, "expected": expected, "outcome": outcome,
        "right_outcome": expected[:6] == outcome[:6], "abstained": outcome == "abstained", "vital": None, "okay": None, "nugget_precision": None, "evidence": None,
        "citation_precision": None, "citation_recall": None, "numbers": None, "forbidden": 0, "disclaimer": True, "words": words,
        "grade": None, "milliseconds": 1.0, "missed": (), **values,
    }  # fmt: skip
    return Judged(**whole)  # type: ignore[arg-type]


ROWS = [
    row(
        "a",
        "answer",
        "answered",
        words=100,
        vital=1.0,
        grade=12.0,
        milliseconds=10.0,
        ndcg10=0.5,
        recall5=1.0,
        recall10=1.0,
        rr=0.5,
        evidence5=1.0,
        evidence10=1.0,
    ),
    row("b", "answer", "answered", words=50, vital=0.5, grade=8.0, role="patient", milliseconds=30.0, forbidden=2),
    row("c", "answer", "urgent", words=5, vital=0.0, milliseconds=2.0, disclaimer=False),
    row("d", "urgent", "urgent", milliseconds=1.0),
    row("e", "urgent", "answered", words=70, grade=14.0, milliseconds=20.0),
    row("f", "abstain", "abstained", split="test"),
]


def test_the_figures_of_a_few_cases():
    found = summary(ROWS)
    assert found["cases"] == 6
    assert (found["nugget_recall"]["mean"], found["nugget_recall"]["cases"]) == (0.5, 3)
    assert (found["ndcg@10"]["mean"], found["ndcg@10"]["cases"]) == (0.5, 1)
    assert found["evidence_recall"] is None
    assert (found["urgent_recall"], found["urgent_false_alarms"]) == (0.5, 0.25)
    assert (found["personal_recall"], found["personal_false_alarms"]) == (None, 0.0)
    assert (found["forbidden_statements"], found["disclaimer_share"]) == (2, 5 / 6)
    assert found["abstention"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "over_refusal": 0.0}
    assert found["reading_grade"] == {"clinician": 13.0, "patient": 8.0}
    assert (found["median_words"], found["words"]) == (70, {"p50": 70, "p95": 70, "clinician": 85, "patient": 50})
    assert found["milliseconds"] == {"p50": 6.0, "p95": 20.0}


def test_the_seed_moves_the_intervals_alone():
    one, other = summary(ROWS * 9, seed=1), summary(ROWS * 9, seed=2)
    assert one == summary(ROWS * 9, seed=1)
    assert one["nugget_recall"] != other["nugget_recall"]
    assert flat(one) == flat(other)


def test_splits_and_baselines_stand_apart():
    found = figures({"sequitur": ROWS, "empty": [row(one.id, one.expected, "abstained", split=one.split, words=0) for one in ROWS]})
    assert {split: part["cases"] for split, part in found["splits"].items()} == {"dev": 5, "test": 1}
    assert found["splits"]["dev"]["baselines"]["empty"]["abstention"]["over_refusal"] == 1.0
    assert not any("empty" in name or "splits" in name for name in flat(found))
    lines = report(found).split("\n")
    assert [line for line in lines if line.startswith(("dev", "test"))] == [
        "dev",
        "dev, beside the baselines",
        "test",
        "test, beside the baselines",
    ]


def test_a_table_has_a_line_a_figure_and_whole_numbers_whole():
    lines = table(summary(ROWS)).split("\n")
    assert next(line for line in lines if line.startswith("cases")).split() == ["cases", "6"]
    assert next(line for line in lines if line.startswith("nugget_recall")).split()[1:] == ["0.500", "0.000", "…", "1.000", "3"]
    assert not any(line.startswith("evidence_recall") for line in lines)
    [_, ours] = side_by_side(summary(ROWS)).split("\n")
    assert ours.split()[:3] == ["sequitur", "0.500", "1.000"]
    assert ours.split()[-1] == "70"
