"""Query + hits → `Draft`: the extractive composer. It picks and orders sentences; it writes none.

Whether to answer at all is decided in `sequitur.compose.abstain`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sequitur.analysis import stem
from sequitur.compose import table
from sequitur.compose.abstain import answerable, signals
from sequitur.compose.say import preceding, sayable, says_same, shown
from sequitur.coverage import KIN, has_figure
from sequitur.differ import sides
from sequitur.index import Index, unmarked
from sequitur.lexicon import general
from sequitur.premise import contradicting
from sequitur.routes import may_be, routes
from sequitur.schema import Claim, Draft, Hit, Missing, Passage, Query, Retrieved
from sequitur.text import tokens, words

__all__ = ["THRESHOLDS", "Thresholds", "answerable", "compose", "preceding", "shown", "signals"]

_MOST_CLAIMS = 9
_BUDGET = 150  # words; a single long claim may pass it
_SIDE = 14  # words of a side where the sources differ
_AHEAD = 2  # documents among whose claims the article's come first
_LOOKED = 6  # first hits among which the dose that is asked for should be
_SHORT = 45  # words below which an answer may still take a claim from further down, if it covers nearly as much
_NEARLY = 0.7
_AS_WELL = 0.1  # coverage by which an item of a list may fall short of another and still answer as well
_RESTRICTS = re.compile(r"^(?:if|when|before|after|unless|for|in|consider)\b|\bonly\b", re.IGNORECASE)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|had|may|should|can|shows?|showed|found)\b")


class Thresholds(NamedTuple):
    """What to leave out, chosen on the dev halves of the gold."""

    again: float = 0.7  # what each earlier claim of the same source costs the next one, unless that source is asked about
    drop: float = 3.4  # a claim worth that much less than the best is left out
    judged: float = 2.0  # added to it where judged questions were asked: they lift the best


THRESHOLDS = Thresholds()


def compose(query: Query, retrieved: Retrieved, index: Index, *, avoid: bool = False, thresholds: Thresholds = THRESHOLDS) -> Draft:
    """The sentences that answer, best first, of one document together; or an abstention that names what is missing.

    What the question wrongly takes for granted is corrected first, even where nothing else can be answered.
    `avoid`: leave out passages that work out a dose for a body weight, because the question is about one person.
    """
    others = {hit.passage.id for hit in retrieved.hits if _doses_another(hit.passage, query, index)}
    hits = [hit for hit in retrieved.hits if hit.passage.id not in others and not (avoid and _per_person(hit.passage))]
    corrections = _corrections(query, hits, index)
    undosed = others.intersection(hit.passage.id for hit in retrieved.hits[:_LOOKED]) and not _has_dose(query, hits[:_LOOKED])
    if undosed or answerable(query, retrieved) < 0:
        unsaid = (" ".join([*sorted(_dosed(query)[1]), "dose"]),) if undosed else retrieved.gaps.unsaid
        return Draft(corrections, "extractive", Missing() if corrections else Missing(retrieved.gaps.unknown, unsaid))
    differing = () if corrections else sides(query, hits, index)
    apart = {claim.passages[0] for claim in corrections}
    spent = sum(words(claim.text) for claim in corrections) + _SIDE * len(differing)
    if retrieved.judged:
        thresholds = thresholds._replace(drop=thresholds.drop + thresholds.judged)
    chosen = _choose([hit for hit in hits if hit.passage.id not in apart], query, index, thresholds, spent)
    rows = table.rows(query, hits, index)
    if rows:
        chosen = [choice for choice in chosen if index.documents[choice.passage.document_id].kind == "article"]
        chosen += [_Chosen(passage, ()) for passage in (*rows, *table.whom_of(rows, index))]
        differing = tuple(replace(side, whom="") for side in differing)  # the table says it
    told = {identity for choice in chosen for identity in (choice.passage.id, *choice.same)}
    chosen += [_Chosen(index.by_id[side.passage], ()) for side in differing if side.passage not in told]
    return Draft((*corrections, *_claims(chosen, index)), "extractive", sides=differing, table=bool(rows))


def _corrections(query: Query, hits: Sequence[Hit], index: Index) -> tuple[Claim, ...]:
    """The claim that contradicts what the question takes for granted, where there is one."""
    found = contradicting(query, hits, index)
    if found is None:
        return ()
    passage, premise = found
    cited = tuple(dict.fromkeys([passage.id, *passage.supports]))[:2]
    return (Claim(shown(passage, index), cited, _lead(passage, index, always=True), premise),)


class _Chosen(NamedTuple):
    passage: Passage
    same: tuple[str, ...]  # passages that say the same


def _choose(hits: Sequence[Hit], query: Query, index: Index, thresholds: Thresholds, spent: int = 0) -> list[_Chosen]:
    """Greedily the best hits within what is left of the word budget, each fact once. A source that has spoken stands back a little for the next one."""
    chosen: list[_Chosen] = []
    waiting = [hit for hit in hits if sayable(hit.passage, query.wants, index)]
    asked_of = {*query.named, *query.shown}
    while waiting and len(chosen) < _MOST_CLAIMS:
        spoken = Counter(int(index.groups[index.row(choice.passage.id)]) for choice in chosen)

        def worth(hit: Hit, spoken: Counter[int] = spoken) -> float:
            again = 0 if hit.passage.document_id in asked_of else spoken[int(index.groups[index.row(hit.passage.id)])]
            return hit.score - thresholds.again * again

        hit = max(waiting, key=worth)
        waiting.remove(hit)
        double = next((place for place, other in enumerate(chosen) if says_same(hit.passage, other.passage)), None)
        if double is not None:
            chosen[double] = chosen[double]._replace(same=(*chosen[double].same, hit.passage.id))
            continue
        if any(unmarked(hit.passage) in shown(other.passage, index) for other in chosen):
            continue  # a sentence that the next one has already brought with it
        size = words(shown(hit.passage, index))
        far_below = worth(hit) < hits[0].score - thresholds.drop
        if chosen and far_below and (spent >= _SHORT or hit.coverage < _NEARLY * hits[0].coverage):
            break
        if chosen and spent + size > _BUDGET:
            if spent >= _BUDGET * 0.7:
                break
            continue
        # A sentence that this one brings along stands in it, and need not stand before it as well.
        chosen = [other for other in chosen if unmarked(other.passage) not in shown(hit.passage, index)]
        chosen.append(_Chosen(hit.passage, ()))
        spent += size
        spent += _add_siblings(hit, waiting, chosen, _BUDGET - spent, index)
    return chosen


def _add_siblings(hit: Hit, waiting: list[Hit], chosen: list[_Chosen], left: int, index: Index) -> int:
    """Move what fits of a hit's list into `left` words from `waiting` to `chosen`; returns the words spent."""
    spent = 0
    for sibling in _siblings(hit, waiting, index):
        size = words(sibling.passage.text)
        if spent + size <= left:
            waiting.remove(sibling)
            chosen.append(_Chosen(sibling.passage, ()))
            spent += size
    return spent


