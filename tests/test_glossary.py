"""The glossary: words and not claims, found where a text uses them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.readability import grade
from sequitur.glossary import glossary, hard_words
from sequitur.lexicon import general


def test_every_entry_has_both_wordings_and_stands_once():
    terms = [gloss.term for gloss in glossary()]
    assert len(terms) == len(set(terms)) >= 40
    assert all(gloss.trainee and gloss.patient and gloss.written for gloss in glossary())
    assert {"number needed to treat (NNT)", "relative risk (RR)", "allodynia", "GRADE certainty", "crossover trial"} <= set(terms)


def test_no_meaning_says_anything_of_a_treatment():
    """No figure, no drug, nothing that works, harms or is advised: what could be taken for a claim of the article's."""
    for gloss in glossary():
        for meaning in (gloss.trainee, gloss.patient):
            assert not re.search(r"\d", meaning)
            assert not set(re.findall(r"[a-z]{5,}", meaning.lower())) & general().drugs
            assert not re.search(
                r"\b(?:recommend|advis|should be (?:given|used)|effective|safe|works|relieves|useful for|used for)", meaning
            )


@pytest.mark.parametrize("gloss", glossary(), ids=lambda gloss: gloss.term)
def test_the_plain_wording_is_plain(gloss):
    assert grade(f"{gloss.patient}.") <= 9


def test_words_are_found_in_the_order_of_the_text_and_the_most_needed_ones_first():
    said = "In a placebo-controlled trial the NNT was 6 (RR 1.2), and allodynia fell."
    assert [gloss.term for gloss in hard_words(said, 3)] == ["number needed to treat (NNT)", "relative risk (RR)", "allodynia"]
    assert hard_words(said, 9)[0].term == "placebo"


@pytest.mark.parametrize("said", ["or a cipher", "the crop", "outcomes differed", "a special case", "its levels", "", "GRADEd"])
def test_other_words_are_not_mistaken_for_abbreviations(said):
    assert hard_words(said, 3) == ()


@given(st.text(max_size=200), st.integers(0, 5))
def test_never_more_than_asked_for_and_each_once(text, most):
    found = hard_words(text, most)
    assert len(found) <= most
    assert len(set(found)) == len(found)
