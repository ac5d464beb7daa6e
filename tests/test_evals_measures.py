"""Measures of one answer against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.cases import Case, Evidence, Forbidden, Nugget
from evals.measures import (
    Judged,
    abstention_intervals,
    evidence_recall,
    f1,
    judge,
    nugget_precision,
    plain,
    rate,
    reading_grade,
    share,
    shown_spans,
)
from sequitur.schema import Answer, CheckedClaim, Citation, Document, Outcome, Review, Role, Span, Verdict

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
    return replace(judge(CASE, ANSWER, DOCUMENTS, "D"), expected=expected, outcome=outcome, abstained=outcome == "abstained")


def test_the_spans_of_this_file_are_what_they_seem():
    assert [found.passage for found in (FELL, NAUSEA, DIED)] == [
        "Pain fell by 59% with duloxetine.", "Nausea came in 12 of 40 patients.", "Nobody died of it.",
    ]  # fmt: skip


def test_a_share_is_of_true_values_and_of_none_there_is_none():
    assert share([True, False, False, True]) == 0.5
    assert share([]) is None


def test_evidence_recall_is_the_share_of_vital_nuggets_of_which_half_a_quote_is_cited():
    assert evidence_recall(CASE, ANSWER, DOCUMENTS) == 0.5
    assert evidence_recall(CASE, replace(ANSWER, citations=(FELL, DIED)), DOCUMENTS) == 1.0
    assert evidence_recall(CASE, replace(ANSWER, citations=()), DOCUMENTS) == 0.0


@pytest.mark.parametrize(("end", "recall"), [(5, 0.5), (4, 0.0)])
def test_less_than_half_of_a_quote_is_no_evidence(end, recall):
    # "Nobody died" has 11 characters: six of them are more than half, five are less.
    assert evidence_recall(CASE, replace(ANSWER, citations=(citation(1, 68, 69 + end),)), DOCUMENTS) == recall


def test_two_citations_together_may_show_a_quote():
    assert evidence_recall(CASE, replace(ANSWER, citations=(citation(1, 68, 72), citation(2, 76, 79))), DOCUMENTS) == 0.5


def test_of_a_list_item_only_the_lead_in_and_the_item_are_its_own():
    text = "Risks:\n- nausea\n- sleep"
    item = Citation(1, "d", "d:18-23", "T", "T", "S", text, 0, 23, "", "rct", 2020, None, "", (), ())
    assert [span.of(text) for span in shown_spans(item)] == ["Risks:", "sleep"]
    assert shown_spans(FELL) == (Span(0, 33),)
    assert shown_spans(replace(FELL, passage_id="elsewhere")) == (Span(0, 33),)


def test_nugget_precision_is_the_share_of_claims_that_hold_a_nugget_read_with_their_source():
    stray = CheckedClaim("Duloxetine was given for weeks.", (1,), Verdict.SUPPORTED)
    assert nugget_precision(CASE, ANSWER) == 1.0
    assert nugget_precision(CASE, replace(ANSWER, claims=(*CLAIMS, stray, stray))) == 0.5
    assert nugget_precision(CASE, replace(ANSWER, claims=())) is None
    named = replace(CASE, nuggets=(Nugget("n", "which trial", vital=True, patterns=("^T Pain",)),))
    assert nugget_precision(named, ANSWER) == 0.5


def test_the_words_of_an_answer_are_without_markers_emphasis_and_escapes():
    assert plain("**Doe**: Pain fell by 59\\%. [1][2] \\[sic\\]") == "Doe: Pain fell by 59%. [sic]"


def test_an_answer_is_judged_by_all_measures_at_once():
    row = judge(CASE, ANSWER, DOCUMENTS, "D")
    assert (row.right_outcome, row.vital, row.okay, row.evidence, row.nugget_precision) == (True, 0.5, 1.0, 0.5, 1.0)
    assert (row.citation_recall, row.numbers, row.forbidden) == (1.0, 1.0, 1)
    assert (row.missed, row.disclaimer, row.milliseconds) == (("no deaths",), True, 5.0)
    assert (row.split, row.role, row.turns, row.words) == ("dev", "clinician", 1, 13)
    assert not judge(CASE, ANSWER, DOCUMENTS, "another").disclaimer


def test_nuggets_count_only_where_an_answer_was_due():
    row = judge(replace(CASE, outcome="abstain"), ANSWER, DOCUMENTS, "D")
    assert (row.right_outcome, row.vital, row.okay, row.evidence, row.nugget_precision, row.missed) == (False, None, None, None, None, ())


def test_what_stands_beside_the_claims_recalls_nothing():
    explained = replace(ANSWER, answer=f"{ANSWER.answer}\n\nIn plain words: nobody died.")
    assert judge(CASE, explained, DOCUMENTS, "D").vital == 0.5
    assert judge(CASE, replace(explained, claims=CLAIMS[1:]), DOCUMENTS, "D").vital == 0.0


def test_an_abstention_recalls_nothing_whatever_it_names():
    row = judge(CASE, replace(ANSWER, outcome=Outcome.ABSTAINED, claims=(), citations=()), DOCUMENTS, "D")
    assert (row.vital, row.okay, row.evidence, row.nugget_precision, row.grade) == (0.0, 0.0, 0.0, None, None)


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
    ends = abstention_intervals(rows)
    assert all(found.low <= found.mean <= found.high and found.cases == 6 for found in ends.values())
    assert ends["over_refusal"].mean == 0.25
    assert abstention_intervals([]) == {}


def test_a_rate_is_over_the_cases_it_is_of():
    rows = [judged("urgent", "urgent"), judged("urgent", "answered"), judged("answer", "urgent")]
    assert rate(rows, lambda row: row.outcome == "urgent", lambda row: row.expected == "urgent") == 0.5
    assert rate(rows, lambda row: True, lambda row: row.expected == "abstain") is None


def test_the_reading_grade_is_flesch_and_kincaids():
    # six words, six syllables, two sentences: 0.39 * 3 + 11.8 * 1 - 15.59
    assert reading_grade("The pain was bad. It went.") == pytest.approx(0.39 * 3 + 11.8 - 15.59)
    assert reading_grade("[1] 59%") is None
