"""What a claim says happens: the way its effects point, how often, how long, and what it denies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.audit.arms import compared
from sequitur.audit.case import ABSENT, CONFLICTS, OVERLAP, STANDS, Aligned, Case, Finding, short
from sequitur.audit.desk import Source, statement
from sequitur.audit.language import BETTER, DOWN, NULL, UP, VARIES, WORSE, Clause, frequency_word
from sequitur.audit.people import RESTRICTIVE, in_whom, populations, without_whom
from sequitur.figures import same_figure
from sequitur.schema import Document, short_name
from sequitur.text import fold

_GOOD = re.compile(
    r"\b(?:surviv\w*|remission\w*|respon\w+|recover\w*|function\w*|quality of life|cure[ds]?|eradicat\w*|adheren\w*|favou?rable|good (?:functional )?outcomes?|excellent|healing|success\w*|clearance|patency|wake\w*)\b"
)
_LASTING = re.compile(r"\b(?:long-term|lasting|sustained|durable|persist\w*|permanent)\b")
_PASSING = re.compile(
    r"\b(?:short-term|short-lived|transient|temporar\w*|while (?:they|it) runs?|little beyond|faded|wore off|no longer significant|brief\w*)\b"
)
_UNSURE = re.compile(r"\b(?:uncertain|unclear|inconclusive|insufficient)\b")
_SURELY = re.compile(r"\b(?:significant|clear|marked|substantial|considerabl|great|strong)\w*\b")
_PROMISE = frozenset({BETTER, DOWN, UP})
_MENTION = 0.3  # share of a clause's words from which a clause speaks of the harm whose frequency is told
_BARE = 2  # words up to which a claim names no outcome of its own
_RESULTS = frozenset({"percent", "ratio", "bare", "p"})  # kinds of figures that tell what was found, not what was done
_SAME = 0.55  # share of a clause's words from which another is about the same outcome
_NEARBY = 0.5  # share of the best alignment from which a passage on the very patients of a claim is what counts
_AS_GOOD = 0.7  # share of the best likeness from which another clause counts as well
_DENIED = 0.45  # share of a clause's words from which what one clause denies may be what another affirms
_FAR = 0.8  # share of the best overlap below which a clause is about something else


def effect_findings(case: Case, document: Document, aligned: Sequence[Aligned]) -> Iterator[Finding]:
    """The way each effect points, against the clauses on the same outcome."""
    for number, clause in enumerate(case.own.clauses):
        effects = clause.effects
        if not effects:
            continue
        if clause.advice:
            yield from _advised_in_vain(case, document, clause, f"effect {number}")
            continue
        same, least = _of_the_same(case, document, _with_results(clause, aligned))
        ranked = sorted(
            (
                (max(case.overlap(clause, there, row) * case.fits(row), least if there.effects else 0.0), row, there)
                for row in same[:12]
                for there in row.source.statement.clauses
            ),
            key=lambda found: -found[0],
        )
        most = max(
            (
                score
                for score, _, there in ranked
                if there.effects or any(figure.kind in _RESULTS and (figure.decimals or figure.kind != "bare") for figure in there.figures)
            ),
            default=0.0,
        )
        ranked = [found for found in ranked if found[2].effects and found[0] >= max(OVERLAP, _FAR * most)]
        close = [found for found in ranked if found[0] >= 0.8 * ranked[0][0]] if ranked else []
        close = [found for found in ranked if _same_results(clause, found[2])] or close
        states = [(_opposed(effects, clause.text, there.effects, there.text), row, there) for _, row, there in close]
        states += [(False, row, there) for row, there in _by_rates(case, clause, same, agree=True)]
        counted = (
            None
            if any(_same_results(clause, there) for _, _, there in close)
            else next(iter(_by_rates(case, clause, same, agree=False)), None)
        )
        facet = f"effect {number}"
        name = short_name(document)
        own_results = any(figure.kind in {"percent", "ratio"} for figure in clause.figures) and bool(_with_own(clause, same))
        if effects & {UP, DOWN} and not close and not own_results and (lost := _lost_outcome(case, clause, document)):
            yield Finding(f"outcome {number}", ABSENT, f"{name} says nothing of {lost}", None)
        if any(state is False for state, _, _ in states):
            yield Finding(facet, STANDS, "", next(row.source for state, row, _ in states if state is False))
        elif counted:
            row = counted[0]
            yield Finding(facet, CONFLICTS, f"the rates in {name} do not say so (“{short(row.source)}”)", row.source)
        elif opposed := next((row for state, row, _ in states if state), None):
            yield Finding(facet, CONFLICTS, _effect_reason(effects, opposed.source, name), opposed.source)
        elif (
            not close
            and effects & ({BETTER, DOWN} if len(case.own.words) > _BARE else {BETTER, DOWN, UP, WORSE})
            and NULL not in effects
            and not _results_stand(case, aligned)
            and (null := _only_null(case, document))
        ):
            yield Finding(facet, CONFLICTS, f"{name} reports no difference (“{short(null)}”)", null)


def _results_stand(case: Case, aligned: Sequence[Aligned]) -> bool:
    """Whether one passage has all the rates and ratios that a claim prints, two at least: then it is no other finding that speaks."""
    results = [figure for figure in case.own.figures if figure.kind in {"percent", "ratio"}]
    return len(results) > 1 and any(
        all(any(same_figure(figure, other) for other in row.source.statement.figures) for figure in results) for row in aligned
    )


def _same_results(clause: Clause, there: Clause) -> bool:
    """Whether a clause has a result of the claim's, so that it is the one to compare with."""
    results = [figure for figure in clause.figures if figure.kind in {"percent", "ratio"} and figure.decimals]
    return any(same_figure(figure, other) for figure in results for other in there.figures)


