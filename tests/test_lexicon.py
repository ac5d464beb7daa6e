"""The medical lexicon: general data, looked up by normalised words."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest

import sequitur.lexicon
from sequitur.lexicon import WEIGHTS, Lexicon, general

FOLDER = Path(sequitur.lexicon.__file__).parent


def wordings(term: str) -> set[str]:
    lexicon = general()
    return {" ".join(expansion.words) for expansion in lexicon.expansions(lexicon.normal(term))}


@pytest.mark.parametrize(
    ("term", "other"),
    [
        ("Cymbalta", "duloxetine"),
        ("Lyrica", "pregabalin"),
        ("Neurontin", "gabapentin"),
        ("nerve pain", "neuropathic pain"),
        ("TCA", "tricyclic antidepressant"),
    ],
)
def test_brands_lay_words_and_abbreviations_lead_to_the_words_of_the_field(term, other):
    assert any(found.startswith(other) for found in wordings(term))


@pytest.mark.parametrize(
    ("british", "american"), [("tumour", "tumor"), ("anaesthetic", "anesthetic"), ("tumours", "tumors"), ("oedema", "edema")]
)
def test_british_spelling_is_read_as_american(british, american):
    assert general().american(british) == american


def test_a_word_that_is_in_no_list_has_no_expansion_and_stays_itself():
    assert general().expansions(("xylophone",)) == ()
    assert general().american("xylophone") == "xylophone"


def test_drugs_are_known_by_generic_name_brand_and_plural():
    lexicon = general()
    assert lexicon.is_drug(["ketamine"])
    assert lexicon.is_drug(["cymbalta"])
    assert lexicon.is_drug(["gabapentins"])
    assert not lexicon.is_drug(["pain", "placebo"])


def test_capitals_tell_an_abbreviation_from_a_word():
    lexicon = general()
    written = [match.words for match in lexicon.find(("who", "has", "ms"), ("who", "has", "MS"))]
    assert ("ms",) in written
    assert ("ms",) not in [match.words for match in lexicon.find(("who", "has", "ms"), ("who", "has", "ms"))]


def test_the_longest_term_is_found_first_and_matches_do_not_overlap():
    typed = general().normal("side effects of nerve pain drugs like Lyrica")
    found = general().find(typed)
    assert [match.words for match in found if match.words == ("nerve", "pain")]
    assert all(typed[match.start : match.end] == match.words for match in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


def test_abbreviations_that_a_corpus_defines_win_over_the_general_ones():
    lexicon = Lexicon({"CRPS": "curious red purple stripes"})
    assert lexicon.expansions(("crps",))[0].words == ("curious", "red", "purple", "stripes")
    assert lexicon.expansions(("crps",))[0].kind == "corpus"
    assert ("curious", "red", "purple", "stripes") not in [found.words for found in general().expansions(("crps",))]


def test_every_weight_lies_between_nothing_and_the_typed_word_itself():
    assert all(0 < weight <= 1 for weight in WEIGHTS.values())


@pytest.mark.parametrize("name", ["abbreviations", "brands", "classes", "lay", "spelling", "synonyms"])
def test_every_row_of_the_data_is_whole(name):
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)
