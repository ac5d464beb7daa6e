"""Exports: every form says the whole conversation, keeps its numbers, carries the disclaimer, and lets nothing in it act."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from click.testing import Result

from sequitur.chat import Chat, corpus_digest
from sequitur.export import as_html, as_json, as_markdown
from sequitur.history import Conversation
from sequitur.render import answer_from_record
from sequitur.schema import Answer, Outcome, Turn

QUESTIONS = (
    "How common are psychedelic effects with ketamine?",
    "And how likely is discomfort?",
    "How common are psychedelic effects with ketamine?",
    "ketamine dose for cats?",
    "I took too much ketamine",
)
HOSTILE = '<script>alert(1)</script> [a](javascript:alert(1)) ![b](http://evil.example/p.png) "quoted" & more'


@pytest.fixture(scope="module")
def answers(chat: Chat) -> tuple[Answer, ...]:
    turns: list[Turn] = []
    asked = []
    for question in QUESTIONS:
        answer = chat.ask(question, tuple(turns))
        turns.append(chat.turn(answer))
        asked.append(answer)
    return tuple(asked)


def conversation(title: str = "Ward 7") -> Conversation:
    at = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
    return Conversation("ward-7", title, at, at, len(QUESTIONS))


class Page(HTMLParser):
    """Tags, addresses and words of an HTML page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.said += data


def test_a_passage_keeps_its_number_and_a_number_its_passage(answers):
    numbers: dict[int, str] = {}
    for answer in answers:
        for citation in answer.citations:
            assert numbers.setdefault(citation.marker, citation.passage_id) == citation.passage_id
    assert len(set(numbers.values())) == len(numbers)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert {citation.passage_id for citation in answers[0].citations} & {citation.passage_id for citation in answers[2].citations}


def test_every_answer_keeps_the_rules_of_markers(answers):
    for answer in answers:
        written = {int(number) for number in re.findall(r"\[(\d+)\]", answer.answer)}
        assert written == {citation.marker for citation in answer.citations}
        assert {marker for claim in answer.claims for marker in claim.citations} == written


def test_a_number_of_an_earlier_turn_is_understood(chat: Chat, answers):
    turns = tuple(chat.turn(answer) for answer in answers[:2])
    last = answers[1].citations[-1]
    pointed = chat.ask(f"How many patients were in [{last.marker}]?", turns)
    assert last.source in {citation.source for citation in pointed.citations}


def test_after_five_hundred_turns_a_question_is_answered_and_numbers_go_on(chat: Chat, answers):
    past = tuple(replace(chat.turn(answers[number % 3]), used=number) for number in range(500))
    answer = chat.ask("And how is it given?", past)
    given = {identity: marker for turn in past for identity, marker in zip(turn.shown, turn.markers, strict=True)}
    assert answer.citations
    assert all(citation.marker == given.get(citation.passage_id, citation.marker) for citation in answer.citations)
    assert all(citation.marker > 499 for citation in answer.citations if citation.passage_id not in given)


def test_a_number_of_a_changed_source_is_given_to_no_other(chat: Chat, answers):
    highest = max(citation.marker for citation in answers[0].citations)
    changed = replace(answers[0], citations=tuple(replace(citation, sha256="0" * 64) for citation in answers[0].citations))
    again = chat.ask(QUESTIONS[0], (chat.turn(changed),))
    assert min(citation.marker for citation in again.citations) == highest + 1


def test_the_record_holds_every_answer_and_every_source_by_its_sum(chat: Chat, answers):
    whole = json.loads(json.dumps(as_json(conversation(), answers, chat.documents)))
    assert tuple(answer_from_record(answer) for answer in whole["answers"]) == answers
    assert whole["corpus"]["sha256"] == corpus_digest(whole["corpus"]["documents"]) == answers[0].provenance.corpus
    listed = {(source["id"], source["sha256"]): source for source in whole["sources"]}
    for answer in answers:
        for citation in (*answer.citations, *answer.related):
            assert listed[citation.source, citation.sha256]["path"] == chat.documents[citation.source].path
            assert chat.documents[citation.source].text[citation.start : citation.end] == citation.passage