def _siblings(hit: Hit, waiting: Sequence[Hit], index: Index) -> list[Hit]:
    """Items of the same list of the article that answer as well: "what are the risks?" wants all of them, "how likely is discomfort?" one."""
    if hit.passage.lead is None or index.documents[hit.passage.document_id].kind != "article":
        return []
    same = [other for other in waiting if other.passage.document_id == hit.passage.document_id and other.passage.lead == hit.passage.lead]
    return [other for other in same if other.coverage >= hit.coverage - _AS_WELL]


def _doses_another(passage: Passage, query: Query, index: Index) -> bool:
    """Whether a passage gives a dose where that of a drug or by a route is asked, and names others but not that one: it would be read as its dose.

    One that names none is about what its place and its document's title name.
    """
    drugs, by = _dosed(query)
    if not (drugs or by) or not has_figure("dose", passage):
        return False
    row, title = index.row(passage.id), index.documents[passage.document_id].title
    own = {stem(word) for word in tokens(passage.text) if general().is_drug([word])}
    given = routes(passage.text) or routes(index.texts[row]) or routes(title)
    if by and given and not may_be(by, given):
        return True
    return bool(drugs) and not drugs & (own or index.stems[row] | index.stems[int(index.titles[row])])


def _has_dose(query: Query, hits: Sequence[Hit]) -> bool:
    """Whether a dose is among the hits, or none is asked for in the first place."""
    return query.wants[:1] != ("dose",) or any(has_figure("dose", hit.passage) for hit in hits)


def _dosed(query: Query) -> tuple[frozenset[str], frozenset[str]]:
    """The drugs, as stems, and the routes whose dose is asked; of a class written as an abbreviation its members."""
    if "dose" not in query.wants:
        return frozenset(), frozenset()
    named: set[str] = set()
    for focus in query.focus:
        drugs = [(stem(word), weight) for wording, weight in focus.wordings for word in wording.split() if general().is_drug([word])]
        surely = {word for word, weight in drugs if weight > KIN}
        named |= surely or {word for word, _ in drugs}
    return frozenset(named), frozenset(routes(query.standalone))


def _per_person(passage: Passage) -> bool:
    return bool(re.search(r"\b\d+ ?kg (?:adult|person|patient|woman|man)\b", passage.text))


def _claims(chosen: Sequence[_Chosen], index: Index) -> list[Claim]:
    """Claims of one document together, in the order of their best; the article's own first where it is among the two best."""
    order: dict[str, list[_Chosen]] = {}
    for choice in chosen:
        order.setdefault(choice.passage.document_id, []).append(choice)
    groups = list(order.values())
    own = next((group for group in groups[:_AHEAD] if index.documents[group[0].passage.document_id].kind == "article"), None)
    if own:
        groups = [own, *(group for group in groups if group is not own)]
    led = {choice.passage.lead for choice in chosen if choice.passage.lead and _lead(choice.passage, index)}
    claims = []
    for group in groups:
        for choice in _in_order(group):
            passage = choice.passage
            cited = [passage.id, *(identity for identity in (*passage.supports, *choice.same) if identity != passage.id)]
            claims.append(Claim(shown(passage, index), tuple(dict.fromkeys(cited))[:3], _lead(passage, index, always=passage.lead in led)))
    return claims


def _in_order(group: Sequence[_Chosen]) -> list[_Chosen]:
    """The best claim of a document first, with the other items of its list as they stand there; then the rest as they stand."""
    best = group[0]
    listed = [choice for choice in group if choice is best or (best.passage.lead and choice.passage.lead == best.passage.lead)]
    rest = [choice for choice in group if choice not in listed]
    return [choice for part in (listed, rest) for choice in sorted(part, key=lambda choice: choice.passage.span.start)]


def _lead(passage: Passage, index: Index, *, always: bool = False) -> str:
    """The lead-in of a list item; none where the item is a sentence of its own that the lead-in only announces and does not restrict.

    `always`: another item of the list needs it, so this one has it too.
    """
    if passage.lead is None:
        return ""
    lead = passage.lead.of(index.documents[passage.document_id].text)
    restricts = _RESTRICTS.search(lead)
    return "" if _FINITE.search(passage.text) and not restricts and not always else lead
