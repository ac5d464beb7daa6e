"""One claim against the passages of one reference: what of it stands there, what is missing, what is said otherwise.

Each check names a facet of the claim (a figure, the way an effect points, in whom, how strongly) and says of it `stands`, `absent` or `conflicts`,
with the sentence a reader is shown. `sequitur.audit.verdicts` joins the findings of several references.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from sequitur.audit.desk import Desk, Source, Statement, statement
from sequitur.audit.language import (
    BETTER,
    DOWN,
    NARROW,
    NULL,
    RESTRICTIVE,
    UP,
    VARIES,
    WORSE,
    Clause,
    direction,
    exclusive,
    grades,
    populations,
    strength,
    whom,
    without_whom,
)
from sequitur.figures import Figure, figures, same_figure
from sequitur.index import unmarked
from sequitur.schema import Document, Passage, short_name
from sequitur.text import fold

STANDS, ABSENT, CONFLICTS = "stands", "absent", "conflicts"
_NEAR = 0.72  # share of the best alignment from which another passage is about the same thing
_ABOUT = 0.34  # alignment from which a passage is about the claim at all
_TOPIC = 0.4  # share of a claim's words from which a reference speaks of it
_CLOSE = 0.5  # cosine from which a passage is about the claim, whatever its words
_GOOD = re.compile(
    r"\b(?:surviv\w*|remission\w*|respon\w+|recover\w*|function\w*|quality of life|cure[ds]?|eradicat\w*|adheren\w*|healing|success\w*|clearance|patency|wake\w*)\b"
)
_DESIGN = re.compile(r"design|method|question", re.IGNORECASE)
_ARMS = re.compile(r"\b(?:placebo|controls?|vehicle|saline|sham|usual care|standard care|no treatment)\b")
_AFTER = re.compile(r"\bafter (?:the )?(?:first |initial )?$", re.IGNORECASE)
_PAIR = re.compile(r"\bversus\b|\bvs\.?\b|\bcompared (?:with|to)\b|\bagainst\b|\bthan\b")
_LIST = re.compile(r"\(([^()]*,[^()]*)\)")
_QUOTED = re.compile(r"[\"“]([^\"”]{3,40})[\"”]")
_LASTING = re.compile(r"\b(?:long-term|lasting|sustained|durable|persist\w*|permanent)\b")
_PASSING = re.compile(
    r"\b(?:short-term|short-lived|transient|temporar\w*|while (?:they|it) runs?|little beyond|faded|wore off|no longer significant|brief\w*)\b"
)
_PROMISE = frozenset({BETTER, DOWN, UP})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one reference says of one facet of a claim."""

    facet: str
    state: str  # STANDS, ABSENT or CONFLICTS
    reason: str  # for a reader; "" where it stands
    source: Source | None


@dataclass(frozen=True, slots=True)
class Aligned:
    """A passage and how far it is about a claim, 0..1."""

    source: Source
    score: float
    share: float  # of the claim's words
    cosine: float


@dataclass(frozen=True)
class Judged:
    """A claim against one reference."""

    document: Document
    aligned: tuple[Aligned, ...]  # best first
    share: float  # of the claim's words, by rarity, in the reference as a whole
    findings: tuple[Finding, ...]

    @property
    def speaks(self) -> bool:
        """Whether the reference is about the claim at all."""
        if not self.aligned or self.aligned[0].score < _ABOUT:
            return False
        return self.share >= _TOPIC or self.has_figures or self.aligned[0].cosine >= _CLOSE

    @property
    def has_figures(self) -> bool:
        """Whether a telling figure of the claim stands in it."""
        return any(finding.facet.startswith("figure") and finding.state == STANDS and "." in finding.facet for finding in self.findings)


