"""Where the sources do not agree on what was asked: whether a treatment works, or is advised.

Each side is a finding of another document on the very matter of the question, with the population and the time that the document gives, word for word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sequitur.index import Index, unmarked
from sequitur.orders import gives_orders
from sequitur.premise.granted import Premise
from sequitur.premise.matter import COMMENTARY, Matter, said
from sequitur.schema import BENEFIT, NO_DIFFERENCE, NOT_CLEAR, NOT_RECOMMENDED, RECOMMENDED, WHOM, Hit, Passage, Query, Side
from sequitur.stance import ADVICE, EFFECT, NO, UNSURE, YES, stances
from sequitur.text import fold, words

_FIRST = 20  # hits that may take a side
_EACH = 2  # documents named on one side
_LONGEST = 16  # words of a population that is quoted
_HOLDS = {
    (EFFECT, YES): BENEFIT, (EFFECT, NO): NO_DIFFERENCE, (EFFECT, UNSURE): NOT_CLEAR, (ADVICE, YES): RECOMMENDED, (ADVICE, NO): NOT_RECOMMENDED,
}  # fmt: skip
# "Does it work?", "is it any better than …", not "what did the trial find": the question must be one that a source can answer by yes or no.
_ASKS_WHETHER = re.compile(
    r"^(?:\w+,? ){0,4}?(?:does|do|did|is|are|can|could|will|would|has|have|should|how well|how effective|any (?:evidence|proof)|what(?:'s| is) the evidence|is there)\b"
)
_ASKS_HOW = re.compile(r"\b(?:how (?:does|do|did|is|was|can|should|long|much|many|often)|why|when|where|which|who|how come)\b")
_WORKING = re.compile(
    r"\bworks?\b|\bworking|\beffective|\befficac|\bhelps?\b|\bbetter\b|\bsuperior|\bbeats?\b|\bbenefi|\breliev|\brelief|\bimprove|\breduces? pain|\bany good"
)
_HOPED = re.compile(r"\b(?:may|might|could|can be|designed|compared|received)\b")
_SET_UP = re.compile(r"population|participants|design|method|safety|risk|side effect|adverse", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?:(?:for|over|within|after|at|up to|during|until|from) )?(?:a |the )?(?:(?:up to|about|at least|first|next|following) )?(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|eight|ten|twelve)(?:(?: to |[-–])\d+)?[- ](?:hours?|days?|weeks?|months?|years?)\b(?: period)?",
    re.IGNORECASE,
)


def sides(query: Query, hits: Sequence[Hit], index: Index) -> tuple[Side, ...]:
    """What each source holds on a yes-or-no question about a treatment, the question's "yes" first; nothing where they agree."""
    matter = _matter(query, index)
    if matter is None:
        return ()
    found: dict[str, dict[str, Passage]] = {}
    for hit in hits[:_FIRST]:
        for name in _held(matter, hit.passage, index):
            found.setdefault(hit.passage.document_id, {}).setdefault(name, hit.passage)
    plain = {document: held for document, held in found.items() if len(held) == 1}  # one that says both is on no side
    by_side: dict[str, list[Passage]] = {}
    for held in plain.values():
        for name, passage in held.items():
            by_side.setdefault(name, []).append(passage)
    for passages in by_side.values():
        passages[:] = [passage for passage in passages if not _relays(passage, passages, index)]
    if not {BENEFIT, NO_DIFFERENCE} <= by_side.keys() and not {RECOMMENDED, NOT_RECOMMENDED} <= by_side.keys():
        return ()
    order = [name for name in _HOLDS.values() if name in by_side]
    return tuple(
        _side(name, passage, index) if place == 0 else Side(name, passage.id)  # one is told in full, the next by its number
        for name in order
        for place, passage in enumerate(by_side[name][:_EACH])
    )


def _relays(passage: Passage, others: Sequence[Passage], index: Index) -> bool:
    """Whether a passage of the article only relays a source that speaks for itself."""
    behind = {identity for line in index.articles[0].ledger if line.number in passage.citations for identity in line.document_ids}
    return any(other is not passage and other.document_id in behind for other in others)


def _matter(query: Query, index: Index) -> Matter | None:
    """What a yes-or-no question asks of; None for other questions, and for one on a named study."""
    asked = fold(query.standalone)
    if query.named or query.shown or _ASKS_HOW.search(asked) or not _ASKS_WHETHER.search(asked):
        return None
    wanted = [
        stance for stance in stances(asked.rstrip("?")) if stance.axis == ADVICE or (stance.axis == EFFECT and _WORKING.search(asked))
    ]
    return Matter.of(Premise(asked, wanted[0]), query, index) if wanted else None


def _held(matter: Matter, passage: Passage, index: Index) -> Iterator[str]:
    """What a passage holds on the matter."""
    if (
        COMMENTARY.search(passage.section)
        or _SET_UP.search(passage.section)
        or passage.flags
        or gives_orders(passage.text)
        or "?" in passage.text
    ):
        return
    for stance in stances(said(passage, index)):
        name = _HOLDS.get((stance.axis, stance.value))
        if name is None or stance.axis != matter.axis or not matter.near(stance, passage, index) or not matter.alone(stance):
            continue
        if name == BENEFIT and (_HOPED.search(stance.clause.text) or not (_WORKING.search(stance.clause.text) or stance.clause.figures)):
            continue
        yield name


def _side(holds: str, passage: Passage, index: Index) -> Side:
    """A passage with the time it speaks of and its document's population, where they are given."""
    time = _TIME.search(unmarked(passage))
    whom = next(
        (
            other
            for other in index.passages
            if other.document_id == passage.document_id and other.section == WHOM and words(other.text) <= _LONGEST
        ),
        None,
    )
    return Side(holds, passage.id, re.sub(r"^(?:the|a) ", "", time[0]) if time else "", whom.id if whom else "")