def test_the_record_says_nothing_of_a_corpus_that_is_not_at_hand(answers):
    whole = as_json(conversation(), answers, None)
    assert whole["corpus"] is None
    assert all(source["path"] is None for source in whole["sources"])


def test_the_disclaimer_stands_under_every_answer_of_every_form(chat: Chat, answers):
    disclaimer = chat.article.disclaimer
    assert as_markdown(conversation(), answers).count(f"> {disclaimer}\n") == len(answers)
    assert Page(as_html(conversation(), answers)).said.count(disclaimer) == len(answers)
    whole = as_json(conversation(), answers, None)
    assert [whole["disclaimer"], *(answer["disclaimer"] for answer in whole["answers"])] == [disclaimer] * (len(answers) + 1)


def test_markdown_and_html_show_questions_sources_and_how_they_were_understood(answers):
    written, page = as_markdown(conversation(), answers), Page(as_html(conversation(), answers))
    for answer in answers:
        assert answer.question in written
        assert answer.question in page.said
        for citation in answer.citations:
            assert f"\\[{citation.marker}\\] " in written
            assert citation.passage in page.said
            assert citation.sha256 in page.said
    assert f"Understood as: {answers[1].standalone}" in page.said


def test_the_markers_of_the_page_lead_to_their_sources(answers):
    page = Page(as_html(conversation(), answers))
    inside = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_nothing_in_a_conversation_acts_on_the_page(answers):
    hostile = replace(
        answers[0], question=HOSTILE, standalone=HOSTILE + "?", answer=f"{HOSTILE} [1]", note=HOSTILE, outcome=Outcome.ANSWERED
    )
    page = Page(as_html(conversation(HOSTILE), (hostile,)))
    assert not {"script", "img", "iframe"} & set(page.tags)
    assert all(link.startswith(("#t1-", "https://")) for link in page.links)
    assert page.said.count("<script>alert(1)</script>") == 6
    assert "<script>" not in as_markdown(conversation(HOSTILE), (replace(answers[0], question=HOSTILE),))


@pytest.fixture
def stored(cli: Callable[..., Result]) -> Callable[..., Result]:
    for question in QUESTIONS[:2]:
        assert cli("ask", question, "--conversation", "ward-7", "--json").exit_code == 0
    return cli


def test_the_commands_list_rename_export_and_delete(chat: Chat, stored):
    assert stored("conversations", "rename", "ward-7", "Side effects").exit_code == 0
    [row] = json.loads(stored("conversations", "list", "--json").stdout)["conversations"]
    assert (row["id"], row["title"], row["turns"]) == ("ward-7", "Side effects", 2)
    assert "Side effects" in stored("conversations", "list").stdout
    record = stored("export", "ward-7", "--json")
    assert [answer["question"] for answer in json.loads(record.stdout)["answers"]] == list(QUESTIONS[:2])
    assert stored("export", "ward-7", "--format", "json").stdout == record.stdout
    assert stored("export", "ward-7").stdout.startswith("# Side effects\n")
    assert stored("export", "ward-7", "--format", "html").stdout.startswith("<!doctype html>")
    assert stored("conversations", "delete", "ward-7").exit_code == 0
    assert json.loads(stored("conversations", "list", "--json").stdout) == {"conversations": []}
    for command in (("export", "ward-7"), ("conversations", "delete", "ward-7"), ("conversations", "rename", "ward-7", "x")):
        gone = stored(*command)
        assert (gone.exit_code, gone.stdout) == (1, "")
        assert "no conversation 'ward-7'" in gone.stderr
    assert stored("export", "ward-7", "--format", "pdf").exit_code == 2


def test_a_conversation_is_exported_without_an_index_too(stored, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQUITUR_INDEX", str(tmp_path / "nowhere"))
    exported = stored("export", "ward-7", "--json")
    assert exported.exit_code == 0
    assert json.loads(exported.stdout)["corpus"] is None
    assert "without the state of the corpus" in exported.stderr
