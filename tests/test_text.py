"""Sentences, tokens and quantities: what every offset and every check of a number rests on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequitur.text import canonical, fold, quantities, sentences, tokens, words

PIECES = st.sampled_from(
    ["Pain fell. ", "e.g. ", "P = 0.03. ", "vs. ", "Dr. Smith ", "n = 40; ", "(", ") ", '"', "\n", "? ", "! ", "2.5 mg/kg ", "1,600 mg", "Level I.", " 4", "µg ", "…"]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join))


def said(text: str) -> list[str]:
    return [span.of(text) for span in sentences(text)]


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_sentences_are_ordered_do_not_overlap_and_lose_nothing_but_white_space(text):
    found = list(sentences(text))
    edges = [0, *(edge for span in found for edge in span), len(text)]
    assert edges == sorted(edges)
    assert all(span.of(text) == span.of(text).strip() != "" for span in found)
    assert "".join("".join(span.of(text).split()) for span in found) == "".join(text.split())


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.integers(0, 50), st.integers(0, 200))
def test_sentences_of_a_part_stay_inside_it(text, start, size):
    start = min(start, len(text))
    end = min(start + size, len(text))
    found = list(sentences(text, start, end))
    assert all(start <= span.start < span.end <= end for span in found)
    assert "".join("".join(span.of(text).split()) for span in found) == "".join(text[start:end].split())


@pytest.mark.parametrize(
    "text",
    [
        "Ketamine was compared with placebo, i.e. saline.",
        "The dose was 0.5 mg/kg over 2 hours.",
        "Pickering et al. Found nothing.",
        "The effect (approx. 3 points) was small vs. placebo.",
        "See Fig. 2 for details.",
        "J. Smith wrote it.",
    ],
)
def test_abbreviations_initials_and_decimals_end_no_sentence(text):
    assert said(text) == [text]


def test_a_capital_a_digit_or_a_bracket_begins_a_sentence():
    assert said("Pain fell. It rose again! 20 patients stayed? (None left.) Done.") == [
        "Pain fell.",
        "It rose again!",
        "20 patients stayed?",
        "(None left.)",
        "Done.",
    ]


def test_a_last_sentence_without_a_full_stop_is_kept():
    assert said("One ended. Another did not") == ["One ended.", "Another did not"]


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_the_span_of_a_quantity_holds_its_number(text):
    for quantity in quantities(text):
        digits = quantity.span.of(text).replace(",", "").replace("−", "-")
        value = quantity.value.lstrip("-")
        whole, _, part = value.partition(".")
        is_word = digits.isalpha()
        assert is_word or (part if part else whole.lstrip("0")) in digits
        assert 0 <= quantity.span.start < quantity.span.end <= len(text)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_quantities_come_in_the_order_of_the_text_and_do_not_overlap(text):
    found = [quantity.span for quantity in quantities(text)]
    assert found == sorted(found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9999), st.sampled_from(["mg", "mg/kg", "%", "patients", "weeks"]))
def test_a_written_number_is_read_back_with_its_unit(number, unit):
    [quantity] = quantities(f"It was {number} {unit}.")
    assert quantity.value == str(number)
    assert quantity.unit == {"patients": "patient", "weeks": "week"}.get(unit, unit)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RR 4.94; 95% CI 2.76 to 8.84", [("4.94", ""), ("95", "%"), ("2.76", ""), ("8.84", "")]),
        ("1,600 mg", [("1600", "mg")]),
        ("P = .55", [("0.55", "")]),
        ("a mean of -1.68 points", [("-1.68", "point")]),
        ("a mean of −1.68", [("-1.68", "")]),
        ("seven days", [("7", "day")]),
        ("7-day course", [("7", "day")]),
        ("10-25 mg/day", [("10", ""), ("25", "mg/day")]),
        ("20 mcg", [("20", "µg")]),
        ("0.50 mg", [("0.50", "mg")]),
        ("no figures", []),
    ],
)
def test_quantities_are_read_with_value_and_unit(text, found):
    assert [(quantity.value, quantity.unit) for quantity in quantities(text)] == found


def test_a_stored_text_has_no_byte_order_mark_and_plain_line_ends():
    assert canonical(b"\xef\xbb\xbfone\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_bytes_that_are_not_utf8_are_no_text():
    with pytest.raises(UnicodeDecodeError):
        canonical("µg".encode("latin-1"))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=100))
def test_a_stored_text_survives_being_stored_again(text):
    once = canonical(text.encode("utf-8", "replace"))
    assert canonical(once.encode()) == once.removeprefix("\ufeff")


def test_wordings_that_differ_in_print_alone_compare_equal():
    assert fold("The patient’s  “wind–up”\u00a0pain") == fold('the patient\'s "wind-up" pain')


def test_tokens_are_words_and_plain_numbers():
    assert tokens("Gabapentin 1,600 mg/day: the patient's P was .55") == [
        "gabapentin",
        "1600",
        "mg",
        "day",
        "the",
        "patient",
        "p",
        "was",
        "0.55",
    ]


def test_words_are_counted_as_a_reader_counts_them():
    assert words("Ketamine (0.5 mg/kg) – no effect.") == 5


@pytest.mark.parametrize("written", ["5 µg/kg", "5 μg/kg", "5 mcg/kg", "5 micrograms/kg"])
def test_a_microgram_is_one_unit_however_it_is_written(written):
    assert [(quantity.value, quantity.unit) for quantity in quantities(written)] == [("5", "µg/kg")]
