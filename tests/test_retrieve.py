"""Retrieval: fused, ordered, deterministic; and what a question is about is found however it is worded."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from sequitur import retrieve
from sequitur.chat import Chat
from sequitur.errors import QuestionError
from sequitur.schema import TITLE

RUN = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def test_hits_are_ranked_from_one_by_falling_score(chat: Chat):
    hits = chat.search("What are the side effects of ketamine?", 15)
    assert [hit.rank for hit in hits] == list(range(1, 16))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.passage.id for hit in hits}) == 15


def test_the_same_question_finds_the_same_passages(chat: Chat):
    question = "How common are psychedelic effects with ketamine?"
    assert chat.search(question) == chat.search(question)


def test_titles_stand_for_documents_and_are_no_hits(chat: Chat):
    hits = chat.search("Ketamine and Magnesium for Refractory Neuropathic Pain: A Randomized, Double-blind, Crossover Trial", 100)
    assert not [hit for hit in hits if TITLE in hit.passage.flags]


def test_no_more_passages_come_than_there_are(chat: Chat):
    assert 0 < len(chat.search("ketamine", 1000)) <= len(chat.passages)
    assert len(chat.search("ketamine", 1)) == 1


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("How common are psychedelic effects with ketamine?", "guimaraespereira2022-ketamine-neuropathic-meta"),
        ("What did Pickering find over five weeks?", "pickering2020-ketamine-magnesium"),
        ("ketamine with magnesium crossover trial", "pickering2020-ketamine-magnesium"),
        ("baclofen amitriptyline ketamine gel for chemotherapy neuropathy", "barton2011-bak-gel"),
        ("ketamine liver injury CRPS infusions", "noppers2011-liver-injury"),
        ("What does the Cochrane review of NMDA antagonists say?", "ferraro2025-cochrane-nmda"),
        ("duloxetine for chemotherapy-induced neuropathy", "smith2013-duloxetine-cipn"),
    ],
)
def test_what_only_one_source_can_answer_is_found_in_it(chat: Chat, question, document):
    assert document in [hit.passage.document_id for hit in chat.search(question, 10)]


@pytest.mark.parametrize("question", ["hallucinations on ketamine", "halucinations with ketamin", "does ketamine make you trip?"])
def test_a_matter_is_found_in_lay_words_and_with_typos(chat: Chat, question):
    assert any("sychedelic" in hit.passage.text or "allucination" in hit.passage.text for hit in chat.search(question, 10))


def test_a_question_of_unknown_words_alone_still_comes_back(chat: Chat):
    assert len(chat.search("zzyzx qwrtp")) <= 10


def test_what_cannot_be_asked_is_not_searched_for(chat: Chat):
    with pytest.raises(QuestionError):
        chat.search("   ")


def test_a_passage_that_meets_the_question_token_by_token_is_found_though_no_channel_reaches_it(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
):
    question = "was the number who gave up because of what it did to their liver written down"
    monkeypatch.setattr(retrieve, "_POOL", 3)
    monkeypatch.setattr(retrieve, "_VOTED", 0)
    few = {hit.passage.id for hit in chat.search(question, 100)}
    monkeypatch.setattr(retrieve, "_EVERY", 0)
    fewer = {hit.passage.id for hit in chat.search(question, 100)}
    assert len(fewer) == 3
    assert len(few) > 30
    assert fewer < few
