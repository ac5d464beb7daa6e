"""How much of a question a passage covers, and what of it the corpus never mentions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sequitur.analysis import stems
from sequitur.index import Index
from sequitur.intent import SECTIONS, SPECIFIC, wants
from sequitur.particulars import asked_for
from sequitur.ports import Vectors
from sequitur.schema import WHOM, Focus, Gaps, Passage, Query
from sequitur.text import quantities

_IN_PLACE = 0.8  # what a concept counts that only the heading or the lead-in has
_IN_TITLE = 0.8  # what a concept counts that only the document's title has
_UNLIKE, _ALIKE = 0.5, 0.85  # cosines of two words at which resemblance begins and is full
_RESEMBLES = 0.7  # what full resemblance counts
_READ = 3  # hits that should show a particular
_SHOWN = 0.7  # what a word counts that asks for a particular which the passage shows ("how old": "aged 18 to 65")
KIN = 0.5  # weight up to which another wording of a drug is only its kin: its class, or another member
_ASKING = float(
    np.log1p(10.0)
)  # weight at most of a concept that only asks, in words the corpus lacks: as though a tenth of the passages had them
_DOSES = frozenset({"mg", "g", "µg", "mg/kg", "mg/day", "mg/h", "mg/kg/h", "µg/kg", "mcg/kg", "g/day"})
_TIMES = frozenset({"day", "week", "month", "year", "h", "min"})
_PEOPLE = frozenset({"patient", "people", "participant", "adult", "trial", "studies"})


class Sought(NamedTuple):
    """A concept of a question, ready to be looked for."""

    wordings: tuple[tuple[frozenset[str], float], ...]  # stems of each wording with its weight, the typed one first
    weight: float
    aspects: tuple[str, ...]  # answer types the concept itself names: "side effects", "dose"
    resemblance: Vectors | None  # how far each content word of the corpus may stand in for it, shape (words,)
    rows: frozenset[int]  # the passages that have any stem of any wording, heading and lead-in included
    showing: frozenset[int] = frozenset()  # the passages that show the particular it asks for; none where it asks for none


def loose(query: Query) -> list[str]:
    """What the concepts mean that something resembling them may stand in for: what `concepts_of` needs the vectors of."""
    return [focus.meant for focus in query.focus if not focus.exact]


def concepts_of(query: Query, index: Index, vectors: Vectors) -> tuple[Sought, ...]:
    """The concepts of a query with their stems, weights and resemblances; worked out once a question. `vectors`: of the `loose` wordings."""
    found = []
    asked = asked_for(query.standalone)
    resemblances = iter(_resemblances(vectors, index))
    for focus in query.focus:
        resemblance = None if focus.exact else next(resemblances)
        stemmed = tuple((frozenset(stems(wording)), weight) for wording, weight in focus.wordings)
        typed = focus.wordings[0][0]
        aspects = () if SPECIFIC.search(typed) else tuple(want for want in wants(typed) if want in SECTIONS)
        known = tuple((terms, weight) for terms, weight in stemmed if terms)
        said = [terms for terms, weight in known if weight > 0.5]
        weight = rarity(said, index)
        if aspects and not any(_anywhere(terms, index) for terms in said):
            weight = min(weight, _ASKING)  # a word that asks ("dose") need not stand in the sources to be answered by them ("250 mg daily")
        rows = index.having(frozenset().union(*(terms for terms, _ in known)))
        particulars = [own.particular for own in asked if own.words.issuperset(typed.split())]
        showing = frozenset().union(*(index.showing(particular) for particular in particulars))
        found.append(Sought(known, focus.strength * weight, aspects, resemblance, rows, showing))
    return tuple(found)


def _anywhere(terms: frozenset[str], index: Index) -> bool:
    """Whether a passage has all the stems: "half" here and "life" there are no half-life."""
    rows = [index.having([term]) for term in terms]
    return bool(rows) and bool(frozenset.intersection(*rows))


def _resemblances(vectors: Vectors, index: Index) -> Vectors:
    """How far each content word of the corpus may stand in for each wording, shape (wordings, words)."""
    cosines = vectors @ index.word_vectors.T
    return np.asarray(_RESEMBLES * np.clip((cosines - _UNLIKE) / (_ALIKE - _UNLIKE), 0.0, 1.0), dtype=np.float32)


def covered(concepts: Sequence[Sought], rows: Sequence[int], index: Index) -> list[float]:
    """For each passage the share of the question's concepts that it has, in any wording, weighted by their rarity; 0..1.

    A concept that only the document's title has counts less; an aspect ("side effects") counts where the section is about it; a word that
    resembles it counts by how much, for drugs and names not at all.
    """
    whole = sum(concept.weight for concept in concepts)
    if not whole:
        return [0.0] * len(rows)
    best = [_bests(concept, rows, index) for concept in concepts]
    return [sum(concept.weight * own for concept, own in zip(concepts, of_row, strict=True)) / whole for of_row in zip(*best, strict=True)]


def _bests(concept: Sought, rows: Sequence[int], index: Index) -> list[float]:
    """How well each passage has a concept, 0..1."""
    alike = _alike(concept, rows, index)
    return [_best(concept, row, resembling, index) for row, resembling in zip(rows, alike, strict=True)]


def _alike(concept: Sought, rows: Sequence[int], index: Index) -> list[float]:
    """How well the word of each passage that is closest to a concept resembles it."""
    if concept.resemblance is None or not rows:
        return [0.0] * len(rows)
    words = [index.words_of(row) for row in rows]
    values = np.append(concept.resemblance, np.float32(0.0))[np.concatenate([np.append(own, len(concept.resemblance)) for own in words])]
    starts = np.cumsum([0, *(len(own) + 1 for own in words[:-1])])
    found: list[float] = np.maximum.reduceat(values, starts).tolist()
    return found


def _best(concept: Sought, row: int, resembling: float, index: Index) -> float:
    best = 0.0
    if row in concept.rows:
        best = present(concept.wordings, index.own_stems(row))
        if best < 1.0:
            best = max(best, _IN_PLACE * present(concept.wordings, index.stems[row]))
    if best < 1.0:
        title = int(index.titles[row])
        if title in concept.rows:
            best = max(best, _IN_TITLE * present(concept.wordings, index.stems[title]))
        if best < _IN_TITLE and concept.aspects:
            best = max(best, _aspect(concept.aspects, index.passages[row]))
        if best < _RESEMBLES:
            best = max(best, resembling)
        if best < _SHOWN and row in concept.showing:
            best = _SHOWN
    return best


def _aspect(aspects: Sequence[str], passage: Passage) -> float:
    """Whether a passage is about an aspect without naming it: by the section it stands in and the kind of figure it has."""
    fits = any(SECTIONS[aspect].search(passage.section) for aspect in aspects)
    figured = [aspect for aspect in aspects if aspect in FIGURES]
    if not figured:
        return _IN_TITLE if fits else 0.0
    return 0.3 * fits + 0.5 * any(has_figure(aspect, passage) for aspect in figured)


def present(wordings: Sequence[tuple[frozenset[str], float]], stemmed: frozenset[str]) -> float:
    """The weight of the best wording that is there; a part for a part of its words."""
    best = 0.0
    for wanted, weight in wordings:
        if weight <= best:
            continue
        if wanted <= stemmed:
            best = weight
        elif len(wanted) > 1:
            best = max(best, 0.6 * weight * len(wanted & stemmed) / len(wanted))
    return best


def rarity(wordings: Sequence[frozenset[str]], index: Index) -> float:
    """Inverse document frequency of a concept: that of its commonest wording, for any of them will do. Unknown concepts weigh most."""
    counts = [min(index.frequency.get(term, 0) for term in terms) for terms in wordings if terms]
    return float(np.log1p(len(index.passages) / (1 + max(counts, default=0))))


@lru_cache(maxsize=100_000)
def _units(text: str) -> frozenset[str]:
    """Units of the figures in a text; bare numbers give ""."""
    return frozenset(quantity.unit for quantity in quantities(text))


FIGURES = frozenset({"dose", "duration", "size", "number"})


def has_figure(kind: str, passage: Passage) -> bool:
    """Whether a passage has a figure of the kind: "dose", "duration", "size" or any "number"."""
    units = _units(passage.text)
    if kind == "dose":
        return bool(units & _DOSES)
    if kind == "duration":
        return bool(units & _TIMES)
    if kind == "size":
        return bool(units & _PEOPLE) or bool(units and passage.section == WHOM)
    return bool(units)


def anchored(query: Query, concepts: Sequence[Sought], index: Index) -> bool:
    """Whether a question names a source, or something medical that the corpus knows."""
    pairs = zip(query.focus, concepts, strict=True)
    return bool(query.named) or any(focus.medical and _known(focus, concept, index) for focus, concept in pairs)


def _known(focus: Focus, concept: Sought, index: Index) -> bool:
    return any(_anywhere(terms, index) for terms, weight in concept.wordings if weight > KIN or not focus.exact)


def gaps(query: Query, concepts: Sequence[Sought], rows: Sequence[int], index: Index) -> Gaps:
    """What is asked and stands nowhere in the corpus, or in none of the passages `rows`."""
    whole = sum(concept.weight for concept in concepts)
    missing: list[str] = []
    share, medical = 0.0, 0.0
    for focus, concept in zip(query.focus, concepts, strict=True):
        if _known(focus, concept, index) or concept.aspects:
            continue
        missing.append(focus.wordings[0][0])
        nearest = float(concept.resemblance.max()) if concept.resemblance is not None else 0.0
        share += concept.weight * (1.0 - nearest) / whole if whole else 0.0
        medical += focus.medical * concept.weight / whole if whole else 0.0
    have = [_bests(concept, rows, index) for concept in concepts]
    lacks = [
        max((concept.weight * (1.0 - own[place]) for concept, own in zip(concepts, have, strict=True)), default=0.0)
        for place in range(len(rows))
    ]
    asked = [own for own in asked_for(query.standalone) if own.particular.tells]
    showing = [index.showing(own.particular) for own in asked]
    first, named, pointed = frozenset(rows[:_READ]), _rows_of(query.named, index), _rows_of(query.shown, index)
    unsaid = [
        own.said
        for own, shown in zip(asked, showing, strict=True)
        if any(places and shown.isdisjoint(places) for places in (first, named, pointed))
    ]
    return Gaps(
        tuple(missing),
        share,
        medical,
        anchored(query, concepts, index),
        whole,
        missed=min(lacks, default=0.0),
        particulars=len(showing),
        unsaid=tuple(dict.fromkeys(unsaid)),
        unshown=sum(own.isdisjoint(first) for own in showing) / len(showing) if showing else 0.0,
        unshown_named=bool(named) and any(own.isdisjoint(named) for own in showing),
        unshown_pointed=bool(pointed) and any(own.isdisjoint(pointed) for own in showing),
    )


def _rows_of(documents: Sequence[str], index: Index) -> frozenset[int]:
    return frozenset(row for row, passage in enumerate(index.passages) if passage.document_id in documents)
