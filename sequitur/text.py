"""Sentences, tokens and quantities of a text, all with exact offsets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from sequitur.schema import Span

_ABBREVIATIONS = frozenset(
    [
        "al",
        "approx",
        "ca",
        "cf",
        "co",
        "dept",
        "dr",
        "e.g",
        "eg",
        "est",
        "etc",
        "ext",
        "fig",
        "figs",
        "i.e",
        "ie",
        "inc",
        "jr",
        "ltd",
        "max",
        "min",
        "mr",
        "mrs",
        "ms",
        "no",
        "nos",
        "p",
        "pp",
        "prof",
        "ref",
        "resp",
        "sd",
        "sr",
        "st",
        "suppl",
        "tab",
        "v",
        "vol",
        "vs",
    ]
)
_BOUNDARY = re.compile(r"[.!?][\"”’')\]]*(?=\s+[\"“‘'(\[]*[A-Z0-9µ≥≤<>])|[.!?][\"”’')\]]*\s*$")
FRONT_MATTER = re.compile(r"\A---\n(?P<yaml>.*?)\n---\n", re.DOTALL)
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+")
_BARE_POINT = re.compile(r"(?<![\d.])\.(?=\d)")
_THOUSANDS = re.compile(r",(?=\d{3}\b)")
_GENITIVE = re.compile(r"'[sS]$|'")
_STRAIGHT = str.maketrans("’‘“”–—−‐‑\u00a0\u202f", "''\"\"-----  ")
_NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60"}


def canonical(data: bytes) -> str:
    r"""The text that is stored of a plain-text file: UTF-8, no byte-order mark, `\n` line ends.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    text = data.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def body_start(text: str) -> int:
    """Where the text after YAML front matter begins; 0 without front matter."""
    match = FRONT_MATTER.match(text)
    return match.end() if match else 0


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Spans of the sentences in text[start:end], in order, without surrounding white space.

    A full stop ends a sentence when a capital, a digit or an opening bracket follows and no abbreviation, initial or decimal precedes.
    """
    end = len(text) if end is None else end
    begin = start
    for match in _BOUNDARY.finditer(text[start:end]):
        stop = start + match.end()
        if stop < end and not _ends_sentence(text, begin, start + match.start()):
            continue
        span = _stripped(text, begin, stop)
        if span.start < span.end:
            yield span
        begin = stop
    rest = _stripped(text, begin, end)
    if rest.start < rest.end:
        yield rest


def _ends_sentence(text: str, begin: int, dot: int) -> bool:
    if text[dot] != ".":
        return True
    word = re.search(r"[\w.]*$", text[begin:dot])
    last = word.group().lower().rstrip(".") if word else ""
    is_initial = len(last) == 1 and last.isalpha() and text[dot - 1].isupper()
    return last not in _ABBREVIATIONS and not is_initial


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def fold(text: str, *, lower: bool = True) -> str:
    """Lower case, straight quotes, plain hyphens and spaces: the form in which wordings are compared."""
    plain = text.isascii()
    text = text if plain else unicodedata.normalize("NFKC", text)
    text = text.lower() if lower else text
    return " ".join((text if plain else text.translate(_STRAIGHT)).split())


def tokens(text: str, *, lower: bool = True) -> list[str]:
    """Lower-case words and numbers. Hyphens and slashes separate; apostrophes are dropped; `1,600` is `1600`, `.55` is `0.55`."""
    folded = fold(text, lower=lower)
    found: list[str] = _TOKEN.findall(_BARE_POINT.sub("0.", folded) if "." in folded else folded)
    if "," in folded:
        found = [_THOUSANDS.sub("", token) if token[0].isdigit() else token for token in found]
    if "'" in folded:
        found = [token for token in (_GENITIVE.sub("", token) for token in found) if token]
    return found


def words(text: str) -> int:
    """How many words a reader would count."""
    return len(re.findall(r"\S*\w\S*", text))


class Quantity(NamedTuple):
    """A number as it stands in a text: its value in plain digits, its unit ("mg/kg", "%", "week", "" where bare) and its span."""

    value: str
    unit: str
    span: Span


_UNITS = (
    r"mg/kg/h|mg/kg/hour|mcg/kg/min|micrograms?/kg/min|[µμ]g/kg/min|mg/kg|mcg/kg|micrograms?/kg|[µμ]g/kg|mg/day|mg/d|mg/h|g/day|mL/h|"
    r"mg|mcg|[µμ]g|micrograms?|kg|g|mL|ml|L|per cent|percent|%|years?|months?|weeks?|days?|hours?|h|minutes?|min|points?|"
    r"participants?|patients?|people|adults|trials?|studies|fold"
)
_QUANTITY = re.compile(
    rf"(?<![\w.])(?P<number>[-−]?\d+(?:,\d{{3}})+(?:\.\d+)?|[-−]?\d*\.\d+|[-−]?\d+)(?![\d])(?:[\s-]?(?P<unit>{_UNITS})(?![\w/]))?",
    re.IGNORECASE,
)
_MICRO = re.compile(r"^(?:[µμ]g|mcg|micrograms?)(?![a-z])")  # the micro sign, the Greek letter, and what is written for them
_SAME_UNIT = {"per cent": "%", "percent": "%", "hour": "h", "minute": "min", "mg/d": "mg/day", "ml": "mL"}


def quantities(text: str) -> list[Quantity]:
    """Every number of a text with its unit; number words up to sixty count where a unit or noun follows them."""
    found = []
    for match in _QUANTITY.finditer(text):
        value = _plain(match["number"])
        before = text[match.start() - 1] if match.start() else " "
        if value.startswith("-") and (before.isalnum() or before in ")%"):
            value = value[1:]  # a range ("2-4"), not a minus sign
        found.append(Quantity(value, _unit(match["unit"] or ""), Span(*match.span())))
    for match in re.finditer(r"[a-z]+", text, re.IGNORECASE):
        value = _NUMBER_WORDS.get(match.group().lower(), "")
        if value:
            unit = re.match(rf"[\s-]({_UNITS})(?![\w/])", text[match.end() :], re.IGNORECASE)
            found.append(Quantity(value, _unit(unit[1]) if unit else "", Span(*match.span())))
    return sorted(found, key=lambda quantity: quantity.span)


def _plain(number: str) -> str:
    number = number.replace("−", "-").replace(",", "")
    sign = "-" if number.startswith("-") else ""
    whole, dot, part = number.lstrip("-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}" + (f".{part}" if dot else "")


def _unit(unit: str) -> str:
    unit = _MICRO.sub("µg", unit.lower())
    singular = unit.rstrip("s") if len(unit) > 2 and not unit.endswith("ies") else unit
    return _SAME_UNIT.get(singular, singular)
