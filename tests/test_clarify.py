"""A question that could mean several things is asked back, with choices, and never twice in a row."""

from __future__ import annotations

import pytest

from sequitur.schema import Outcome


@pytest.mark.parametrize(
    "question",
    [
        "is it safe?",
        "does it work",
        "and that?",
        "what dose?",
        "how long does it last",
        "how often?",
        "why not?",
        "tell me more",
        "and the side effects?",
        "can they take it together?",
        "what did that study find?",
        "what happens if it stops working?",
    ],
)
def test_a_first_message_that_names_nothing_is_asked_back(chat, question):
    answer = chat.ask(question)
    assert answer.outcome is Outcome.CLARIFY
    assert 2 <= len(answer.suggestions) <= 3
    assert "ketamine" in answer.suggestions[0]
    assert all(choice in answer.answer for choice in answer.suggestions)
    assert not answer.citations
    assert not answer.abstained
    assert answer.disclaimer == chat.article.disclaimer


@pytest.mark.parametrize(
    "question",
    [
        "is ketamine safe?",
        "does it harm your liver",
        "side effects?",
        "is it safe in pregnancy",
        "what is this article about",
        "cancer pain?",
        "and for phantom limb pain?",
        "NNT?",
        "what are the risks of long term use?",
    ],
)
def test_a_question_that_names_something_is_answered_as_it_stands(chat, question):
    assert chat.ask(question).outcome is not Outcome.CLARIFY


def test_a_choice_reads_as_a_question_about_its_drug(chat):
    assert chat.ask("and what did that study find?").suggestions[0] == "What did the trials of ketamine find?"
    assert chat.ask("can they take it together?").suggestions[0] == "What do the sources say about ketamine?"


def test_it_is_not_asked_back_twice_in_a_row(chat):
    first = chat.ask("is it safe?")
    second = chat.ask("does it work?", (chat.turn(first),))
    assert second.outcome is not Outcome.CLARIFY


@pytest.mark.parametrize(
    ("reply", "meant"), [("the second one", 1), ("yes", 0), ("2", 1), ("duloxetine", 1), ("the third one please", None)]
)
def test_the_reply_picks_a_choice(chat, reply, meant):
    first = chat.ask("is it safe?")
    answer = chat.ask(reply, (chat.turn(first),))
    assert (answer.standalone == first.suggestions[meant]) if meant is not None else (answer.standalone not in first.suggestions)


def test_two_drugs_held_against_each_other_are_equally_likely_antecedents(chat):
    first = chat.ask("duloxetine versus pregabalin for chemotherapy neuropathy")
    answer = chat.ask("is it safe for the liver?", (chat.turn(first),))
    assert answer.outcome is Outcome.CLARIFY
    assert answer.suggestions == ("Is duloxetine safe for the liver?", "Is pregabalin safe for the liver?")
