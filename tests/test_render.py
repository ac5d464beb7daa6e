"""Rendering: each form of an answer says the same, carries its disclaimer, and can be read back where it is a record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequitur import jsonvalue
from sequitur.chat import Chat
from sequitur.render import answer_from_record, markdown, record, review_line, source_line, terminal
from sequitur.schema import (
    Answer,
    CheckedClaim,
    Citation,
    CitedReference,
    Document,
    Outcome,
    Passage,
    Review,
    Role,
    Span,
    Verdict,
    Withheld,
)

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
MAYBE = st.one_of(st.none(), st.integers(1900, 2100))
REFERENCES = st.builds(CitedReference, TEXT, TEXT, st.one_of(st.none(), TEXT), st.one_of(st.none(), st.integers(1, 9)))
CITATIONS = st.builds(
    Citation, st.integers(1, 9), TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.integers(0, 99), st.integers(0, 99), TEXT, TEXT, MAYBE, st.one_of(st.none(), TEXT), TEXT,
    st.lists(TEXT, max_size=2).map(tuple), st.lists(REFERENCES, max_size=2).map(tuple),
)  # fmt: skip
CLAIMS = st.builds(CheckedClaim, TEXT, st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple), st.sampled_from(Verdict), TEXT)
ANSWERS = st.builds(
    Answer,
    question=TEXT,
    standalone=TEXT,
    answer=TEXT,
    outcome=st.sampled_from(Outcome),
    claims=st.lists(CLAIMS, max_size=2).map(tuple),
    withheld=st.lists(st.builds(Withheld, TEXT, TEXT), max_size=2).map(tuple),
    citations=st.lists(CITATIONS, max_size=2).map(tuple),
    related=st.lists(CITATIONS, max_size=2).map(tuple),
    disclaimer=TEXT.filter(str.strip),
    review=st.builds(Review, TEXT, TEXT, TEXT),
    role=st.sampled_from(Role),
    mode=TEXT,
    suggestions=st.lists(TEXT, max_size=3).map(tuple),
    milliseconds=st.lists(st.tuples(TEXT, st.floats(0, 1e6)), max_size=3, unique_by=lambda lap: lap[0]).map(tuple),
)
SPANS = st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda pair: Span(*pair))
PASSAGES = st.builds(
    Passage, TEXT, TEXT, SPANS, TEXT, TEXT, st.one_of(st.none(), SPANS), st.lists(SPANS, max_size=2).map(tuple), st.lists(TEXT, max_size=2).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple), st.lists(TEXT, max_size=2).map(tuple),
)  # fmt: skip
DOCUMENTS = st.builds(
    Document, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple), MAYBE, url=st.one_of(st.none(), TEXT)
)


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_a_record_gives_back_the_answer_it_was_made_from(answer):
    assert answer_from_record(json.loads(json.dumps(record(answer), ensure_ascii=False))) == answer


@settings(max_examples=60, deadline=None)
@given(st.one_of(PASSAGES, DOCUMENTS, CITATIONS, CLAIMS))
def test_values_of_the_schema_survive_json(value):
    assert jsonvalue.from_json(type(value), json.loads(json.dumps(jsonvalue.to_json(value)))) == value


@pytest.mark.parametrize("stored", [{}, {"milliseconds": {}}, {"milliseconds": {}, "unknown": 1}])
def test_what_is_no_record_is_refused(stored):
    with pytest.raises((ValueError, KeyError, TypeError)):
        answer_from_record(stored)


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_every_form_carries_the_disclaimer_byte_for_byte(answer):
    assert answer.disclaimer in terminal(answer)
    assert answer.disclaimer in markdown(answer)
    assert record(answer)["disclaimer"] == answer.disclaimer


@pytest.fixture(scope="module")
def answers(chat: Chat) -> dict[str, Answer]:
    asked = {"answered": "What are the side effects of ketamine?", "abstained": "ketamine dose for cats?", "urgent": "I took too much ketamine",
             "personal": "How much ketamine should I take?", "acknowledged": "ok thanks"}  # fmt: skip
    found = {outcome: chat.ask(question) for outcome, question in asked.items()}
    return found | {"refused": chat.refused("", "the question is empty")}


@pytest.mark.parametrize("outcome", ["answered", "abstained", "urgent", "personal", "acknowledged", "refused"])
def test_the_disclaimer_is_the_articles_own_in_every_form_of_every_outcome(chat: Chat, answers, outcome):
    answer = answers[outcome]
    disclaimer = chat.article.disclaimer
    assert disclaimer in chat.documents[chat.article.document_id].text
    assert answer.disclaimer == record(answer)["disclaimer"] == disclaimer
    assert terminal(answer).endswith(f"Disclaimer: {disclaimer}")
    assert markdown(answer).endswith(f"> {disclaimer}\n")
    for form in (terminal(answer), markdown(answer)):
        assert "review status: under review, last updated 2025-10-10" in form


@pytest.mark.parametrize("disclaimer", ["", " ", "\n\t"])
def test_an_answer_refuses_to_exist_without_a_disclaimer(answers, disclaimer):
    with pytest.raises(ValueError, match="without a disclaimer"):
        replace(answers["answered"], disclaimer=disclaimer)


def test_an_answer_cannot_be_changed_after_it_was_checked(answers):
    with pytest.raises(AttributeError):
        answers["answered"].answer = "something else"


def test_a_record_has_the_fields_of_the_contract(answers):
    fields = {
        "question", "standalone", "answer", "abstained", "urgent", "claims", "withheld", "citations", "disclaimer", "review", "role", "mode", "suggestions", "milliseconds",
    }  # fmt: skip
    citation_fields = {"marker", "source", "passage_id", "title", "section", "passage", "start", "end", "sha256", "kind", "year", "url"}
    for outcome, answer in answers.items():
        whole = record(answer)
        assert fields <= whole.keys()
        assert whole["abstained"] == (outcome in {"abstained", "refused"})
        assert whole["urgent"] == (outcome == "urgent")
        assert {"status", "last_updated"} <= whole["review"].keys()
        assert isinstance(whole["milliseconds"]["total"], float)
        assert all(citation_fields <= citation.keys() for citation in whole["citations"])
        assert all({"text", "citations", "verdict"} <= claim.keys() for claim in whole["claims"])


def test_the_terminal_shows_sources_and_how_a_follow_up_was_understood(chat: Chat):
    first = chat.ask("Does ketamine help nerve pain?")
    answer = chat.ask("And its side effects?", (chat.turn(first),))
    shown = terminal(answer)
    assert shown.startswith(f"Understood as: {answer.standalone}")
    for citation in answer.citations:
        assert f"[{citation.marker}] {source_line(citation)}" in shown


def test_withheld_sentences_are_counted_with_their_reasons(answers):
    held = replace(answers["answered"], withheld=(Withheld("a", "the number 9 stands in no cited passage"),))
    assert "1 sentence(s) not shown: the number 9 stands in no cited passage" in terminal(held)


def test_related_reading_is_labelled_as_no_answer(chat: Chat, answers):
    abstained = answers["abstained"]
    assert abstained.related
    for form in (terminal(abstained), markdown(abstained)):
        assert "Related reading (does not answer the question)" in form


@pytest.mark.parametrize(
    ("status", "said"), [("unknown", "review status unknown"), ("", "review status: "), ("under review", "review status: under review")]
)
def test_an_unknown_status_is_never_shown_as_approved(answers, status, said):
    line = review_line(replace(answers["answered"], review=Review(status, "", "")))
    assert said in line
    assert "approved" not in line.lower()
    assert "no date of update" in line


def test_a_question_cannot_smuggle_markup_into_markdown(answers):
    hostile = replace(answers["acknowledged"], question="# <b>x</b> [a](http://evil.example) `c`\n> quoted")
    assert "\\<b\\>x\\</b\\> \\[a\\](http://evil.example) \\`c\\`" in markdown(hostile)
    assert markdown(hostile).split("\n")[0].startswith("## \\#")