class Judge:
    """Holds one claim against references."""

    def __init__(self, desk: Desk, claim: Passage) -> None:
        self._desk, self._claim = desk, claim
        self.said = statement(desk.words(claim))
        self._own = statement(unmarked(claim))
        entry = desk.entry.article
        self._context = f"{entry.title}. {claim.section}. {self.said.text}"

    @property
    def own(self) -> str:
        """The claim's own words, without its lead-in and citation numbers."""
        return self._own.text

    @property
    def own_words(self) -> tuple[str, ...]:
        """Its content words."""
        return self._own.words

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures."""
        return self._own.figures

    def against(self, document: Document) -> Judged:
        """Every facet of the claim, held against one reference."""
        aligned = self._align(document)
        frame = statement(self._desk.frame(document))
        everywhere = tuple(dict.fromkeys(word for row in self._desk.sources[document.id] for word in row.statement.words))
        share = self._desk.share(self._own.words, everywhere, frame.words)
        near = [row for row in aligned if row.score >= _NEAR * aligned[0].score] if aligned else []
        findings: list[Finding] = []
        if near:
            findings += self._figures(document, aligned, near)
            results = [row for row in aligned if not _DESIGN.match(row.source.passage.section)]
            findings += self._effects(document, results)
            findings += self._advice(document, results)
            findings += self._grades(document, [row for row in near if row in results])
            findings += self._populations(document, near, frame)
            findings += self._horizon(document, near)
            findings += self._frequency(document, near)
            findings += self._denials(document, results, everywhere)
            findings += self._names(document, everywhere, frame)
        return Judged(document, tuple(aligned), share, tuple(findings))

    # --- which passages are about it -----------------------------------------------------------------------------------

    def _align(self, document: Document) -> list[Aligned]:
        sources = self._desk.sources[document.id]
        if not sources:
            return []
        cosines = self._desk.cosine(self._claim, [source.passage for source in sources])
        frame = statement(f"{document.title} {document.population}").words
        found = []
        for source, cosine in zip(sources, cosines, strict=True):
            share = self._desk.share(self._own.words, source.statement.words, frame)
            own = [figure for figure in self._own.figures if figure.kind != "year"]
            matched = sum(any(same_figure(figure, there) for there in source.statement.figures) for figure in own)
            bonus = 0.2 * matched / len(own) if own else 0.0
            found.append(Aligned(source, 0.55 * share + 0.45 * max(cosine, 0.0) + bonus, share, cosine))
        return sorted(found, key=lambda row: -row.score)

    # --- figures ---------------------------------------------------------------------------------------------------------

    def _figures(self, document: Document, aligned: Sequence[Aligned], near: Sequence[Aligned]) -> Iterator[Finding]:
        name = short_name(document)
        frame = figures(f"{document.title}. {document.population}")
        printed = {figure.text: figure for figure in self._own.figures}
        for figure in self._own.figures:
            facet = f"figure {figure.text} {figure.value}"
            if figure.kind == "year" or any(
                low.text.endswith(figure.text) and low is not figure and low.span.end <= figure.span.start for low in self._own.figures
            ):
                continue  # the upper end of a range is read with its lower end
            holding = [row for row in aligned if any(same_figure(figure, there) for there in row.source.statement.figures)]
            framed = figure.kind in {"count", "age", "duration"} and any(same_figure(figure, there) for there in frame)
            apt = [row for row in holding if self._bound(figure, row)]
            if apt or framed:
                conflict = self._binding(figure, apt, name) if apt else None
                yield conflict or Finding(facet, STANDS, "", apt[0].source if apt else None)
                continue
            pool = aligned if figure.kind == "dose" else [row for row in near if row.share >= _TOPIC]
            rival = self._rival(figure, [row.source for row in pool], list(printed.values()))
            if rival and not (rival[0].kind == "duration" and figure.kind == "duration" and framed):
                state = ABSENT if self._in_range(rival[0]) else CONFLICTS
                yield Finding(
                    facet, state, f"the article says {figure.text}; {name} gives {rival[0].text} (“{_short(rival[1])}”)", rival[1]
                )
            elif holding:
                yield Finding(
                    facet,
                    CONFLICTS,
                    f"in {name} {figure.text} belongs to something else (“{_short(holding[0].source)}”)",
                    holding[0].source,
                )
            else:
                yield Finding(facet, ABSENT, f"the figure {figure.text} does not stand in {name}", None)

    def _in_range(self, other: Figure) -> bool:
        """Whether a source's figure lies inside a range that the claim gives."""
        own = self._own.figures
        pairs = ((low, high) for low, high in pairwise(own) if low.text.endswith(high.text) and low.text != high.text)
        return any(low.kind == other.kind and low.value <= other.value <= high.value for low, high in pairs)

    def _bound(self, figure: Figure, row: Aligned) -> bool:
        """Whether a passage that has the figure has it for the same drug, where both name drugs."""
        if figure.kind != "dose":
            return row.score >= _ABOUT * 0.8
        said, there = (
            _nearest_drug(self._own.text, figure),
            {_nearest_drug(row.source.statement.text, other) for other in row.source.statement.figures if same_figure(figure, other)},
        )
        there.discard("")
        return not said or not there or any(self._desk.alike(said, [other]) for other in there)

    def _binding(self, figure: Figure, apt: Sequence[Aligned], name: str) -> Finding | None:
        """A figure that stands in the source, with another arm, duration or direction beside it."""
        facet = f"figure {figure.text} {figure.value}"
        conflict: Finding | None = None
        for row in apt:
            if self._swapped(figure, row):
                conflict = conflict or Finding(
                    facet, CONFLICTS, f"{name} gives {figure.text} for the other group (“{_short(row.source)}”)", row.source
                )
                continue
            if clash := self._setting_clash(figure, row):
                conflict = conflict or Finding(
                    facet, CONFLICTS, f"{name} gives {figure.text} for {clash} (“{_short(row.source)}”)", row.source
                )
                continue
            if crossing := self._crosses(figure, row):
                return Finding(
                    facet,
                    CONFLICTS,
                    f"the article takes {figure.text} for an effect; its interval in {name} ({crossing}) includes no effect",
                    row.source,
                )
            if figure.kind == "ratio" and figure.unit in {"rr", "or", "hr", "irr"} and (points := self._points_otherwise(figure)):
                return Finding(facet, CONFLICTS, f"{figure.text} in {name} means {points} (“{_short(row.source)}”)", row.source)
            return None
        return conflict

    def _swapped(self, figure: Figure, row: Aligned) -> bool:
        """Whether a source gives a figure, and another of its kind that the claim has too, to each other's group.

        The groups are told apart by two names that both texts have, or by the one that is the control.
        """
        text, there = self._own.text, row.source.statement
        arms, theirs = _arms(text), _arms(there.text)
        shared = [(arm, other) for arm in arms for other in theirs if arm == other or self._desk.alike(arm, (other,)) == 1.0]
        for mate in self._own.figures:
            if mate is figure or mate.kind != figure.kind or figure.kind not in {"percent", "bare", "count", "measure"}:
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

    def _setting_clash(self, figure: Figure, row: Aligned) -> str:
        """The time or the dose at which a source has a result, where the claim gives it for another."""
        if figure.kind not in {"ratio", "percent", "bare"} or not (figure.decimals or figure.kind == "percent"):
            return ""
        said = [other for other in self._own.figures if other.kind == "duration" and not _AFTER.search(self._own.text[: other.span.start])]
        there = [other for other in row.source.statement.figures if other.kind == "duration"]
        if said and there and not any(same_figure(one, other) for one in said for other in there):
            return there[0].text
        said = [other for other in self._own.figures if other.kind == "dose"]
        there = [other for other in row.source.statement.figures if other.kind == "dose"]
        if said and there and not any(same_figure(one, other) for one in said for other in there):
            return there[0].text
        return ""

    def _crosses(self, figure: Figure, row: Aligned) -> str:
        """The interval of a ratio that the claim states as an effect, where it includes no effect."""
        if figure.kind != "ratio" or figure.unit not in {"rr", "or", "hr", "irr"}:
            return ""
        effects = next(
            (clause.effects for clause in self._own.clauses if figure.value in {other.value for other in clause.figures}), frozenset()
        )
        if not effects & {UP, DOWN, BETTER, WORSE} or NULL in effects:
            return ""
        there = row.source.statement.figures
        at = next(number for number, other in enumerate(there) if same_figure(figure, other))
        bounds = [bound for bound in there[at + 1 : at + 3] if bound.kind == "bound"]
        return bounds[0].text if len(bounds) == 2 and bounds[0].value < 1 < bounds[1].value else ""

    def _points_otherwise(self, figure: Figure) -> str:
        effects = {effect for clause in self._own.clauses for effect in clause.effects}
        points = direction(figure)
        if points == UP and DOWN in effects and UP not in effects and WORSE not in effects:
            return "more, not less"
        if points == DOWN and UP in effects and DOWN not in effects:
            return "less, not more"
        return ""

    def _rival(self, figure: Figure, sources: Sequence[Source], printed: Sequence[Figure]) -> tuple[Figure, Source] | None:
        """A figure of the same kind that a passage on the same thing has instead."""
        for source in sources:
            drug = _nearest_drug(self._own.text, figure) if figure.kind == "dose" else ""
            for other in source.statement.figures:
                if other.kind != figure.kind or (figure.kind not in {"dose", "percent", "count"} and other.unit != figure.unit):
                    continue
                if figure.kind == "dose" and other.unit.partition("/")[0] != figure.unit.partition("/")[0]:
                    continue
                theirs = _nearest_drug(source.statement.text, other) if drug else ""
                if drug and theirs and not self._desk.alike(drug, [theirs]):
                    continue
                if not any(same_figure(said, other) for said in printed if said is not figure):
                    return other, source
        return None

    # --- effects ---------------------------------------------------------------------------------------------------------

    def _effects(self, document: Document, aligned: Sequence[Aligned]) -> Iterator[Finding]:
        """The way each effect points, against the clauses on the same outcome."""
        for number, clause in enumerate(self._own.clauses):
            effects = clause.effects
            if not effects:
                continue
            ranked = sorted(
                (
                    (self._overlap(clause, there, row) * self._fits(row), row, there)
                    for row in aligned[:12]
                    for there in row.source.statement.clauses
                    if there.effects
                ),
                key=lambda found: -found[0],
            )
            ranked = [found for found in ranked if found[0] >= _OVERLAP]
            close = [found for found in ranked if found[0] >= 0.8 * ranked[0][0]] if ranked else []
            states = [(_opposed(effects, clause.text, there.effects, there.text), row, there) for _, row, there in close]
            facet = f"effect {number}"
            name = short_name(document)
            if any(state is False for state, _, _ in states):
                yield Finding(facet, STANDS, "", next(row.source for state, row, _ in states if state is False))
            elif opposed := next((row for state, row, _ in states if state), None):
                yield Finding(facet, CONFLICTS, _effect_reason(effects, opposed.source, name), opposed.source)
            elif (
                not close
                and effects & ({BETTER, DOWN} if len(self._own.words) > _BARE else {BETTER, DOWN, UP, WORSE})
                and NULL not in effects
                and (null := self._only_null(document))
            ):
                yield Finding(facet, CONFLICTS, f"{name} reports no difference (“{_short(null)}”)", null)

    def _overlap(self, clause: Clause, there: Clause, row: Aligned) -> float:
        """How much of a clause's outcome words another has; those that hold for its whole passage count in part."""
        said, others = statement(clause.text), statement(there.text)
        outcome = [word for word in statement(without_whom(clause.text)).words if word not in said.drugs and word != "placebo"] or list(
            said.words
        )
        if said.drugs and others.drugs and not any(self._desk.alike(drug, others.drugs) for drug in said.drugs):
            return 0.0
        return self._desk.share(outcome, others.words, row.source.statement.words) if others.words else 0.0

    def _only_null(self, document: Document) -> Source | None:
        """The finding of a comparison whose every finding is that there was no difference."""
        found = [
            source
            for source in self._desk.sources[document.id]
            if re.match(r"finding|result|conclusion", source.passage.section, re.IGNORECASE)
        ]
        effects = [(source, clause.effects) for source in found for clause in source.statement.clauses if clause.effects]
        nulls = [source for source, effect in effects if NULL in effect]
        return nulls[0] if nulls and all(NULL in effect for _, effect in effects) else None

    def _fits(self, row: Aligned) -> float:
        """1 where a passage is about those whom the claim is about, less where it leaves them out and names others."""
        said = populations(self._own.text)
        document = row.source.document
        there = populations(row.source.statement.text) or populations(f"{document.title}. {document.population}")
        if any(axis in there and exclusive(values, there[axis]) for axis, values in said.items()):
            return 0.3
        return 0.75 if any(axis not in there and values & RESTRICTIVE for axis, values in said.items()) else 1.0

    def _same_subject(self, row: Aligned) -> bool:
        """Whether a passage speaks of a drug of the claim, by itself or in a document about that drug; true of a claim without drugs."""
        if not self._own.drugs:
            return True
        own = statement(row.source.passage.text).drugs
        there = own or statement(f"{row.source.statement.text} {row.source.document.title}").drugs
        return any(self._desk.alike(drug, there) for drug in self._own.drugs)

    # --- advice, grade, strength -------------------------------------------------------------------------------------------

    def _advice(self, document: Document, aligned: Sequence[Aligned]) -> Iterator[Finding]:
        for number, clause in enumerate(self._own.clauses):
            hopeful = not clause.advice and BETTER in clause.effects and NULL not in clause.effects
            if not clause.advice and not hopeful:
                continue
            ranked = sorted(
                (
                    (self._advice_overlap(clause, row, there) * self._fits(row), row, there)
                    for row in aligned[:12]
                    if self._same_subject(row)
                    for there in row.source.statement.clauses
                    if there.advice and self._names_same(clause, there)
                ),
                key=lambda found: -found[0],
            )
            ranked = [found for found in ranked if found[0] >= _OVERLAP]
            close = [found for found in ranked if found[0] >= 0.95 * ranked[0][0]] if ranked else []
            facet, name = f"advice {number}", short_name(document)
            if hopeful:
                against = next((row for score, row, there in close if there.advice == "against" and score >= _HOPE), None)
                if against and all(there.advice == "against" for _, _, there in close):
                    yield Finding(facet, CONFLICTS, f"{name} advises against it (“{_short(against.source)}”)", against.source)
                continue
            if any(there.advice == clause.advice for _, _, there in close):
                yield Finding(facet, STANDS, "", next(row.source for _, row, there in close if there.advice == clause.advice))
            elif close:
                row = close[0][1]
                said = "advises against it" if clause.advice == "for" else "advises it"
                yield Finding(facet, CONFLICTS, f"{name} {said} (“{_short(row.source)}”)", row.source)

    def _names_same(self, clause: Clause, there: Clause) -> bool:
        """Whether two clauses do not name different drugs."""
        said, others = statement(clause.text).drugs, statement(there.text).drugs
        return not said or not others or any(self._desk.alike(drug, tuple(others)) for drug in said)

    def _advice_overlap(self, clause: Clause, row: Aligned, there: Clause) -> float:
        said = statement(clause.text)
        if sum(bool(self._desk.alike(drug, statement(there.text).drugs)) for drug in said.drugs) > 1:
            return 1.0
        subject, whole = statement(row.source.document.title).words, row.source.statement
        around = whole.words if len(whole.clauses) < 3 else statement(there.text).words
        return (2 * self._desk.share(said.words, around, subject) + self._desk.share(said.words, statement(there.text).words, subject)) / 3

    def _grades(self, document: Document, near: Sequence[Aligned]) -> Iterator[Finding]:
        name = short_name(document)
        near = [row for row in near if self._same_subject(row)]
        near = [row for row in near if self._fits(row) == max(map(self._fits, near))]
        graded = [(row, grades(row.source.statement.text)) for row in near]
        for scheme, value in grades(self._own.text).items():
            there = [(row, found[scheme]) for row, found in graded if scheme in found]
            facet = f"grade {scheme}"
            if any(found == value for _, found in there):
                yield Finding(facet, STANDS, "", next(row.source for row, found in there if found == value))
            elif there:
                row, found = there[0]
                yield Finding(
                    facet,
                    CONFLICTS,
                    f"the article gives {scheme} {value.upper()}; {name} gives {found.upper()} (“{_short(row.source)}”)",
                    row.source,
                )
            else:
                yield Finding(facet, ABSENT, f"no cited passage gives {scheme} {value.upper()} for it", None)
        if re.search(r"\bstrong(?:ly)? (?:\w+ )?recommend|\bstrong recommendation", fold(self._own.text)):
            weak = next((row for row in near if strength(row.source.statement.text) == "weak"), None)
            strong = any(strength(row.source.statement.text) == "strong" for row in near)
            if weak and not strong:
                yield Finding(
                    "strength",
                    CONFLICTS,
                    f"the article calls it strongly recommended; {name} is weaker (“{_short(weak.source)}”)",
                    weak.source,
                )
            elif not strong:
                yield Finding("strength", ABSENT, "no cited passage makes a strong recommendation of it", None)

    # --- in whom, for how long, how often ------------------------------------------------------------------------------------

    def _populations(self, document: Document, near: Sequence[Aligned], frame: Statement) -> Iterator[Finding]:
        name = short_name(document)
        whom = f"{document.title}. {document.population}" if document.population else frame.text
        said, framed = populations(self._own.text), populations(whom)
        best = populations(" ".join(row.source.statement.text for row in near[:3]))
        whole = populations(" ".join(source.statement.text for source in self._desk.sources[document.id]))
        context = populations(self._context)
        for axis in {*said, *framed}:
            facet = f"population {axis}"
            if axis in said:
                top = next((row for row in near if axis in populations(row.source.statement.text)), None)
                local = populations(top.source.statement.text)[axis] if top else frozenset()
                everyone = framed.get(axis, frozenset()) or local
                about = f"“{document.population or document.title}”" if axis in framed else f"“{_short(top.source)}”" if top else ""
                if everyone and exclusive(said[axis], everyone):
                    reason = f"the article speaks of {_joined(said[axis])}; {name} of {_joined(everyone)} ({about})"
                    yield Finding(facet, CONFLICTS, reason, (top or near[0]).source)
                elif (
                    top
                    and exclusive(said[axis], local)
                    and not said[axis] & framed.get(axis, frozenset())
                    and top.score >= 0.9 * near[0].score
                ):
                    yield Finding(
                        facet,
                        CONFLICTS,
                        f"the article speaks of {_joined(said[axis])}; {name} says it of {_joined(local)} (“{_short(top.source)}”)",
                        top.source,
                    )
                elif not everyone and not said[axis] & whole.get(axis, frozenset()) and said[axis] & RESTRICTIVE:
                    yield Finding(facet, ABSENT, f"{name} says nothing of {_joined(said[axis])}", None)
                else:
                    yield Finding(facet, STANDS, "", None)
            elif len(framed[axis]) == 1 and framed[axis] & NARROW and not framed[axis] & context.get(axis, frozenset()):
                narrow = next(iter(framed[axis]))
                if not _only_here(narrow, best.get(axis, frozenset())):
                    yield Finding(
                        facet,
                        ABSENT,
                        f"{name} is about {narrow} alone (“{document.population or document.title}”), which the article does not say here",
                        None,
                    )

    def _horizon(self, document: Document, near: Sequence[Aligned]) -> Iterator[Finding]:
        said = fold(self._own.text)
        there = [(row, fold(row.source.statement.text)) for row in near[:3]]
        for mine, theirs, word in ((_LASTING, _PASSING, "lasting"), (_PASSING, _LASTING, "short-lived")):
            if mine.search(said) and not theirs.search(said):
                against = next((row for row, text in there if theirs.search(text) and not mine.search(text)), None)
                if against and not any(mine.search(text) for _, text in there):
                    name = short_name(document)
                    yield Finding(
                        "horizon", CONFLICTS, f"the article calls it {word}; {name} does not (“{_short(against.source)}”)", against.source
                    )

    def _frequency(self, document: Document, near: Sequence[Aligned]) -> Iterator[Finding]:
        name = short_name(document)
        for clause in self._own.clauses:
            if not clause.frequency:
                continue
            there = [
                (row, other)
                for row in near
                for other in row.source.statement.clauses
                if other.frequency and self._overlap(clause, other, row) >= _OVERLAP
            ]
            if any(other.frequency == clause.frequency for _, other in there):
                yield Finding("frequency", STANDS, "", there[0][0].source)
            elif there:
                yield Finding(
                    "frequency",
                    CONFLICTS,
                    f"the article calls it {clause.frequency}; {name} does not (“{_short(there[0][0].source)}”)",
                    there[0][0].source,
                )
            elif clause.frequency == "common" and any(figure.kind == "ratio" for figure in clause.figures):
                yield Finding(
                    "frequency", ABSENT, f"{name} gives how much likelier it is than with the comparison, not how common it is", None
                )

    def _same(self, clause: Clause, other: Clause, everywhere: Sequence[str]) -> bool:
        """Whether two clauses are about one thing: two words in common at least, and what is left stands elsewhere in the reference."""
        said, there = statement(clause.text).words, statement(other.text).words
        common = sum(self._desk.alike(word, there) == 1.0 for word in said)
        return common >= 2 and self._desk.share(said, there) >= _SAME / 2 and self._desk.share(said, there, everywhere) >= _SAME

    def _denials(self, document: Document, near: Sequence[Aligned], everywhere: Sequence[str]) -> Iterator[Finding]:
        """What one denies and the other affirms, in clauses that say the same otherwise."""
        name = short_name(document)
        for clause in self._own.clauses:
            if clause.advice or NULL in clause.effects:
                continue
            found = [
                (row, other)
                for row in near[:3]
                for other in row.source.statement.clauses
                if not (other.advice or NULL in other.effects) and self._same(clause, other, everywhere)
            ]
            if found and all(other.denied != clause.denied for _, other in found):
                who, does = ("denies", "states") if clause.denied else ("affirms", "denies")
                yield Finding(
                    "denial", CONFLICTS, f"the article {who} what {name} {does} (“{_short(found[0][0].source)}”)", found[0][0].source
                )
                return

    # --- what it names -------------------------------------------------------------------------------------------------------

    def _names(self, document: Document, everywhere: Sequence[str], frame: Statement) -> Iterator[Finding]:
        """Drugs, examples in brackets, quoted terms and in whom: things of the claim that stand nowhere in the reference."""
        name = short_name(document)
        there = (*everywhere, *frame.words)
        for drug in sorted(self._own.drugs):
            known = self._desk.alike(drug, there) or self._desk.alike(f"{drug}s", there)
            yield Finding(f"name {drug}", STANDS if known else ABSENT, f"{name} does not mention {drug}", None)
        listed = [
            item.strip()
            for part in _LIST.findall(self._own.text)
            if not re.search(r"\d", part)
            for item in re.split(r",|\band\b|\bor\b", part)
        ]
        for item in [*listed, *_QUOTED.findall(self._own.text)]:
            words = statement(item).words
            if words and not statement(item).drugs:
                known = self._desk.share(words, there) >= _EXAMPLE
                yield Finding(f"name {item}", STANDS if known else ABSENT, f"{name} does not mention {item}", None)
        for word in whom(self._own.text):
            if word in self._own.words and word not in self._own.drugs:
                known = self._desk.alike(word, there)
                yield Finding(f"name {word}", STANDS if known else ABSENT, f"{name} does not mention {word}", None)
        for word in self._own.words:
            if word not in self._own.drugs:
                yield Finding(f"word {word}", STANDS if self._desk.alike(word, there) else ABSENT, word, None)


