"""The figures of a claim: do they stand in the reference, with the same drug, group, time and direction beside them?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sequitur.audit.arms import owned_by_another, swapped
from sequitur.audit.case import ABOUT, ABSENT, CONFLICTS, STANDS, TOPIC, Aligned, Case, Finding, short
from sequitur.audit.derived import Part, derived, from_ratios, parts, share_given
from sequitur.audit.desk import Source, statement
from sequitur.audit.language import BETTER, DOWN, NULL, UP, WORSE, direction
from sequitur.figures import Figure, figures, same_figure
from sequitur.schema import Document, short_name

_RANGE = re.compile(r"\d\s?(?:-|–|to)\s?\d")
_AFTER = re.compile(r"\bafter (?:the )?(?:first |initial )?$", re.IGNORECASE)
_PRIMARY = re.compile(r"\bprimary (?:outcome|end ?-?point)", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from) $", re.IGNORECASE)
_FAIR = 0.6  # share of the best alignment from which a ratio may be what a claim tells as a percentage
_FAR = 0.85  # share of the nearest passage's alignment below which another is remote


def figure_findings(case: Case, document: Document, aligned: Sequence[Aligned], near: Sequence[Aligned]) -> Iterator[Finding]:
    """Each figure of the claim: where it stands in the reference, or what stands there instead."""
    name = short_name(document)
    frame = figures(case.desk.setting(document))
    printed = {figure.text: figure for figure in case.own.figures}
    worded = parts(case.own.text)
    yield from _part_findings(case, worded, near, name)
    for figure in _checked(case, worded):
        facet = f"figure {figure.text} {figure.value}"
        holding = [row for row in aligned if any(same_figure(figure, there) for there in row.source.statement.figures)]
        framed = figure.kind in {"count", "age", "duration", "rhythm", "dose"} and any(same_figure(figure, there) for there in frame)
        apt = [row for row in holding if _bound(case, figure, row)]
        if apt and figure.kind == "duration" and (elsewhere := _other_time(case, figure, apt[0], near)):
            yield Finding(
                facet,
                CONFLICTS,
                f"the article says {figure.text}; {name} gives {elsewhere[0].text} (“{short(elsewhere[1])}”)",
                elsewhere[1],
            )
            continue
        if apt or framed:
            conflict = _binding(case, figure, apt, name) if apt else None
            yield conflict or Finding(facet, STANDS, "", apt[0].source if apt else None)
            continue
        worked = _worked_out(case, figure, aligned, near)
        if worked or derived(case.own.text, figure, frame):
            yield Finding(facet, STANDS, "", worked.source if worked else None)
            continue
        pool = aligned if figure.kind in {"dose", "rhythm"} else [row for row in near if row.share >= TOPIC]
        rival = _rival(case, figure, [row.source for row in pool], list(printed.values()))
        if rival and not (rival[0].kind == "duration" and figure.kind == "duration" and framed):
            state = ABSENT if _in_range(case, rival[0]) else CONFLICTS
            yield Finding(facet, state, f"the article says {figure.text}; {name} gives {rival[0].text} (“{short(rival[1])}”)", rival[1])
        elif holding:
            yield Finding(
                facet,
                CONFLICTS,
                f"in {name} {figure.text} belongs to something else (“{short(holding[0].source)}”)",
                holding[0].source,
            )
        else:
            yield Finding(facet, ABSENT, f"the figure {figure.text} does not stand in {name}", None)


def _worked_out(case: Case, figure: Figure, aligned: Sequence[Aligned], near: Sequence[Aligned]) -> Aligned | None:
    """The passage from whose figures a claim's follows: rounded, turned from a ratio into a percentage, or lying in the claim's range."""
    said = case.own.text
    fair = [row for row in aligned if row.score >= _FAIR * aligned[0].score] if figure.kind == "percent" else []
    ways = (
        (row for row in (aligned if figure.kind == "duration" else near) if derived(said, figure, row.source.statement.figures)),
        (row for row in fair if from_ratios(said, figure, row.source.statement.figures)),
        (row for row in near if _between(case, figure, row.source.statement.figures)),
    )
    return next((row for rows in ways for row in rows), None)


def _checked(case: Case, worded: Sequence[Part]) -> Iterator[Figure]:
    """The figures of a claim but years, the upper ends of ranges (read with their lower ends) and what is part of a share in words."""
    own = case.own.figures
    for figure in own:
        upper = any(low.text.endswith(figure.text) and low is not figure and low.span.end <= figure.span.start for low in own)
        worded_so = any(part.span.start <= figure.span.start < part.span.end for part in worded)
        if figure.kind != "year" and not upper and not worded_so:
            yield figure


def _part_findings(case: Case, worded: Sequence[Part], near: Sequence[Aligned], name: str) -> Iterator[Finding]:
    """Shares said in words, against the percentages, ratios and rates of the passages nearest to the claim."""
    for part in worded:
        given = [(row, share_given(case.own.text, part, row.source.statement.figures)) for row in near]
        facet = f"part {part.text}"
        if any(found for _, found in given):
            yield Finding(facet, STANDS, "", next(row.source for row, found in given if found))
        elif compared := next((row.source for row, found in given if found is False), None):
            yield Finding(facet, ABSENT, f"the article says {part.text}; {name} gives another figure (“{short(compared)}”)", compared)


def _between(case: Case, figure: Figure, there: Sequence[Figure]) -> bool:
    """Whether a claim gives a source's figure as lying between two: "between 4 and 5 points" of 4.6."""
    pair = next(
        (
            (low, high)
            for low, high in pairwise(case.own.figures)
            if figure in (low, high) and _BETWEEN.search(case.own.text[: low.span.start])
        ),
        None,
    )
    if pair is None:
        return False
    low, high = pair[0].value, pair[1].value
    return any(low < abs(other.value) < high and other.kind in {figure.kind, "bare", "ratio"} for other in there)


