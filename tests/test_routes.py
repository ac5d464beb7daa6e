"""By which routes a text says that something is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequitur.routes import may_be, routes


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a drip over four days", ("intravenous",)),
        ("Intravenously, then orally", ("intravenous", "oral")),
        ("the gel or the cream", ("topical",)),
        ("a 4-day infusion", ("infusion",)),
        ("lidocaine patches", ("transdermal",)),
        ("Ketamine or saline ran subcutaneously", ("subcutaneous",)),
        ("tablets under the tongue", ("oral", "sublingual")),
        ("an adjuvant to oral morphine", ()),
        ("a 35 mg dose in an adult", ()),
        ("the moral of it: gelatine", ()),
    ],
)
def test_a_route_is_known_in_the_fields_words_and_in_plain_ones(text, named):
    assert routes(text) == named


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("by infusion", "ran subcutaneously", True),
        ("a drip", "an infusion of 80 mg", True),
        ("the plaster", "topical lidocaine", True),
        ("by mouth", "an infusion of 80 mg", False),
        ("under the skin", "intravenously", False),
    ],
)
def test_what_one_name_leaves_open_another_may_say(one, other, same):
    assert may_be(routes(one), routes(other)) is same
    assert may_be(routes(other), routes(one)) is same


@given(st.text(max_size=80))
def test_each_route_is_named_once_and_in_any_case(text):
    found = routes(text)
    assert len(set(found)) == len(found)
    if text.isascii():
        assert routes(text.upper()) == routes(text.lower())