_OVERLAP = 0.4
_BARE = 2  # words up to which a claim names no outcome of its own
_EXAMPLE = 0.6  # share of an example's words from which it is mentioned
_HOPE = 0.6  # the same, for advice against what the article only hopes for
_SAME = 0.55


def _opposed(said: frozenset[str], claim: str, there: frozenset[str], source: str) -> bool | None:
    """True: the two point in opposite ways; False: the same way; None: they cannot be compared."""
    if NULL in said or NULL in there:
        if NULL in said and NULL in there:
            return False
        other = there if NULL in said else said
        mixed = said if NULL in said else there
        if len(mixed) > 1 and mixed & other:
            return False
        return True if other & {*_PROMISE, WORSE, VARIES} else None
    if VARIES in said or VARIES in there:
        return None
    mine, theirs = _way(said, claim), _way(there, source)
    if not mine or not theirs:
        return None
    return mine != theirs


def _way(effects: frozenset[str], text: str) -> str:
    """The way an effect is for the patient, "good" or "bad" for the patient, taking up and down by what goes up or down; "" where both or neither are said."""
    good = bool(_GOOD.search(text))
    ways = set()
    if UP in effects:
        ways.add("good" if good else "bad")
    if DOWN in effects:
        ways.add("bad" if good and BETTER not in effects else "good")
    if BETTER in effects:
        ways.add("good")
    if WORSE in effects:
        ways.add("bad")
    return next(iter(ways)) if len(ways) == 1 else ""