def _in_range(case: Case, other: Figure) -> bool:
    """Whether a source's figure lies inside a range that the claim gives."""
    own = case.own.figures
    pairs = ((low, high) for low, high in pairwise(own) if low.text.endswith(high.text) and low.text != high.text)
    return any(low.kind == other.kind and low.value <= other.value <= high.value for low, high in pairs)


def _other_time(case: Case, figure: Figure, apt: Aligned, near: Sequence[Aligned]) -> tuple[Figure, Source] | None:
    """A duration of the same bearing ("within", "at least") in the passage nearest by far, where the claim's own stands only in a remote one."""
    top = near[0]
    if top is apt or apt.score >= _FAR * top.score:
        return None
    bearing = _bearing(case.own.text, figure)
    others = [other for other in top.source.statement.figures if other.kind == "duration"]
    return next(((other, top.source) for other in others if bearing and _bearing(top.source.statement.text, other) == bearing), None)


def _bound(case: Case, figure: Figure, row: Aligned) -> bool:
    """Whether a passage that has the figure has it for the same drug, where both name drugs."""
    others = [other for other in case.own.figures if other is not figure and other.kind in {"dose", "percent", "ratio"} and other.decimals]
    if any(same_figure(other, there) for other in others for there in row.source.statement.figures):
        return True  # two of its results stand side by side there
    if figure.kind == "percent" and _PRIMARY.search(row.source.statement.text):
        return True  # what the primary outcome was is said elsewhere
    if figure.kind != "dose":
        return row.score >= ABOUT * (0.4 if figure.kind == "duration" or _RANGE.search(figure.text) else 0.8)
    said, there = (
        _nearest_drug(case.own.text, figure),
        {_nearest_drug(row.source.statement.text, other) for other in row.source.statement.figures if same_figure(figure, other)},
    )
    there.discard("")
    return not said or not there or any(case.desk.alike(said, [other]) for other in there)


def _binding(case: Case, figure: Figure, apt: Sequence[Aligned], name: str) -> Finding | None:
    """A figure that stands in the source, with another arm, duration or direction beside it."""
    facet = f"figure {figure.text} {figure.value}"
    conflict: Finding | None = None
    for row in apt:
        if swapped(case, figure, row):
            conflict = conflict or Finding(
                facet, CONFLICTS, f"{name} gives {figure.text} for the other group (“{short(row.source)}”)", row.source
            )
            continue
        if owner := owned_by_another(case, figure, row):
            reason = f"{name} gives {figure.text} for {owner} (“{short(row.source)}”)"
            conflict = conflict or Finding(facet, CONFLICTS, reason, row.source)
            continue
        if clash := _setting_clash(case, figure, row):
            conflict = conflict or Finding(facet, CONFLICTS, f"{name} gives {figure.text} for {clash} (“{short(row.source)}”)", row.source)
            continue
        if crossing := _crosses(case, figure, row):
            return Finding(
                facet,
                CONFLICTS,
                f"the article takes {figure.text} for an effect; its interval in {name} ({crossing}) includes no effect",
                row.source,
            )
        if figure.kind == "ratio" and figure.unit in {"rr", "or", "hr", "irr"} and (points := _points_otherwise(case, figure)):
            return Finding(facet, CONFLICTS, f"{figure.text} in {name} means {points} (“{short(row.source)}”)", row.source)
        return None
    return conflict


