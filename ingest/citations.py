"""In-text citation numbers: told from doses, ranges, grades, years and other numbers by where they stand and what stands before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sequitur.schema import Block, Span

_LIST = r"[1-9]\d?(?:\s*[,;–-]\s*[1-9]\d?)*"
_GLUED = r"(?<=[A-Za-z)\]%\"”’][.)\]\"”])|(?<=[a-z]{4})(?=\[?\d)|(?<=[%\"”])(?=\[)|(?<=[\s(](?:19|20)\d{2}\.)"
_AT_END = re.compile(
    rf"(?:(?P<gap>\s+|{_GLUED})\s*(?P<open>\[?)(?P<numbers>{_LIST})\]?(?P<stop>\s*\.?)|(?P<raised>[¹²³⁴-⁹][⁰¹²³⁴-⁹˒,⁻–-]*)\.?)\s*$"
)
_COUNTED = re.compile(
    r"(?:\b(?:grade|phase|level|stage|type|(?<!of )age|aged|score|table|figure|box|appendix|chapter|step|category|to|of|and|than|was|were|is|are|by|about|"
    r"around|approximately|nearly|until|between|median|mean|average|ratio|rr|hr|or|nnt|nnh|p|n|every|each|least|most|only|for|in|over|under|within|"
    r"after|before|at|from|with|below|(?<!or )above|bmi|egfr|inr|ph|gcs|ecog|hba1c|a1c|ldl|crp|covid|sars-cov|omega|vitamin|no\.|vs\.?|versus|plus|"
    r"(?:nyha|asa|child-pugh|who|killip|mallampati|functional) class|"
    r"january|february|march|april|may|june|july|august|september|october|november|december)"
    r"|\b(?:on|at|by|until|after|from|to|than|the) (?:day|week|month|year|visit|cycle)|[=<>≥≤±×/~≈–-]|\b(?:[<>≥≤]\s?)?\d[\d.,]*\s*(?:x|×|to|or|and|-|–))\s*$",
    re.I,
)
_RANGE = re.compile(r"\d\s*[–-]\s*\d")
_MEASURED = re.compile(r"\b(?:doses?|scores?|targets?|range|daily|values?|levels?|ages?|points)\s*$", re.I)
_RAISED_UNIT = re.compile(r"(?:\d|(?<![A-Za-z])(?:[cdkmµμ]?m|s|h|L|kg|R|I|χ))$")
_INLINE = re.compile(
    r"\b(?:trials?|stud(?:y|ies)|reviews?|guidelines?|analysis|meta-analysis|series|reports?|cohort|authors|al\.)\s"
    rf"(?P<numbers>\[?{_LIST}\]?)(?=\s+[a-z(]|[,;.])"
    rf"|(?<=[a-z)%])\s(?P<held>\[?{_LIST}\]?)(?=[;:](?:\s|$)|,\s+(?:but|while|whereas|although|though|which|and|with|however)\b)"
    rf"|\s?(?P<bracketed>\[{_LIST}\])"
)
_BETWEEN = re.compile(
    rf"(?:(?<=[.!?])\s|(?<=[A-Za-z)\]%\"”’][.!?]))(?P<numbers>\[?{_LIST}\]?)(?=\s+[\"“(]?[A-Z])"
    r"(?!\s+(?:Patients|Participants|Adults|Children|Women|Men|People|Trials|Studies|RCTs|Days|Weeks|Months|Years|Hours|Doses|Tablets)\b)"
)
_FIGURES = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹˒⁻", "0123456789,-")
_JUMP = 3
_LONGEST_TAIL = 200  # characters that citation numbers and the words that may forbid them take at most


def split_citations(text: str, start: int, end: int) -> tuple[Span, tuple[str, ...]]:
    """The span without the citation numbers at its end, and those numbers.

    `… in a minority of patients 2` cites 2; `grade 4`, `n = 40` and `1,600 mg` cite nothing.
    """
    tail = max(start, end - _LONGEST_TAIL)
    match = _AT_END.search(text[tail:end])
    nothing = Span(start, end), ()
    if not match or tail + match.start() == start:
        return nothing
    before = text[tail : tail + match.start()]
    if match["raised"]:
        numbers = () if _RAISED_UNIT.search(before) else expand_numbers(match["raised"].translate(_FIGURES))
    else:
        ends_twice = bool(match["stop"].strip()) and before.rstrip().endswith((".", "!", "?"))
        counted = not match["open"] and (_COUNTED.search(before) or (_RANGE.search(match["numbers"]) and _MEASURED.search(before)))
        numbers = () if ends_twice or counted else expand_numbers(match["numbers"])
    return (Span(start, tail + match.start()), numbers) if numbers else nothing


def inline_citations(text: str, span: Span, known: frozenset[str]) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """Citation numbers inside a sentence or between two ("the 2020 trial 4 showed …").

    Only numbers of `known`, those the article also cites at the end of a claim; numbers in brackets always.
    """
    marks: list[Span] = []
    numbers: list[str] = []
    for mark, cited, sure in sorted(_marks(text, span)):
        before = text[max(span.start, mark.start - _LONGEST_TAIL) : mark.start]
        held = sure or (set(cited) <= known and not _COUNTED.search(before))
        if cited and held and (not marks or mark.start >= marks[-1].end):
            marks.append(mark)
            numbers.extend(cited)
    return tuple(marks), tuple(numbers)


def known_numbers(text: str, blocks: Iterable[Block]) -> frozenset[str]:
    """The numbers that an article cites at the end of its claims and of the sentences inside them."""
    known: set[str] = set()
    for block in blocks:
        known.update(block.citations)
        for match in _BETWEEN.finditer(block.span.of(text)):
            known.update(expand_numbers(match["numbers"].strip("[]")))
    limit = highest(known, 0)
    return frozenset(number for number in known if int(number) <= limit)


def _marks(text: str, span: Span) -> Iterator[tuple[Span, tuple[str, ...], bool]]:
    content = span.of(text)
    for match in [*_INLINE.finditer(content), *_BETWEEN.finditer(content)]:
        name = next(name for name, found in match.groupdict().items() if found)
        yield (
            Span(span.start + match.start(name), span.start + match.end(name)),
            expand_numbers(match[name].strip("[]")),
            match[name].startswith("["),
        )


def expand_numbers(written: str) -> tuple[str, ...]:
    """`"1, 3-5"` → `("1", "3", "4", "5")`; empty when the numbers do not ascend, for then they are no citations."""
    numbers: list[int] = []
    for part in re.split(r"[,;]", written):
        ends = [int(number) for number in re.findall(r"\d+", part)]
        numbers.extend(range(ends[0], ends[-1] + 1) if len(ends) > 1 else ends)
    ascending = numbers == sorted(set(numbers)) and numbers and numbers[0] > 0
    return tuple(str(number) for number in numbers) if ascending else ()


def highest(numbers: Iterable[str], listed: int) -> int:
    """The highest number that can be a citation: pages number from 1 with few gaps, so what stands far above the rest is a quantity."""
    top = listed
    for number in sorted(set(map(int, numbers))):
        if number > top + _JUMP:
            break
        top = max(top, number)
    return top