def _effect_reason(said: frozenset[str], source: Source, name: str) -> str:
    quoted = f"(“{_short(source)}”)"
    if NULL in said:
        return f"the article says it makes no difference; {name} reports one {quoted}"
    there = {effect for clause in source.statement.clauses for effect in clause.effects}
    if NULL in there:
        return f"{name} found no difference {quoted}"
    return f"{name} reports the opposite direction {quoted}"


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


def _arms(text: str) -> dict[str, list[int]]:
    """Words that may name a group, with where they stand: drugs, controls, and what follows "with", "on", "given"."""
    found: dict[str, list[int]] = {}
    drugs = statement(text).drugs
    for match in re.finditer(r"[A-Za-z]+", text):
        word = match.group().lower().removesuffix("s")
        if word in drugs or _ARMS.fullmatch(match.group().lower()):
            found.setdefault("placebo" if word == "placebo" else word, []).append(match.start())
    for match in re.finditer(r"\b(?:with|on|given|receiving|in the|under|taking) (?:the )?([A-Za-z]+)", text):
        found.setdefault(match[1].lower().removesuffix("s"), []).append(match.start(1))
    return found


def _far(text: str, figure: Figure, places: Sequence[int]) -> int:
    """How far a figure stands from the nearest of some places; a comma or bracket between counts as a long way."""

    def between(place: int) -> int:
        start, end = sorted((place, figure.span.end if place >= figure.span.end else figure.span.start))
        return end - start + 14 * len(re.findall(r"[,;)]", text[start:end]))

    return min(map(between, places))


