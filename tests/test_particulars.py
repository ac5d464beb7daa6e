"""Particulars: what is asked for in words that the answer does not repeat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequitur.particulars import asked_for, particulars, showing


def names(question: str) -> set[str]:
    return {own.particular.name for own in asked_for(question)}


def shown(name: str, text: str) -> bool:
    particular = next(particular for particular in particulars() if particular.name == name)
    return bool(showing(particular, [text]))


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("how old were they", "age"),
        ("mean age of the pts?", "age"),
        ("was that study done in England", "place"),
        ("Who funded the trial?", "funding"),
        ("how much does it cost", "cost"),
        ("reasons for drop outs", "dropout"),
        ("reasons for drop outs", "reason"),
        ("half life?", "half-life"),
        ("can my nan have it", "elderly"),
        ("is it ok if i'm breast feeding", "pregnancy"),
        ("when can i drive", "driving"),
        ("m:f ratio", "sex"),
    ],
)
def test_a_question_asks_for_a_particular_in_many_wordings(question, name):
    assert name in names(question)


@pytest.mark.parametrize(
    "question", ["how often do people hallucinate on it", "does it help nerve pain", "dose of pregabalin", "ok thanks"]
)
def test_a_question_on_findings_asks_for_no_particular(question):
    assert names(question) == set()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("age", "Adults aged 18 to 65 with chronic pain."),
        ("place", "Patients from 21 Dutch hospitals took part."),
        ("place", "A double-blind trial in Japan."),
        ("cost", "Probability of being cost-effective at £20 000: 97 %."),
        ("dropout", "Twelve withdrew and three were lost to follow-up."),
        ("reason", "It was stopped early because of liver injury."),
        ("half-life", "The half-life is about three hours."),
    ],
)
def test_a_passage_shows_a_particular_in_its_own_words(name, text):
    assert shown(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("age", "The average pain score was 4."),
        ("place", "Dysplasia was rarer, 5 mg per unit of volume; tell us."),
        ("place", "Vital signs were stable."),
        ("half-life", "Current evidence: Level II, Grade D."),
        ("cost", "Pain fell by 20 %."),
    ],
)
def test_a_passage_that_only_has_similar_letters_shows_nothing(name, text):
    assert not shown(name, text)


def test_each_particular_has_a_name_of_its_own():
    found = [particular.name for particular in particulars()]
    assert len(set(found)) == len(found) > 50


@given(st.text(max_size=300))
def test_any_text_can_be_asked_of_and_looked_at(text):
    for particular, words, said in asked_for(text):
        assert words
        assert said
        assert showing(particular, [text]) <= {0}
