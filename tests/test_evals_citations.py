"""Citation recall and precision and numeric fidelity against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evals.citations import citation_precision, citation_recall, numeric_fidelity, supported
from sequitur.schema import Answer, CheckedClaim, Citation, Outcome, Review, Role, Verdict

FELL, NAUSEA, BOTH = (
    "Pain fell by 59% with duloxetine.",
    "Nausea came in 12 of 40 patients.",
    "Pain fell by 59% with duloxetine. Nausea came in 12 of 40 patients.",
)


def answer(*claims: tuple[str, tuple[int, ...]], passages: tuple[str, ...] = (FELL, NAUSEA)) -> Answer:
    citations = tuple(
        Citation(number, "d", f"d:{number}", "T", "T", "S", passage, 0, len(passage), "", "rct", 2020, None, "", (), ())
        for number, passage in enumerate(passages, 1)
    )
    said = tuple(CheckedClaim(text, cited, Verdict.SUPPORTED) for text, cited in claims)
    return Answer(
        question="q", standalone="q", answer="", outcome=Outcome.ANSWERED, claims=said, withheld=(), citations=citations, related=(), disclaimer="D",
        review=Review("", "", ""), role=Role.CLINICIAN, mode="extractive", note="", suggestions=(), milliseconds=(("total", 5.0),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        (FELL, True),
        ("pain fell by 59 % with duloxetine", True),  # the same words, otherwise set
        ("With duloxetine, pain fell by 59%.", True),  # a paraphrase with every figure and word
        ("Pain fell by 58% with duloxetine.", False),
        ("Pain fell by 59 mg with duloxetine.", False),
        ("Pain did not fall by 59% with duloxetine.", False),
        ("Duloxetine cured most people.", False),
        (f"{FELL} Duloxetine cured most people.", False),  # one sentence of two
        (f"Results:\n{FELL}", False),  # the lead-in counts
        ("", False),
    ],
)
def test_a_text_is_supported_when_every_sentence_of_it_is(text, carried):
    assert supported(text, (FELL,)) is carried


def test_single_digits_count_as_figures_though_they_may_be_citation_numbers():
    assert supported("Pain fell in 4 trials.", ("Pain fell in 4 trials 1,2 of ketamine.",))
    assert not supported("Pain fell in 5 trials.", ("Pain fell in 4 trials.",))


def test_citation_recall_is_the_share_of_claims_that_their_citations_carry():
    assert citation_recall(answer((FELL, (1,)), (NAUSEA, (2,)))) == 1.0
    assert citation_recall(answer((FELL, (1,)), (NAUSEA, (1,)))) == 0.5
    assert citation_recall(answer((FELL, ()), (NAUSEA, (9,)))) == 0.0
    assert citation_recall(answer((BOTH, (1, 2)))) == 1.0  # each carries a half
    assert citation_recall(answer()) is None


def test_citation_precision_leaves_out_what_is_neither_needed_nor_sufficient():
    assert citation_precision(answer((FELL, (1,)), (NAUSEA, (2, 1)))) == pytest.approx(2 / 3)  # the trial beside the nausea is not needed
    assert citation_precision(answer((BOTH, (1, 2)))) == 1.0  # both are needed
    assert citation_precision(answer((FELL, (1, 2)), passages=(FELL, BOTH))) == 1.0  # each is sufficient
    assert citation_precision(answer((NAUSEA, (1,)))) == 0.0  # of a claim that is not carried none is right
    assert citation_precision(answer()) is None


@pytest.mark.parametrize(
    ("text", "cited", "fidelity"),
    [
        ("59%", (1,), 1.0),
        ("59% of 41", (1,), 0.5),
        ("12 of 40, not 13 of 40", (2,), 0.75),
        ("12 of 40", (1,), 0.0),  # they stand in a passage, but not in one that the claim cites
        ("59 mg", (1,), 0.0),
        ("-59 then", (1,), 0.0),
        ("Twelve patients", (2,), 0.0),  # the source counts patients by another figure
        ("one of them", (1,), None),
        ("nothing", (1,), None),
    ],
)
def test_numeric_fidelity_is_the_share_of_figures_that_stand_in_a_passage_their_claim_cites(text, cited, fidelity):
    assert numeric_fidelity(answer((text, cited))) == fidelity


def test_the_lead_in_of_a_claim_is_judged_with_it():
    led = replace(answer((FELL, (1,))), claims=(CheckedClaim(FELL, (1,), Verdict.SUPPORTED, "In 7 trials:"),))
    assert (citation_recall(led), numeric_fidelity(led)) == (0.0, 0.5)
