"""Which group a figure belongs to: "31% with ketamine, 27% with placebo" is not "27% with ketamine, 31% with placebo"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from sequitur.audit.case import Aligned, Case
from sequitur.audit.desk import statement
from sequitur.figures import Figure, figures, same_figure
from sequitur.schema import Span

_THAN = re.compile(r"\b(?:than|compared (?:with|to)|versus|vs\.?|relative to|against|as opposed to|rather than)\b")
_TO = re.compile(r"\s?(?:to|–|—|-)\s?")
_ALIKE = 1.1  # how much larger it may be where the two are alike
_APART = 1.15  # how much larger one rate must be than the other to point anywhere
_ARMS = re.compile(
    r"\b(?:placebo|controls?|low|high|lower|higher|early|delayed|intensive|conventional|vehicle|saline|sham|usual care|standard care|no treatment)\b"
)


def swapped(case: Case, figure: Figure, row: Aligned) -> bool:
    """Whether a source gives a figure, and another of its kind that the claim has too, to each other's group.

    The groups are told apart by two names that both texts have, or by the one that is the control.
    """
    text, there = case.own.text, row.source.statement
    arms, theirs = _arms(text), _arms(there.text)
    shared = [(arm, other) for arm in arms for other in theirs if arm == other or case.desk.alike(arm, (other,)) == 1.0]
    for mate in case.own.figures:
        if (
            mate is figure
            or _one_range(text, figure, mate)
            or mate.kind != figure.kind
            or figure.kind not in {"percent", "bare", "count", "measure", "duration"}
        ):
            continue
        twins = [(one, two) for one in there.figures for two in there.figures if same_figure(figure, one) and same_figure(mate, two)]
        if not twins:
            continue
        for (arm, other), (second, other_second) in combinations(shared, 2):
            if arm == second or other == other_second:
                continue
            said = _paired(text, (figure, mate), (arms[arm], arms[second]))
            given = _paired(there.text, twins[0], (theirs[other], theirs[other_second]))
            if said is not None and given is not None:
                return said != given
        for arm, other in shared:
            if _ARMS.fullmatch(arm):
                said, given = _nearer(text, (figure, mate), arms[arm]), _nearer(there.text, twins[0], theirs[other])
                if said is not None and given is not None:
                    return said != given
    return False


def owned_by_another(case: Case, figure: Figure, row: Aligned) -> str:
    """The group to which a source gives a figure right beside its name, where the claim gives it to one that has another there: "12.3 on ciclosporin"."""
    said = _owner(case.own.text, figure)
    there = row.source.statement
    if not said or figure.kind not in {"percent", "bare", "measure", "ratio"}:
        return ""
    owners = {_owner(there.text, other) for other in there.figures if same_figure(figure, other)}
    others = {_owner(there.text, other) for other in there.figures if other.kind == figure.kind and not same_figure(figure, other)}
    if not owners or "" in owners or any(case.desk.alike(said, (owner,)) for owner in owners):
        return ""
    return next(iter(sorted(owners))) if any(other and case.desk.alike(said, (other,)) == 1.0 for other in others) else ""


def _owner(text: str, figure: Figure) -> str:
    """The drug or control named right before a figure ("placebo 8%") or right after it ("8% on placebo"); "" where none is."""
    named = _arms(text)
    before = re.search(r"([A-Za-z]+):? $", text[max(0, figure.span.start - 40) : figure.span.start])
    after = re.match(
        r"\)? (?:on|with|for|in|under|given|taking|receiving) (?:the )?([A-Za-z]+)", text[figure.span.end : figure.span.end + 60]
    )
    words = [match[1].lower().removesuffix("s") for match in (after, before) if match]
    return next((word for word in words if word in named and (word in statement(text).drugs or _ARMS.fullmatch(word))), "")


def _one_range(text: str, first: Figure, second: Figure) -> bool:
    """Whether two figures are the ends of one range: "15 to 19%"."""
    low, high = sorted((first.span, second.span))
    return bool(_TO.fullmatch(text[low.end : high.start])) or high.start < low.end


def compared(case: Case, text: str, there: str) -> str:
    """Whether it is "more", "less" or "alike" as the rates that a source gives for the two arms of a claim compare, whatever its words; "" where that cannot be told."""
    sides = _THAN.split(text, maxsplit=1)
    if len(sides) < 2:
        return ""
    mine, other = _named(sides[0]), _named(sides[1])
    theirs = _arms(there) | _doses(there)
    subject, against = _match(case, mine, theirs), _match(case, other, theirs)
    rates = [figure for figure in figures(there) if figure.kind == "percent"]
    if not subject or not against or subject == against or len(rates) < 2:
        return ""
    places = [theirs[subject], theirs[against]]
    if len(rates) == 2 and all(len(spans) == 1 for spans in places):  # each named once: in the order of the rates
        first, second = rates if places[0][0] < places[1][0] else rates[::-1]
        return _more_or_less(first, second)
    nearest = {name: min(rates, key=lambda rate: _far(there, rate, theirs[name])) for name in (subject, against)}
    first, second = nearest[subject], nearest[against]
    if first is second and len(rates) == 2:  # "2.1% with one versus 3.1%": what is left belongs to the other
        owner = min((subject, against), key=lambda name: _far(there, first, theirs[name]))
        rest = next(rate for rate in rates if rate is not first)
        first, second = (first, rest) if owner == subject else (rest, first)
    if first is second:
        return ""
    return _more_or_less(first, second)


def _more_or_less(first: Figure, second: Figure) -> str:
    high, low = max(first.value, second.value), min(first.value, second.value)
    if high < _APART * low:
        return "alike" if high < _ALIKE * low else ""
    return "more" if first.value > second.value else "less"


def _named(text: str) -> list[str]:
    """The arms that a part of a claim names, the most telling first: doses, then drugs and controls."""
    return [
        *_doses(text),
        *(name for name in _arms(text) if name in statement(text).drugs or name in statement(text).words or _ARMS.fullmatch(name)),
    ]


def _doses(text: str) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for figure in figures(text):
        if figure.kind == "dose" and figure.unit.startswith("mg"):
            found.setdefault(f"{figure.value:g} {figure.unit}", []).append(figure.span)
    return found


def _match(case: Case, names: Sequence[str], theirs: Mapping[str, object]) -> str:
    """The first of some arms that a source has too, under its own name."""
    return next(
        (
            there
            for name in names
            for there in theirs
            if name == there or (name.isalpha() and there.isalpha() and case.desk.alike(name, (there,)) == 1.0)
        ),
        "",
    )


def _arms(text: str) -> dict[str, list[Span]]:
    """Words that may name a group, with where they stand: drugs, controls, and what follows "with", "on", "given"."""
    found: dict[str, list[Span]] = {}
    drugs = statement(text).drugs
    for match in re.finditer(r"[A-Za-z]+", text):
        word = match.group().lower().removesuffix("s")
        if word in drugs or _ARMS.fullmatch(match.group().lower()):
            found.setdefault("placebo" if word == "placebo" else word, []).append(Span(*match.span()))
    for match in re.finditer(r"\b(?:with|on|given|receiving|in the|under|taking) (?:the )?([A-Za-z]+)", text):
        places = found.setdefault(match[1].lower().removesuffix("s"), [])
        places += [] if Span(*match.span(1)) in places else [Span(*match.span(1))]
    return found


def _far(text: str, figure: Figure, places: Sequence[Span]) -> int:
    """How far a figure stands from the nearest of some places; a comma or bracket between counts as a long way."""

    def between(place: Span) -> int:
        start, end = sorted((place.start, figure.span.end) if place.start >= figure.span.end else (place.end, figure.span.start))
        return end - start + 14 * len(re.findall(r"[,;)]", text[start:end]))

    return min(map(between, places))


def _nearer(text: str, pair: tuple[Figure, Figure], places: Sequence[Span]) -> bool | None:
    """True: the first figure stands nearer to the places; False: the second does; None: neither, clearly."""
    first, second = (_far(text, figure, places) for figure in pair)
    start, stop = min(figure.span.start for figure in pair), max(figure.span.end for figure in pair)
    opened = text.rfind("(", 0, start)
    if opened >= 0 and ")" not in text[opened:stop] and max(place.end for place in places) <= opened:
        return pair[0].span.start > pair[1].span.start  # "than placebo (8.7% v 13.6%)": the control's comes second
    return None if abs(first - second) < 4 else first < second


def _paired(text: str, pair: tuple[Figure, Figure], arms: tuple[list[Span], list[Span]]) -> bool | None:
    """True: the first figure belongs to the first group; False: to the second; None: that cannot be told."""
    first, second = pair
    before = [[place for place in places if place.start < min(first.span.start, second.span.start)] for places in arms]
    behind = [[place for place in places if place.start > max(first.span.start, second.span.start)] for places in arms]
    for side in (before, behind):
        if all(side) and [len(places) for places in side] == [len(places) for places in arms]:
            return (side[0][0].start < side[1][0].start) == (first.span.start < second.span.start)
    straight = _far(text, first, arms[0]) + _far(text, second, arms[1])
    crossed = _far(text, first, arms[1]) + _far(text, second, arms[0])
    return None if abs(straight - crossed) < 4 else straight < crossed
