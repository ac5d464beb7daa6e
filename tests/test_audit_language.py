"""What the audit reads out of sentences: figures that follow from others, bounds, ages, arms."""

from __future__ import annotations

import pytest

from sequitur.audit.derived import derived, from_ratios, parts, share_given
from sequitur.audit.language import DOWN, NULL, UP, clauses
from sequitur.audit.people import aged, in_whom, populations
from sequitur.figures import figures


@pytest.mark.parametrize(
    ("claim", "source", "follows"),
    [
        ("lowered it by 21%", "hazard ratio, 0.79 (95% CI, 0.66 to 0.95)", True),
        ("lowered it by 31%", "hazard ratio, 0.79 (95% CI, 0.66 to 0.95)", False),
        ("about 30% fewer", "HR 0.69", True),
        ("over 90% were well", "93.4% were well", True),
        ("less than 1% had it", "0.6% had it", True),
        ("less than 1% had it", "4.1% had it", False),
        ("by 12 percentage points", "70% versus 58%", True),
    ],
)
def test_a_percentage_may_be_worked_out_of_the_source_s_own_figures(claim, source, follows):
    figure = next(found for found in figures(claim) if found.kind == "percent")
    assert derived(claim, figure, figures(source)) is follows


@pytest.mark.parametrize(
    ("claim", "source", "given"),
    [
        ("about a third fewer", "relative risk 0.66", True),
        ("nearly halved", "RR 0.25", False),
        ("more than half", "rate ratio, 0.44", True),
        ("one in nine patients", "11.3% of them", True),
        ("two thirds of women", "no figure here", None),
    ],
)
def test_a_share_in_words_is_held_against_figures(claim, source, given):
    assert share_given(claim, parts(claim)[0], figures(source)) is given


@pytest.mark.parametrize(
    ("text", "effects"),
    [
        ("resistance of no more than 20%", set()),
        ("in those with fewer than 300 cells it rose", {UP}),
        ("it was not associated with an increased risk of death", {NULL}),
        ("there was little or no benefit", {NULL}),
        ("the lower dose was given", set()),
        ("it was seen three times as often as with placebo", {UP}),
        ("mortality was much the same", {NULL}),
        ("a reduction has not been firmly demonstrated", {NULL, DOWN}),
        ("there were fewer, but that could have been due to chance", {NULL, DOWN}),
        ("the score reached 15.3 with it and 21.9 without, a difference of 6.6 points (95% CI 4.3 to 8.9)", set()),
        ("RR 0.91 (95% CI 0.74 to 1.11); with the other, RR 0.66 (95% CI 0.53 to 0.82)", {NULL, DOWN}),
    ],
)
def test_the_way_an_effect_points(text, effects):
    assert {effect for clause in clauses(text) for effect in clause.effects} == effects


def test_semicolons_in_brackets_part_no_clauses():
    assert len(clauses("Stroke fell (HR 0.79; 95% CI 0.66 to 0.95; P = 0.01); seizures were more frequent.")) == 2


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("patients aged 12 to 82 years", {"children", "adults"}),
        ("children 1 to 24 months old", {"children"}),
        ("80 years of age or older", {"adults", "older people"}),
        ("treated for weeks", set()),
    ],
)
def test_ages_in_figures_say_whom(text, groups):
    assert aged(text) == groups


def test_the_absence_of_a_state_is_another_population():
    assert populations("non-pregnant women")["pregnancy"] == {"no pregnancy"}
    assert populations("afebrile men")["fever"] == populations("men without fever").get("fever", {"no febrile"})
    assert "cause" not in in_whom("the incidence of cancer in healthy people")


@pytest.mark.parametrize(
    ("claim", "source", "follows"),
    [
        ("some 60% more likely", "relative risk of response was 1.61 (1.41 to 1.84)", True),
        ("some 60% more likely", "relative risk of response was 1.31 (1.11 to 1.54)", False),
    ],
)
def test_a_percentage_may_be_what_a_ratio_means(claim, source, follows):
    assert from_ratios(claim, figures(claim)[0], figures(source)) is follows


def test_times_as_many_may_be_worked_out_of_counts():
    claim = "about three times as many fell ill"
    assert derived(claim, figures(claim)[0], figures("13 of 81 versus 4 of 81"))
    assert not derived(claim, figures(claim)[0], figures("13 of 81 versus 11 of 81"))
