"""What a claim advises, how strongly, and on which grade of evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.audit.case import ABSENT, CONFLICTS, OVERLAP, STANDS, Aligned, Case, Finding, short
from sequitur.audit.desk import statement
from sequitur.audit.language import BETTER, NULL, Clause, grades, strength
from sequitur.schema import Document, short_name
from sequitur.text import fold

_RECOMMENDED = re.compile(
    r"\b(?:strong|weak|conditional|discretionary)(?:ly)? (?:\w+ )?recommend\w*|\b(?:recommendation|advice) (?:is|was)(?: graded)? (?:strong|weak|conditional)\b"
)
_CALLED = {"strong": "strongly recommended", "weak": "a weak recommendation"}
_IS = {"strong": "stronger", "weak": "weaker"}
_HOPE = 0.6  # share of a clause's words from which advice is about the same thing, for advice against what the article only hopes for


def advice_findings(case: Case, document: Document, aligned: Sequence[Aligned]) -> Iterator[Finding]:
    """What is advised for or against, against the clauses of the reference that advise on the same thing."""
    for number, clause in enumerate(case.own.clauses):
        hopeful = not clause.advice and BETTER in clause.effects and NULL not in clause.effects
        if not clause.advice and not hopeful:
            continue
        ranked = sorted(
            (
                (_advice_overlap(case, clause, row, there) * case.fits(row), row, there)
                for row in aligned[:12]
                if case.same_subject(row)
                for there in row.source.statement.clauses
                if there.advice and case.names_same(clause, there, row)
            ),
            key=lambda found: -found[0],
        )
        ranked = [found for found in ranked if found[0] >= OVERLAP]
        close = [found for found in ranked if found[0] >= 0.95 * ranked[0][0]] if ranked else []
        facet, name = f"advice {number}", short_name(document)
        if hopeful:
            against = next((row for score, row, there in close if there.advice == "against" and score >= _HOPE), None)
            if against and all(there.advice == "against" for _, _, there in close):
                yield Finding(facet, CONFLICTS, f"{name} advises against it (“{short(against.source)}”)", against.source)
            continue
        if any(there.advice == clause.advice for _, _, there in close):
            yield Finding(facet, STANDS, "", next(row.source for _, row, there in close if there.advice == clause.advice))
        elif close:
            row = close[0][1]
            said = "advises against it" if clause.advice == "for" else "advises it"
            yield Finding(facet, CONFLICTS, f"{name} {said} (“{short(row.source)}”)", row.source)


def _advice_overlap(case: Case, clause: Clause, row: Aligned, there: Clause) -> float:
    said = statement(clause.text)
    if sum(bool(case.desk.alike(drug, statement(there.text).drugs)) for drug in said.drugs) > 1:
        return 1.0
    subject, whole = statement(row.source.document.title).words, row.source.statement
    around = whole.words if len(whole.clauses) < 3 else statement(there.text).words
    return (2 * case.desk.share(said.words, around, subject) + case.desk.share(said.words, statement(there.text).words, subject)) / 3


def grade_findings(case: Case, document: Document, near: Sequence[Aligned]) -> Iterator[Finding]:
    """Levels, grades, certainties and the strength of a recommendation, against those that stand beside the same subject."""
    name = short_name(document)
    near = [row for row in near if case.same_subject(row)]
    near = [row for row in near if case.fits(row) == max(map(case.fits, near))]
    graded = [(row, grades(row.source.statement.text)) for row in near]
    for scheme, value in grades(case.own.text).items():
        there = [(row, found[scheme]) for row, found in graded if scheme in found]
        facet = f"grade {scheme}"
        if any(found == value for _, found in there):
            yield Finding(facet, STANDS, "", next(row.source for row, found in there if found == value))
        elif there:
            row, found = there[0]
            yield Finding(
                facet,
                CONFLICTS,
                f"the article gives {scheme} {value.upper()}; {name} gives {found.upper()} (“{short(row.source)}”)",
                row.source,
            )
        else:
            yield Finding(facet, ABSENT, f"no cited passage gives {scheme} {value.upper()} for it", None)
    yield from _strength_findings(case, near, name)


def _strength_findings(case: Case, near: Sequence[Aligned], name: str) -> Iterator[Finding]:
    """A recommendation called strong or weak, against what the passages nearest to it call theirs."""
    called = _RECOMMENDED.search(fold(case.own.text))
    if not called:
        return
    wanted, other = ("strong", "weak") if "strong" in called.group() else ("weak", "strong")
    there = [(row, strength(row.source.statement.text)) for row in near]
    if any(found == wanted for _, found in there):
        yield Finding("strength", STANDS, "", next(row.source for row, found in there if found == wanted))
    elif rival := next((row.source for row, found in there if found == other), None):
        reason = f"the article calls it {_CALLED[wanted]}; {name} is {_IS[other]} (“{short(rival)}”)"
        yield Finding("strength", CONFLICTS, reason, rival)
    elif wanted == "strong":
        yield Finding("strength", ABSENT, "no cited passage makes a strong recommendation of it", None)
