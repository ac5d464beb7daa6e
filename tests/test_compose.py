"""The extractive composer: it picks sentences and writes none, or abstains and says what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sequitur.assemble import Assembly, assemble
from sequitur.chat import Chat
from sequitur.compose import answerable, compose, preceding, shown
from sequitur.condense import condense
from sequitur.coverage import has_figure
from sequitur.index import unmarked
from sequitur.retrieve import retrieve
from sequitur.routes import routes
from sequitur.schema import TITLE, Draft, Query, Retrieved
from sequitur.text import words

QUESTIONS = (
    "What are the side effects of ketamine?",
    "What dose of gabapentin is used?",
    "Does ketamine help neuropathic pain?",
    "What did Pickering 2020 find?",
)


@pytest.fixture(scope="module")
def assembly(settings, index_dir) -> Assembly:
    return assemble(settings)


def found(assembly: Assembly, question: str) -> tuple[Query, Retrieved]:
    query = condense(question, (), assembly.vocabulary)
    return query, retrieve(query, assembly.index, assembly.embedder)


def draft(assembly: Assembly, question: str, *, avoid: bool = False) -> Draft:
    return compose(*found(assembly, question), assembly.index, avoid=avoid)


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_claim_is_the_words_of_the_first_passage_it_names(assembly, question):
    written = draft(assembly, question)
    assert written.claims
    assert written.mode == "extractive"
    for claim in written.claims:
        passage = assembly.index.by_id[claim.passages[0]]
        assert claim.text == shown(passage, assembly.index)
        assert claim.text.endswith(unmarked(passage))


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_claim_is_a_question_a_title_or_said_twice(assembly, question):
    claims = draft(assembly, question).claims
    assert len({claim.text for claim in claims}) == len(claims)
    assert not [claim for claim in claims if claim.text.endswith("?")]
    assert not [claim for claim in claims if TITLE in assembly.index.by_id[claim.passages[0]].flags]


@pytest.mark.parametrize("question", QUESTIONS)
def test_claims_of_one_document_stand_together(assembly, question):
    order = [assembly.index.by_id[claim.passages[0]].document_id for claim in draft(assembly, question).claims]
    assert order == sorted(order, key=order.index)


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_can_be_read_in_a_minute(assembly, question):
    assert sum(words(claim.text) for claim in draft(assembly, question).claims) <= 200


def test_a_question_the_corpus_does_not_answer_gets_no_claims_and_names_what_is_missing(assembly):
    written = draft(assembly, "ketamine dose for cats?")
    assert (written.claims, written.missing.unknown) == ((), ("cats",))


def test_without_hits_nothing_is_answerable(assembly):
    query, retrieved = found(assembly, QUESTIONS[0])
    nothing = replace(retrieved, hits=())
    assert answerable(query, nothing) < 0
    assert compose(query, nothing, assembly.index).claims == ()


def test_another_drug_of_the_article_does_not_lend_its_dose(assembly):
    claims = draft(assembly, "what dose of ketamine is used for neuropathic pain?").claims
    assert claims
    assert not [claim for claim in claims if "gabapentin" in claim.text.lower() and "ketamine" not in claim.text.lower()]


def test_a_dose_by_another_route_is_not_told(assembly):
    claims = draft(assembly, "oral ketamine, how many mg?").claims
    for claim in claims:
        passage = assembly.index.by_id[claim.passages[0]]
        title = assembly.index.documents[passage.document_id].title
        by = routes(passage.text) or routes(title)
        assert not (has_figure("dose", passage) and by) or "oral" in by, claim.text


def test_where_only_doses_by_other_routes_are_known_the_question_is_declined(assembly):
    written = draft(assembly, "what is the intranasal dose of ketamine?")
    assert (written.claims, written.missing.unsaid) == ((), ("intranasal dose",))


def test_the_dose_of_a_class_is_not_that_of_another_drug(assembly):
    claims = draft(assembly, "what dose of snri").claims
    assert claims
    assert not [claim for claim in claims if "ketamine" in claim.text.lower() and "mg" in claim.text]


def test_a_dose_worked_out_for_a_body_weight_can_be_left_out(assembly):
    for question in ("How much ketamine is given intravenously for a 70 kg adult?", "ketamine 35 mg modest amount"):
        claims = draft(assembly, question, avoid=True).claims
        assert not [claim for claim in claims if "70 kg adult" in claim.text]


def test_a_sentence_that_leans_on_the_one_before_brings_it(assembly):
    for passage in assembly.index.passages:
        if passage.text.startswith(("It ", "They ")) and TITLE not in passage.flags:
            before = preceding(passage, assembly.index)
            text = shown(passage, assembly.index)
            said = before.of(assembly.index.documents[passage.document_id].text) if before else ""
            assert text in {unmarked(passage), f"{said} {unmarked(passage)}"}
            assert text.endswith(unmarked(passage))


def test_composing_is_deterministic(assembly):
    for question in QUESTIONS:
        assert draft(assembly, question) == draft(assembly, question)


@pytest.mark.parametrize("question", ["does repeated ketamine damage the liver?", "What are the side effects of ketamine in CRPS?"])
def test_a_sentence_brought_along_by_the_next_one_is_not_said_again(chat: Chat, question):
    answer = chat.ask(question)
    assert answer.claims
    for claim in answer.claims:
        assert sum(claim.text in other.text for other in answer.claims) == 1
