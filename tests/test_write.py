"""Roles: the same facts and citations for everyone; what is added is marked, plain, and holds no figure."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from evals.readability import grade
from sequitur import write
from sequitur.chat import Chat
from sequitur.glossary import glossary
from sequitur.safety import PERSONAL_NOTE
from sequitur.schema import Answer, Outcome, Role

QUESTIONS = (
    "How common are psychedelic effects with ketamine?",
    "What is the dose of ketamine for CRPS?",
    "What did the trial by Pickering find?",
    "How does ketamine work?",
    "What should be tried before ketamine?",
    "How much ketamine should I take?",
    "ketamine dose for cats?",
)
OWN = (write.PATIENT_CLOSE, write.PATIENT_PERSONAL, write.PATIENT_AMOUNTS, *(question for _, question in write.PATIENT_QUESTIONS))


@pytest.fixture(scope="module")
def asked(chat: Chat) -> list[dict[Role, Answer]]:
    return [{role: chat.ask(question, (), role) for role in Role} for question in QUESTIONS]


def added(answer: Answer, plain: Answer) -> str:
    """What a role's answer says beyond the clinician's."""
    said = answer.answer
    for part in plain.answer.split("\n\n"):
        said = said.replace(part, "", 1)
    return said.strip()


def test_all_roles_are_told_the_same_facts_with_the_same_citations(asked):
    for by_role in asked:
        clinician = by_role[Role.CLINICIAN]
        for answer in by_role.values():
            assert answer.claims == clinician.claims
            assert answer.citations == clinician.citations
            assert answer.outcome is clinician.outcome
            if answer.claims:
                said = clinician.answer.split("\n\n")[-1]
                assert said in answer.answer, "the claims stand word for word"


def test_a_clinician_is_told_the_facts_alone(asked):
    for by_role in asked:
        assert "(what the words mean" not in by_role[Role.CLINICIAN].answer
        assert "your doctor" not in by_role[Role.CLINICIAN].answer


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.PATIENT])
def test_glosses_come_below_the_claims_are_few_and_marked_as_no_source(asked, role):
    glossed = 0
    for by_role in asked:
        answer = by_role[role]
        above, marked, below = answer.answer.partition(write.GLOSSARY[role])
        if not marked:
            continue
        glossed += 1
        assert "not from the sources" in marked
        rows = re.findall(r"^- \*(.+?)\*: (.+)\.$", below, re.MULTILINE)
        assert 1 <= len(rows) <= 3
        meanings = {gloss.term: gloss.patient if role is Role.PATIENT else gloss.trainee for gloss in glossary()}
        assert all(meanings[term] == meaning for term, meaning in rows)
        assert not re.search(r"\[\d+\]|\d", below), "nothing below the claims cites or counts"
        assert re.search(r"\[\d+\]", above)
    assert glossed >= 4


def test_a_trainee_is_told_no_more_than_the_glossary(asked):
    for by_role in asked:
        beyond = added(by_role[Role.TRAINEE], by_role[Role.CLINICIAN])
        assert beyond == "" or beyond.startswith(write.GLOSSARY[Role.TRAINEE])


def test_a_patient_is_sent_to_the_doctor_with_questions(asked):
    for by_role in asked:
        patient = by_role[Role.PATIENT]
        assert patient.answer.endswith(write.PATIENT_CLOSE)
        if patient.claims:
            [line] = [part for part in patient.answer.split("\n\n") if part.startswith(write.QUESTIONS)]
            assert 1 <= line.count("?") <= 6


def test_amounts_are_said_not_to_be_for_the_patient(asked):
    for by_role in asked:
        patient = by_role[Role.PATIENT]
        amounts = any(re.search(r"\d\s?mg\b", claim.text) for claim in patient.claims)
        assert (write.PATIENT_AMOUNTS in patient.answer) == amounts
    assert any(write.PATIENT_AMOUNTS in by_role[Role.PATIENT].answer for by_role in asked)


def test_a_patients_own_dose_is_declined_in_plain_words_and_others_in_the_note(asked):
    personal = next(by_role for by_role in asked if by_role[Role.PATIENT].outcome is Outcome.PERSONAL)
    assert personal[Role.PATIENT].answer.startswith(write.PATIENT_PERSONAL)
    assert personal[Role.CLINICIAN].answer.startswith(PERSONAL_NOTE)
    for by_role in asked:
        assert "you should take" not in by_role[Role.PATIENT].answer.lower()


def test_what_is_said_to_patients_in_our_own_words_reads_at_grade_nine_or_below(asked):
    """Quotes stay as they are; everything around them is measured, part by part and as a whole."""
    for part in OWN:
        assert grade(part) <= 9
    for by_role in asked:
        patient = by_role[Role.PATIENT]
        if patient.claims:
            assert grade(added(patient, replace(patient, answer=by_role[Role.CLINICIAN].answer))) <= 9


def test_a_retracted_source_is_named_at_the_claim_in_list_table_and_beside_others(chat: Chat):
    answer = chat.ask("How common are psychedelic effects with ketamine?")
    claim = next(claim for claim in answer.claims if len(claim.citations) > 1)
    for place in (0, 1):
        doubted = claim.citations[place]
        citations = [
            replace(citation, flags=("retracted",)) if citation.marker == doubted else replace(citation, flags=())
            for citation in answer.citations
        ]
        said = write.markdown(Outcome.ANSWERED, write.Said((claim,), citations), (), chat.article, Role.CLINICIAN)
        note = "this publication was retracted" if place == 0 else f"[{doubted}]: this publication was retracted"
        assert said.endswith(f"*({note})*")
    table = chat.ask("which trials tested ketamine in CRPS?")
    citations = [replace(citation, flags=("retracted",)) for citation in table.citations]
    said = write.markdown(Outcome.ANSWERED, write.Said(table.claims, citations, table=True), (), chat.article, Role.CLINICIAN)
    assert said.count("this publication was retracted") == len(table.claims)