def _advised_in_vain(case: Case, document: Document, clause: Clause, facet: str) -> Iterator[Finding]:
    """What something is advised for is no finding; but a trial that found nothing does not carry the advice either."""
    hoped = clause.advice == "for" and clause.effects & {BETTER, DOWN} and NULL not in clause.effects
    if hoped and (null := _only_null(case, document)):
        yield Finding(facet, CONFLICTS, f"{short_name(document)} reports no difference (“{short(null)}”)", null)


def _with_results(clause: Clause, aligned: Sequence[Aligned]) -> Sequence[Aligned]:
    """The passages that have the results which a clause prints, so that no other can speak against it; all where none has."""
    return _with_own(clause, aligned) or aligned


def _with_own(clause: Clause, aligned: Sequence[Aligned]) -> list[Aligned]:
    results = [figure for figure in clause.figures if figure.kind in {"percent", "ratio"}]
    least = min(2, len(results)) if not any(figure.decimals for figure in results) else 1
    if not results or (least < 2 and not any(figure.decimals for figure in results)):
        return []
    return [
        row
        for row in aligned
        if sum(any(same_figure(figure, other) for other in row.source.statement.figures) for figure in results) >= least
    ]


def _by_rates(case: Case, clause: Clause, rows: Sequence[Aligned], *, agree: bool) -> list[tuple[Aligned, Clause]]:
    """The clauses on the same outcome whose rates for the claim's two arms compare as the claim says, or the other way."""
    ways = clause.effects & {UP, DOWN}
    if len(ways) != 1 or NULL in clause.effects:
        return []
    way = "more" if UP in ways else "less"
    found = []
    for row in rows[:6]:
        for there in row.source.statement.clauses:
            if not there.effects & {UP, DOWN} and case.overlap(clause, there, row) >= _SAME:
                said = compared(case, clause.text, there.text)
                found += [(row, there)] if said and (said == way) == agree and (said != "alike" or _SURELY.search(clause.text)) else []
    return found


def _of_the_same(case: Case, document: Document, aligned: Sequence[Aligned]) -> tuple[Sequence[Aligned], float]:
    """The passages on just those whom the claim is about, where the document is about others too, and the least they overlap; else all."""
    framed = populations(case.desk.whom(document))
    restricted = {axis: values for axis, values in in_whom(case.own.text).items() if not values & framed.get(axis, frozenset())}
    best = aligned[0].score if aligned else 0.0
    same = [
        row
        for row in aligned
        if row.score >= _NEARBY * best
        and any(values & populations(row.source.statement.text).get(axis, frozenset()) & RESTRICTIVE for axis, values in restricted.items())
    ]
    same = [row for row in same if case.same_subject(row)]
    return (same, OVERLAP) if same else (aligned, 0.0)


def _lost_outcome(case: Case, clause: Clause, document: Document) -> str:
    """What an effect is claimed on, where no word of it stands in the reference."""
    said = statement(clause.text)
    words = [word for word in statement(without_whom(clause.text)).words if word not in said.drugs and not case.desk.common(word)]
    there = tuple(word for source in case.desk.sources[document.id] for word in source.statement.words)
    return words[0] if words and not any(case.desk.alike(word, there) for word in words) else ""


def _only_null(case: Case, document: Document) -> Source | None:
    """The finding of a comparison whose every finding is that there was no difference."""
    found = [
        source for source in case.desk.sources[document.id] if re.match(r"finding|result|conclusion", source.passage.section, re.IGNORECASE)
    ]
    effects = [(source, clause.effects) for source in found for clause in source.statement.clauses if clause.effects]
    nulls = [source for source, effect in effects if NULL in effect]
    return nulls[0] if nulls and all(effect == {NULL} for _, effect in effects) else None


