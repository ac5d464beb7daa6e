"""Where the sources do not agree, one line says so, with both sides cited; where they do, nothing is said of it."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import Any

import pytest

from evals import recheck
from sequitur.chat import Chat
from sequitur.render import record
from sequitur.schema import BENEFIT, NO_DIFFERENCE, Side
from sequitur.settings import Settings
from sequitur.verify import differ, holds
from sequitur.write import DIFFER

WHETHER = "Is ketamine better than placebo?"


@pytest.fixture(scope="module")
def answer(chat: Chat) -> Any:
    return chat.ask(WHETHER)


def test_both_sides_are_cited_with_whom_and_when(answer):
    assert answer.answer.startswith(DIFFER)
    by_marker = {citation.marker: citation for citation in answer.citations}
    assert {BENEFIT, NO_DIFFERENCE} <= {side.holds for side in answer.sides}
    line = answer.answer.split("\n", 1)[0]
    for side in answer.sides:
        assert side.time in by_marker[side.citation].passage
        assert f"[{side.citation}]" in line
        if side.whom is not None:
            assert by_marker[side.whom].section == "Population"
            assert by_marker[side.whom].source == by_marker[side.citation].source


@pytest.mark.parametrize(
    "question",
    [
        "How does ketamine work in neuropathic pain?",
        "What did Pickering 2020 find?",
        "What are the side effects of ketamine?",
        "Does ketamine help in CRPS?",
        "Is duloxetine recommended in chemotherapy neuropathy?",
    ],
)
def test_nothing_is_said_where_they_agree_or_were_not_asked_that(chat: Chat, question):
    answer = chat.ask(question)
    assert not answer.sides
    assert DIFFER not in answer.answer


def test_a_side_that_its_passage_does_not_show_is_not_held(chat: Chat, answer):
    by_marker = {citation.marker: citation.passage_id for citation in answer.citations}
    for side in answer.sides:
        drafted = Side(side.holds, by_marker[side.citation], side.time)
        assert holds(drafted, chat.passages, chat.documents)
        assert not holds(replace(drafted, time="over 99 years"), chat.passages, chat.documents)
        if side.holds in {BENEFIT, NO_DIFFERENCE}:
            other = NO_DIFFERENCE if side.holds == BENEFIT else BENEFIT
            assert not holds(replace(drafted, holds=other), chat.passages, chat.documents)


def test_one_side_alone_is_no_difference():
    assert differ([BENEFIT, NO_DIFFERENCE])
    assert not differ([BENEFIT, BENEFIT])
    assert not differ([])


def test_the_checker_proves_each_side(answer, settings: Settings):
    proof = recheck.Proof(settings.corpus, None)
    true = json.loads(json.dumps(record(answer)))
    recheck.check({"answers": [true]}, proof)
    for field, lie in (("time", "over 99 years"), ("holds", "not recommended"), ("whom", true["claims"][0]["citations"][0])):
        false = copy.deepcopy(true)
        side = next(side for side in false["sides"] if side["whom"] is not None)
        side[field] = lie
        with pytest.raises(recheck.LieError):
            recheck.check({"answers": [false]}, proof)


def test_the_checker_wants_what_is_contradicted_to_be_the_questions(chat: Chat, settings: Settings):
    proof = recheck.Proof(settings.corpus, None)
    true = json.loads(json.dumps(record(chat.ask("why does oral ketamine work better than placebo?"))))
    recheck.check({"answers": [true]}, proof)
    false = copy.deepcopy(true)
    false["claims"][0]["against"] = "the drug cures gout"
    with pytest.raises(recheck.LieError, match="not in the question"):
        recheck.check({"answers": [false]}, proof)