def _setting_clash(case: Case, figure: Figure, row: Aligned) -> str:
    """The time or the dose at which a source has a result, where the claim gives it for another."""
    volume = figure.kind == "dose" and figure.unit == "ml"
    if not volume and (figure.kind not in {"ratio", "percent", "bare", "measure"} or not (figure.decimals or figure.kind == "percent")):
        return ""
    said = [other for other in case.own.figures if other.kind == "duration" and not _AFTER.search(case.own.text[: other.span.start])]
    there = [other for other in row.source.statement.figures if other.kind == "duration"]
    if said and there and not any(same_figure(one, other) for one in said for other in there):
        return there[0].text
    said = [other for other in case.own.figures if other.kind == "dose" and other.unit != "ml"]
    there = [other for other in row.source.statement.figures if other.kind == "dose" and other.unit != "ml"]
    if said and len({other.value for other in there}) == 1 and not any(same_figure(one, other) for one in said for other in there):
        return there[0].text
    return ""


def _crosses(case: Case, figure: Figure, row: Aligned) -> str:
    """The interval of a ratio that the claim states as an effect, where it includes no effect."""
    if figure.kind != "ratio" or figure.unit not in {"rr", "or", "hr", "irr"}:
        return ""
    effects = next(
        (clause.effects for clause in case.own.clauses if figure.value in {other.value for other in clause.figures}), frozenset()
    )
    if not effects & {UP, DOWN, BETTER, WORSE} or NULL in effects:
        return ""
    there = row.source.statement.figures
    at = next(number for number, other in enumerate(there) if same_figure(figure, other))
    bounds = [bound for bound in there[at + 1 : at + 3] if bound.kind == "bound"]
    return bounds[0].text if len(bounds) == 2 and bounds[0].value < 1 < bounds[1].value else ""


def _points_otherwise(case: Case, figure: Figure) -> str:
    effects = {effect for clause in case.own.clauses for effect in clause.effects}
    points = direction(figure)
    if points == UP and DOWN in effects and UP not in effects and WORSE not in effects:
        return "more, not less"
    if points == DOWN and UP in effects and DOWN not in effects:
        return "less, not more"
    return ""


def _rival(case: Case, figure: Figure, sources: Sequence[Source], printed: Sequence[Figure]) -> tuple[Figure, Source] | None:
    """A figure of the same kind that a passage on the same thing has instead."""
    for source in sources:
        drug = _nearest_drug(case.own.text, figure) if figure.kind == "dose" else ""
        for other in source.statement.figures:
            if other.kind != figure.kind or (figure.kind not in {"dose", "percent"} and other.unit != figure.unit):
                continue
            if figure.kind == "dose" and other.unit.partition("/")[0] != figure.unit.partition("/")[0]:
                continue
            theirs = _nearest_drug(source.statement.text, other) if drug else ""
            if drug and theirs and not case.desk.alike(drug, [theirs]):
                continue
            if not any(same_figure(said, other) for said in printed if said is not figure):
                return other, source
    return None


def _nearest_drug(text: str, figure: Figure) -> str:
    """The drug that a dose belongs to: the last one named before it in its sentence, else the first one after."""
    drugs = statement(text).drugs
    named = [(match.start(), match.group().lower()) for match in re.finditer(r"[A-Za-z]+", text)]
    known = [(at, word) for at, word in named if word in drugs or word.removesuffix("s") in drugs]
    before = [word for at, word in known if at < figure.span.start and not re.search(r"[.;]\s", text[at : figure.span.start])]
    after = [word for at, word in known if at >= figure.span.end and not re.search(r"[.;]\s", text[figure.span.end : at])]
    direct = re.match(r"(?:\s*(?:of|/day of|a day of|daily))?\s+([A-Za-z]+)", text[figure.span.end :])
    if direct and (direct[1].lower() in drugs or direct[1].lower().removesuffix("s") in drugs):
        return direct[1].lower()
    return before[-1] if before else after[0] if after else ""


def _bearing(text: str, figure: Figure) -> str:
    """The word that says what a duration is: "within", "least", "over", "after"."""
    before = re.search(
        r"\b(within|least|over|after|every|for|at|until|up to)\s*(?:the )?(?:first )?(?:about )?$", text[: figure.span.start], re.IGNORECASE
    )
    return before[1].lower() if before else ""