def frequency_findings(case: Case, document: Document, rows: Sequence[Aligned]) -> Iterator[Finding]:
    """Common or rare, against what the reference says or its percentages tell."""
    name = short_name(document)
    for clause in case.own.clauses:
        word = frequency_word(clause.text)
        if not word:
            continue
        there = [
            (row, other)
            for row in rows[:12]
            for other in row.source.statement.clauses
            if other.frequency and case.overlap(clause, other, row) >= _MENTION
        ]
        if same := next((row for row, other in there if other.frequency == word), None):
            yield Finding("frequency", STANDS, "", same.source)
        elif there:
            yield Finding(
                "frequency",
                CONFLICTS,
                f"the article calls it {word}; {name} does not (“{short(there[0][0].source)}”)",
                there[0][0].source,
            )
        elif word == "common" and any(figure.kind == "ratio" for figure in clause.figures):
            yield Finding("frequency", ABSENT, f"{name} gives how much likelier it is than with the comparison, not how common it is", None)


def _same(case: Case, clause: Clause, other: Clause, everywhere: Sequence[str]) -> bool:
    """Whether two clauses are about one thing: two words in common at least, and what is left stands elsewhere in the reference."""
    said, there = statement(clause.text).words, statement(other.text).words
    common = sum(case.desk.alike(word, there) == 1.0 for word in said)
    return common >= 2 and case.desk.share(said, there) >= _SAME / 2 and case.desk.share(said, there, everywhere) >= _SAME


def denial_findings(case: Case, document: Document, near: Sequence[Aligned], everywhere: Sequence[str]) -> Iterator[Finding]:
    """What one denies and the other affirms, in clauses that say the same otherwise."""
    name = short_name(document)
    for clause in case.own.clauses:
        if clause.advice or NULL in clause.effects:
            continue
        found = [
            (case.desk.share(statement(clause.text).words, statement(other.text).words), row, other)
            for row in near[:6]
            for other in row.source.statement.clauses
            if not (other.advice or NULL in other.effects) and _same(case, clause, other, everywhere)
        ]
        best = max((score for score, _, _ in found), default=0.0)
        found = [line for line in found if line[0] >= _AS_GOOD * best]
        if best >= _DENIED and found and all(other.denied != clause.denied for _, _, other in found):
            who, does = ("denies", "states") if clause.denied else ("affirms", "denies")
            yield Finding("denial", CONFLICTS, f"the article {who} what {name} {does} (“{short(found[0][1].source)}”)", found[0][1].source)
            return


def lasting_findings(case: Case, document: Document, near: Sequence[Aligned]) -> Iterator[Finding]:
    """Lasting or passing, against the passages nearest to the claim."""
    said = fold(case.own.text)
    there = [(row, fold(row.source.statement.text)) for row in near[:3]]
    for mine, theirs, word in ((_LASTING, _PASSING, "lasting"), (_PASSING, _LASTING, "short-lived")):
        if mine.search(said) and not theirs.search(said):
            against = next((row for row, text in there if theirs.search(text) and not mine.search(text)), None)
            if against and not any(mine.search(text) for _, text in there):
                name = short_name(document)
                yield Finding(
                    "horizon", CONFLICTS, f"the article calls it {word}; {name} does not (“{short(against.source)}”)", against.source
                )


def _opposed(said: frozenset[str], claim: str, there: frozenset[str], source: str) -> bool | None:
    """True: the two point in opposite ways; False: the same way; None: they cannot be compared."""
    if NULL in said or NULL in there:
        return _against_null(said, there)
    if VARIES in said or VARIES in there:
        return None
    turned = frozenset({UP, DOWN})
    if said & turned and said & turned == there & turned:
        return False
    mine, theirs = _way(said, claim), _way(there, source)
    if not mine or not theirs:
        return None
    return mine != theirs


def _against_null(said: frozenset[str], there: frozenset[str]) -> bool | None:
    if NULL in said and NULL in there:
        return False
    null, other = (said, there) if NULL in said else (there, said)
    if len(null) > 1:
        turned = (null & {UP, DOWN}, other & {UP, DOWN})
        return False if null & other else True if all(turned) else None
    return True if other & {*_PROMISE, WORSE, VARIES} else None


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
    quoted = f"(“{short(source)}”)"
    if NULL in said:
        return f"the article says it makes no difference; {name} reports one {quoted}"
    there = {effect for clause in source.statement.clauses for effect in clause.effects}
    if NULL in there:
        unsure = _UNSURE.search(fold(source.statement.text))
        return f"{name} calls it {unsure.group()} {quoted}" if unsure else f"{name} found no difference {quoted}"
    return f"{name} reports the opposite direction {quoted}"
