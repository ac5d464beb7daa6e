"""Figures with their kinds and units, and when two of them are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequitur.figures import Figure, figures, same_figure, telling


def only(text: str) -> Figure:
    [figure] = figures(text)
    return figure


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("for 5 weeks", "duration", 35, "day"),
        ("for a week", "duration", 7, "day"),
        ("0.5 mg/kg", "dose", 0.5, "mg/kg"),
        ("2 g", "dose", 2000, "mg"),
        ("59%", "percent", 59, "%"),
        ("hazard ratio of 0.78", "ratio", 0.78, "hr"),
        ("NNT 25", "ratio", 25, "nnt"),
        ("Twenty patients", "count", 20, "patient"),
        ("n = 1,240", "count", 1240, "patient"),
        ("aged over 65 years", "age", 65, "year"),
        ("in 2020", "year", 2020, ""),
        ("the 2020 randomised trial", "year", 2020, ""),
        ("P < 0.001", "p", 0.001, ""),
        ("about five times as likely", "fold", 5, ""),
    ],
)
def test_a_figure_knows_what_it_measures(text, kind, value, unit):
    figure = only(text)
    assert (figure.kind, figure.value, figure.unit) == (kind, value, unit)


def test_an_interval_gives_two_bounds_and_its_level_is_no_figure():
    assert [(figure.kind, figure.value) for figure in figures("RR 4.94 (95% CI 2.76 to 8.84)")] == [
        ("ratio", 4.94),
        ("bound", 2.76),
        ("bound", 8.84),
    ]


def test_the_first_number_of_a_range_takes_the_unit_of_the_second():
    assert [(figure.value, figure.unit) for figure in figures("1200-3600 mg/day")] == [(1200, "mg"), (3600, "mg")]


@pytest.mark.parametrize("text", ["Grade 4 events", "level 2", "step 3", "every 8 hours"])
def test_the_number_of_a_grade_or_of_a_rhythm_is_no_figure(text):
    assert figures(text) == ()


@pytest.mark.parametrize(
    ("said", "there", "same"),
    [
        ("5 weeks", "35 days", True),
        ("3 months", "12 weeks", True),
        ("12 weeks", "14 weeks", False),
        ("within a day and a half", "36 hours", True),
        ("100 g/L", "10 g/dL", True),
        ("300 mg twice daily", "600 mg/day", True),
        ("300 mg twice daily", "300 mg three times daily", False),
        ("10 mg once daily", "5 mg twice daily", False),
        ("75%", "74.7%", True),
        ("75%", "57%", False),
        ("RR 0.74", "OR 0.74", False),
        ("hazard ratio 0.74", "HR 0.74", True),
        ("0.5 mg/kg", "0.5 mg", False),
        ("1 g", "1000 mg", True),
        ("five times as likely", "RR 4.94", True),
    ],
)
def test_two_figures_are_one_when_they_measure_the_same(said, there, same):
    assert same_figure(only(said), only(there)) is same


def test_months_and_weeks_are_told_apart_where_a_source_is_to_be_recognised():
    assert not same_figure(only("3 months"), only("12 weeks"), exact=True)
    assert same_figure(only("5 weeks"), only("35 days"), exact=True)


def test_person_years_are_no_people():
    assert not [figure for figure in figures("7.1 per 1000 person-years") if figure.kind == "count"]


@pytest.mark.parametrize(
    ("text", "tells"), [("RR 4.94", True), ("in 2020", False), ("10%", False), ("0.15 mg/kg", True), ("7 days", False)]
)
def test_round_numbers_and_years_tell_no_publication_from_another(text, tells):
    assert telling(only(text)) is tells


@given(st.text(alphabet="0123456789.,-–−% mgkd/ay()CIP<=≥ndorw", max_size=60))
def test_figures_stand_in_order_where_they_say_and_nothing_breaks(text):
    found = figures(text)
    assert [figure.span for figure in found] == sorted(figure.span for figure in found)
    assert all(0 <= figure.span.start < figure.span.end <= len(text) for figure in found)
    assert all(same_figure(figure, figure) for figure in found)
