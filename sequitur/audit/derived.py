"""Figures that a writer may work out of a source's own: 21 % less from a hazard ratio of 0.79, "one in nine" from 11.3 %, "over 90 %" from 93 %."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, permutations

from sequitur.figures import RATIOS, Figure
from sequitur.schema import Span

_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twenty": 20}
_COUNT = rf"\d{{1,3}}|{'|'.join(_NUMBERS)}"
_PARTS = re.compile(
    rf"\b(?P<number>{_COUNT}) (?:in|out of) (?:every )?(?P<among>{_COUNT})\b(?! (?:days?|weeks?|months?|years?|hours?|doses?|trials?|studies))"
    r"|\b(?:(?P<many>a|one|two|three)[ -])?(?P<part>half|halv(?:ed?|ing)|third|quarter|fifth|tenth)s?\b(?! (?:line|trimester|dose|week|month|day|year|of (?:the|its|their) (?:usual |normal |standard )?dose|-?li[fv]e))",
    re.IGNORECASE,
)
_SIZES = {"half": 50.0, "halv": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0}
_ABOUT = re.compile(
    r"\b(?:about|around|roughly|nearly|almost|approximately|close to|some|just (?:over|under|below|above)|circa)\s*(?:by )?$|~\s?$",
    re.IGNORECASE,
)
_MORE = re.compile(r"\b(?:more than|over|above|at least|exceed(?:s|ed|ing)?|upwards of)\s*$|[>≥]\s?$", re.IGNORECASE)
_LESS = re.compile(r"\b(?:less than|under|below|fewer than|at most|no more than|up to)\s*$|[<≤]\s?$", re.IGNORECASE)
_NEAR = 0.1  # share by which a figure that is called "about" may be off
_POINTS = 2.5  # percentage points by which it may
_ROUGH = 5.0  # percentage points by which "a third" or "half" may be off
_REACH = 1.3  # how far beyond "over 90" the source's figure may lie
_TOLERANCE = 0.55  # of the last digit printed


@dataclass(frozen=True, slots=True)
class Part:
    """A share said in words: "two thirds", "one in nine"."""

    percent: float
    text: str
    span: Span


def parts(text: str) -> tuple[Part, ...]:
    """The shares that a text gives in words."""
    return tuple(_part(match) for match in _PARTS.finditer(text))


def _part(match: re.Match[str]) -> Part:
    if match["part"]:
        many = {"two": 2, "three": 3}.get((match["many"] or "a").lower(), 1)
        size = next(size for name, size in _SIZES.items() if match["part"].lower().startswith(name))
        return Part(min(100.0, many * size), match.group(), Span(*match.span()))
    number, among = (_NUMBERS.get(match[name].lower()) or int(match[name]) for name in ("number", "among"))
    return Part(100.0 * number / max(1, among), match.group(), Span(*match.span()))


def share_given(text: str, part: Part, there: tuple[Figure, ...]) -> bool | None:
    """Whether a source's figures give a share that a text says in words; None where they hold none to compare."""
    before = text[max(0, part.span.start - 25) : part.span.start]
    low = part.percent / _REACH if _LESS.search(before) else part.percent - _ROUGH
    high = part.percent * _REACH if _MORE.search(before) else part.percent + _ROUGH
    values = [value for figure in there for value in _shares(figure)] + list(_between(there))
    return any(low <= value <= high for value in values) if values else None


def derived(text: str, figure: Figure, there: tuple[Figure, ...]) -> bool:
    """Whether a claim's figure follows from a source's figures: rounded as it says, or one step of arithmetic away."""
    before = text[max(0, figure.span.start - 25) : figure.span.start]
    same_kind = [other.value for other in there if other.kind == figure.kind and (other.unit == figure.unit or figure.kind == "percent")]
    if figure.unit == "point":  # of a scale, where a source prints a difference without a unit
        same_kind += [
            abs(other.value) for other in there if other.kind == "bare" or (other.kind == "ratio" and other.unit in {"md", "smd"})
        ]
    if figure.kind in {"percent", "fold", "measure", "dose", "duration", "count", "bare", "ratio"}:
        if _ABOUT.search(before) and any(_about(figure, value) for value in same_kind):
            return True
        if _MORE.search(before) and any(figure.value < value <= _REACH * figure.value for value in same_kind) and figure.kind == "percent":
            return True
        if (
            _LESS.search(before)
            and any(figure.value / _REACH / 2 <= value < figure.value for value in same_kind)
            and figure.kind == "percent"
        ):
            return True
    if figure.kind == "fold":
        return any(abs(ratio - figure.value) <= 2 * _NEAR * figure.value for ratio in _quotients(there))
    if figure.kind != "percent":
        return False
    reach = max(_NEAR * figure.value, _POINTS) if _ABOUT.search(before) else _TOLERANCE * 10.0**-figure.decimals
    worked = [value for other in there if other.kind == "ratio" for value in _shares(other)] + list(_between(there)) + list(_counted(there))
    return any(abs(value - figure.value) <= reach for value in worked)


def from_ratios(text: str, figure: Figure, there: tuple[Figure, ...]) -> bool:
    """Whether a percentage is what one of a source's ratios means: 60 % more of a relative risk of 1.61."""
    about = _ABOUT.search(text[max(0, figure.span.start - 25) : figure.span.start])
    reach = max(_NEAR * figure.value, _POINTS) if about else _TOLERANCE * 10.0**-figure.decimals
    return any(abs(value - figure.value) <= reach for other in there if other.kind == "ratio" for value in _shares(other))


def _about(figure: Figure, value: float) -> bool:
    return abs(figure.value - value) <= max(_NEAR * abs(figure.value), _POINTS if figure.kind == "percent" else 0.0)


def _shares(figure: Figure) -> Iterator[float]:
    """A percentage as it stands; a ratio as how much less or more it means."""
    if figure.kind == "percent":
        yield figure.value
    elif figure.kind == "ratio" and figure.unit in RATIOS:
        yield abs(1 - figure.value) * 100


def _between(there: tuple[Figure, ...]) -> Iterator[float]:
    """What lies between two percentages or rates that follow each other: in points, and as a share of the larger."""
    kinds = ("percent", "bare")
    for kind in kinds:
        row = [figure for figure in there if figure.kind == kind and figure.value > 0]
        for first, second in permutations(row, 2):
            if first.value > second.value and abs(row.index(first) - row.index(second)) <= 2:
                if kind == "percent":
                    yield first.value - second.value
                yield (first.value - second.value) / first.value * 100


def _quotients(there: tuple[Figure, ...]) -> Iterator[float]:
    """How many times one count or percentage is another beside it."""
    for kinds in ({"percent"}, {"count", "bare"}):
        row = [figure.value for figure in there if figure.kind in kinds and figure.value > 0]
        for first, second in permutations(row, 2):
            if first > second:
                yield first / second


def _counted(there: tuple[Figure, ...]) -> Iterator[float]:
    """Counts beside each other as a percentage: 171 of 244."""
    row = [figure.value for figure in there if figure.kind == "count"]
    for first, second in pairwise(row):
        if 0 < first < second:
            yield first / second * 100
