"""By which routes a text says that something is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequitur.routes import routes


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a drip over four days", ("intravenous",)),
        ("Intravenously, then orally", ("intravenous", "oral")),
        ("the gel or the cream", ("topical",)),
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


@given(st.text(max_size=80))
def test_each_route_is_named_once_and_in_any_case(text):
    found = routes(text)
    assert len(set(found)) == len(found)
    if text.isascii():
        assert routes(text.upper()) == routes(text.lower())
