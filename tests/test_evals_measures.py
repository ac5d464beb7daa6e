"""Measures against values worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evals.cases import Case, Evidence, Forbidden, Nugget
from evals.measures import (
    Interval,
    Judged,
    citation_precision,
    citation_recall,
    evidence_recall,
    f1,
    interval,
    judge,
    numeric_fidelity,
    rate,
    share,
)
from evals.run import predict, run, summary, table, write
from sequitur.chat import Chat
from sequitur.schema import Answer, CheckedClaim, Citation, Document, Outcome, Review, Role, Verdict

TEXT = "Pain fell by 59% with duloxetine. Nausea came in 12 of 40 patients. Nobody died of it."
DOCUMENTS = {"d": Document("d", "rct", "T", TEXT, "", "", "a")}


def citation(marker: int, start: int, end: int) -> Citation:
    return Citation(marker, "d", f"d:{start}-{end}", "T", "T", "S", TEXT[start:end], start, end, "", "rct", 2020, None, "", (), ())


FELL, NAUSEA, DIED = citation(1, 0, 33), citation(2, 34, 67), citation(3, 68, 86)
CLAIMS = (
    CheckedClaim("Pain fell by 59% with duloxetine.", (1,), Verdict.SUPPORTED),
    CheckedClaim("Nausea came in 12 of 40 patients.", (2, 1), Verdict.SUPPORTED),
)
ANSWER = Answer(
    question="q", standalone="q", answer="Pain fell by 59% with duloxetine. [1] Nausea came in 12 of 40 patients. [2][1]", outcome=Outcome.ANSWERED, claims=CLAIMS,
    withheld=(), citations=(FELL, NAUSEA), related=(), disclaimer="D", review=Review("", "", ""), role=Role.CLINICIAN, mode="extractive", note="", suggestions=(),
    milliseconds=(("total", 5.0),),
)  # fmt: skip
CASE = Case(
    id="c", split="dev", kind="single", unseen=True, role="clinician", turns=("q",), standalone="q", outcome="answer",
    nuggets=(Nugget("a", "59%", vital=True, patterns=("59 ?%",)), Nugget("b", "no deaths", vital=True, patterns=("nobody died",)), Nugget("c", "nausea", vital=False, patterns=("nausea",))),
    forbidden=(Forbidden("cures", "cures"), Forbidden("twelve", r"\b12 of 40")),
    evidence=(Evidence("d", "fell by 59%", "a"), Evidence("d", "Nobody died", "b"), Evidence("d", "Nausea", "c")),
)  # fmt: skip


def judged(expected: str, outcome: str) -> Judged:
    return Judged("x", "single", expected, outcome, right_outcome=True, vital=None, okay=None, evidence=None, citation_precision=None, citation_recall=None,
                  numbers=None, forbidden=0, disclaimer=True, words=10, milliseconds=1.0, missed=())  # fmt: skip


def test_the_spans_of_this_file_are_what_they_seem():
    assert [found.passage for found in (FELL, NAUSEA, DIED)] == [
        "Pain fell by 59% with duloxetine.", "Nausea came in 12 of 40 patients.", "Nobody died of it.",
    ]  # fmt: skip


def test_a_share_is_of_true_values_and_of_none_there_is_none():
    assert share([True, False, False, True]) == 0.5
    assert share([]) is None


def test_evidence_recall_is_the_share_of_vital_nuggets_with_an_overlapping_citation():
    assert evidence_recall(CASE, ANSWER, DOCUMENTS) == 0.5
    assert evidence_recall(CASE, replace(ANSWER, citations=(FELL, DIED)), DOCUMENTS) == 1.0
    assert evidence_recall(CASE, replace(ANSWER, citations=()), DOCUMENTS) == 0.0


def test_citation_precision_is_the_share_of_pairs_that_bear_on_their_claim():
    # (claim 1, fell) yes; (claim 2, nausea) yes; (claim 2, fell) no
    assert citation_precision(ANSWER) == pytest.approx(2 / 3)
    assert citation_precision(replace(ANSWER, claims=())) is None


def test_citation_recall_is_the_share_of_claims_with_their_very_words_cited():
    moved = replace(CLAIMS[1], citations=(1,))
    assert citation_recall(ANSWER) == 1.0
    assert citation_recall(replace(ANSWER, claims=(CLAIMS[0], moved))) == 0.5


@pytest.mark.parametrize(
    ("text", "fidelity"),
    [
        ("59% [1]", 1.0),
        ("59% of 41 [1]", 0.5),
        ("41 [1]", 0.0),
        ("12 of 40, not 13 of 40 [2]", 0.75),
        ("nothing [1]", None),
        ("59\\% [9]", 1.0),
    ],
)
def test_numeric_fidelity_is_the_share_of_numbers_that_stand_in_a_cited_passage(text, fidelity):
    assert numeric_fidelity(replace(ANSWER, answer=text)) == fidelity


def test_an_answer_is_judged_by_all_measures_at_once():
    row = judge(CASE, ANSWER, DOCUMENTS, "D")
    assert (row.right_outcome, row.vital, row.okay, row.evidence) == (True, 0.5, 1.0, 0.5)
    assert (row.citation_recall, row.numbers, row.forbidden) == (1.0, 1.0, 1)
    assert (row.missed, row.disclaimer, row.milliseconds) == (("no deaths",), True, 5.0)
    assert row.words == 13
    assert not judge(CASE, ANSWER, DOCUMENTS, "another").disclaimer


def test_nuggets_count_only_where_an_answer_was_due():
    row = judge(replace(CASE, outcome="abstain"), ANSWER, DOCUMENTS, "D")
    assert (row.right_outcome, row.vital, row.okay, row.evidence, row.missed) == (False, None, None, None, ())


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        ("answer", Outcome.ANSWERED),
        ("abstain", Outcome.ABSTAINED),
        ("urgent", Outcome.URGENT),
        ("refuse-personal", Outcome.PERSONAL),
        ("acknowledge", Outcome.ACKNOWLEDGED),
    ],
)
def test_each_expected_outcome_has_its_own_right_one(expected, outcome):
    case = replace(CASE, outcome=expected)
    right = {other for other in Outcome if judge(case, replace(ANSWER, outcome=other), DOCUMENTS, "D").right_outcome}
    assert right == {outcome}


def test_an_interval_holds_its_mean_and_is_the_same_for_the_same_seed():
    found = interval([1.0, 0.0, None, 1.0, 0.0])
    assert found is not None
    assert (found.mean, found.cases) == (0.5, 4)
    assert 0.0 <= found.low <= 0.5 <= found.high <= 1.0
    assert interval([1.0, 0.0, None, 1.0, 0.0]) == found
    assert interval([1.0, 1.0]) == Interval(1.0, 1.0, 1.0, 2)
    assert interval([None]) is None


def test_abstention_is_scored_as_detection():
    rows = [
        judged("abstain", "abstained"),
        judged("abstain", "answered"),
        judged("answer", "abstained"),
        *[judged("answer", "answered")] * 3,
        judged("urgent", "abstained"),
    ]
    assert f1(rows) == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "over_refusal": 0.25}
    assert f1([]) == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "over_refusal": 0.0}


def test_a_rate_is_over_the_cases_it_is_of():
    rows = [judged("urgent", "urgent"), judged("urgent", "answered"), judged("answer", "urgent")]
    assert rate(rows, lambda row: row.outcome == "urgent", lambda row: row.expected == "urgent") == 0.5
    assert rate(rows, lambda row: True, lambda row: row.expected == "abstain") is None


@pytest.fixture(scope="module")
def gold(chat: Chat) -> list[Case]:
    asked = [("c1", ("How common are psychedelic effects with ketamine?",), "answer"), ("c2", ("What is the capital of France?",), "abstain"),
             ("c3", ("Does ketamine help nerve pain?", "And its side effects?"), "answer")]  # fmt: skip
    nuggets = (Nugget("n", "4.94", vital=True, patterns=(r"4\.94",)),)
    return [
        replace(CASE, id=identity, turns=turns, outcome=outcome, nuggets=nuggets, forbidden=(), evidence=())
        for identity, turns, outcome in asked
    ]


def test_a_run_asks_every_case_with_its_own_history(chat: Chat, gold):
    rows, predictions = run(chat, gold)
    assert [row.id for row in rows] == [row["id"] for row in predictions] == ["c1", "c2", "c3"]
    assert [row.right_outcome for row in rows] == [True, True, True]
    assert rows[0].vital == 1.0
    assert "ketamine" in predictions[2]["standalone"].lower()
    assert predictions[2]["standalone"] == predict(chat, gold[2]).standalone


def test_two_runs_are_equal_byte_for_byte(chat: Chat, gold):
    assert json.dumps(run(chat, gold)[1]) == json.dumps(run(chat, gold)[1])


def test_the_figures_of_a_run_are_printed_and_written(chat: Chat, gold, tmp_path):
    rows, predictions = run(chat, gold)
    figures = summary(rows)
    assert (figures["cases"], figures["disclaimer_share"], figures["abstention"]["f1"]) == (3, 1.0, 1.0)
    assert "nugget_recall" in table(figures)
    write(tmp_path / "run", figures, rows, predictions)
    assert json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8")) == json.loads(json.dumps(figures))
    assert len((tmp_path / "run" / "judged.jsonl").read_text(encoding="utf-8").splitlines()) == 3
    assert len((tmp_path / "run" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()) == 3