def _nearer(text: str, pair: tuple[Figure, Figure], places: Sequence[int]) -> bool | None:
    """True: the first figure stands nearer to the places; False: the second does; None: neither, clearly."""
    first, second = (_far(text, figure, places) for figure in pair)
    return None if abs(first - second) < 4 else first < second


def _paired(text: str, pair: tuple[Figure, Figure], arms: tuple[list[int], list[int]]) -> bool | None:
    """True: the first figure belongs to the first group; False: to the second; None: that cannot be told."""
    first, second = pair
    before = [[place for place in places if place < min(first.span.start, second.span.start)] for places in arms]
    behind = [[place for place in places if place > max(first.span.start, second.span.start)] for places in arms]
    for side in (before, behind):
        if all(side) and [len(places) for places in side] == [len(places) for places in arms]:
            return (side[0][0] < side[1][0]) == (first.span.start < second.span.start)
    straight = _far(text, first, arms[0]) + _far(text, second, arms[1])
    crossed = _far(text, first, arms[1]) + _far(text, second, arms[0])
    return None if abs(straight - crossed) < 4 else straight < crossed


def _only_here(narrow: str, local: frozenset[str]) -> bool:
    """Whether the aligned passage itself speaks of others than those the document is about."""
    return bool(local) and narrow not in local


def _short(source: Source) -> str:
    """The passage as it is quoted in a reason."""
    words = " ".join(source.statement.text.split())
    return words if len(words) <= 180 else words[:177].rsplit(" ", 1)[0] + " …"


def _joined(values: frozenset[str]) -> str:
    return " and ".join(sorted(values))
