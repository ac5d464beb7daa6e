"""In whom a claim holds, and the things that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.audit.case import ABSENT, CONFLICTS, STANDS, Aligned, Case, Finding, short
from sequitur.audit.desk import Statement, statement
from sequitur.audit.people import NARROW, RESTRICTIVE, aged, exclusive, populations, whom
from sequitur.schema import Document, short_name

_LIST = re.compile(r"\(([^()]*,[^()]*)\)")
_QUOTED = re.compile(r"[\"“]([^\"”]{3,40})[\"”]")
_DURING = re.compile(
    r"\bduring (?:the )?(administration|infusion|injection|surgery|pregnancy|labou?r|breastfeeding|sleep|exercise|menstruation|dialysis|an(?:a)?esthesia|chemotherapy)\b"
)
_EXAMPLE = 0.6  # share of an example's words from which it is mentioned


def population_findings(case: Case, document: Document, near: Sequence[Aligned], *, retold: bool) -> Iterator[Finding]:
    """In whom, axis by axis, against the passages on the same thing and the reference as a whole; and those whom the claim leaves out.

    `retold`: the claim gives one study's figures, so that it need not say again in whom that was.
    """
    name = short_name(document)
    said, framed = populations(case.own.text), populations(case.desk.whom(document))
    if by_years := aged(document.population):
        framed = {**framed, "age": framed.get("age", frozenset()) | by_years}
    best = populations(" ".join(row.source.statement.text for row in near[:3]))
    whole = populations(" ".join(source.statement.text for source in case.desk.sources[document.id]))
    context = populations(case.context)
    for axis in {*said, *framed}:
        facet = f"population {axis}"
        if axis in said:
            top = next((row for row in near if axis in populations(row.source.statement.text)), None)
            local = populations(top.source.statement.text)[axis] if top else frozenset()
            everyone = framed.get(axis, frozenset()) or local
            about = f"“{document.population or document.title}”" if axis in framed else f"“{short(top.source)}”" if top else ""
            if everyone and exclusive(said[axis], everyone) and not said[axis] & local:
                reason = f"the article speaks of {_joined(said[axis])}; {name} of {_joined(everyone)} ({about})"
                yield Finding(facet, CONFLICTS, reason, (top or near[0]).source)
            elif (
                top and exclusive(said[axis], local) and not said[axis] & framed.get(axis, frozenset()) and top.score >= 0.9 * near[0].score
            ):
                yield Finding(
                    facet,
                    CONFLICTS,
                    f"the article speaks of {_joined(said[axis])}; {name} says it of {_joined(local)} (“{short(top.source)}”)",
                    top.source,
                )
            elif not everyone and not said[axis] & whole.get(axis, frozenset()) and said[axis] & RESTRICTIVE:
                yield Finding(facet, ABSENT, f"{name} says nothing of {_joined(said[axis])}", None)
            else:
                yield Finding(facet, STANDS, "", None)
        elif not retold and len(framed[axis]) == 1 and framed[axis] & NARROW and not framed[axis] & context.get(axis, frozenset()):
            narrow = next(iter(framed[axis]))
            if not _only_here(narrow, best.get(axis, frozenset())):
                yield Finding(
                    facet,
                    ABSENT,
                    f"{name} is about {narrow} alone (“{document.population or document.title}”), which the article does not say here",
                    None,
                )


def name_findings(case: Case, document: Document, everywhere: Sequence[str], frame: Statement) -> Iterator[Finding]:
    """Drugs, examples in brackets, quoted terms and in whom: things of the claim that stand nowhere in the reference."""
    name = short_name(document)
    there = (*everywhere, *frame.words)
    for drug in sorted(case.own.drugs):
        known = case.desk.alike(drug, there) or case.desk.alike(f"{drug}s", there)
        yield Finding(f"name {drug}", STANDS if known else ABSENT, f"{name} does not mention {drug}", None)
    listed = [
        item.strip() for part in _LIST.findall(case.own.text) if not re.search(r"\d", part) for item in re.split(r",|\band\b|\bor\b", part)
    ]
    for item in [*listed, *_QUOTED.findall(case.own.text)]:
        words = statement(item).words
        if words and not statement(item).drugs:
            known = case.desk.share(words, there) >= _EXAMPLE
            yield Finding(f"name {item}", STANDS if known else ABSENT, f"{name} does not mention {item}", None)
    for word in whom(case.own.text):
        if word in case.own.words and word not in case.own.drugs and case.desk.thing(word):
            known = case.desk.alike(word, there)
            yield Finding(f"name {word}", STANDS if known else ABSENT, f"{name} does not mention {word}", None)
    for event in _DURING.findall(case.own.text.lower()):
        yield Finding(f"name {event}", STANDS if case.desk.alike(event, there) else ABSENT, f"{name} does not mention {event}", None)
    for word in case.own.words:
        if word not in case.own.drugs:
            yield Finding(f"word {word}", STANDS if case.desk.alike(word, there) else ABSENT, word, None)


def _only_here(narrow: str, local: frozenset[str]) -> bool:
    """Whether the aligned passage itself speaks of others than those the document is about."""
    return bool(local) and narrow not in local


def _joined(values: frozenset[str]) -> str:
    return " and ".join(sorted(values))
