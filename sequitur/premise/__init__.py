"""What a question takes for granted, and the passage that says otherwise.

A false accusation is worse than none: a premise is only spoken of where it is put as a fact, can be read on one of the axes of `sequitur.stance`,
a passage on the very same subject holds the opposite, and no passage found holds it with the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.audit.language import DOWN, NULL, UP
from sequitur.index import Index
from sequitur.orders import gives_orders
from sequitur.premise.granted import Premise, premises
from sequitur.premise.matter import COMMENTARY, Matter, said
from sequitur.schema import REMARK, TITLE, Hit, Passage, Query
from sequitur.stance import ADVICE, HARM, LINE, NO, OPEN, STRENGTH, UNSURE, YES, Stance, stances
from sequitur.text import words

__all__ = ["Premise", "contradicting", "premises"]

_OPPOSITE = {(YES, NO), (YES, UNSURE), (NO, YES), (NO, OPEN), (UP, DOWN), (DOWN, UP), (UP, NULL), (DOWN, NULL), (NULL, UP), (NULL, DOWN)}
_SET_UP = re.compile(r"population|participants|design|method", re.IGNORECASE)
_ALSO = {LINE: ADVICE}  # what is advised against is no first line
_A_STUDY = re.compile(r"\b(?:trials?|stud(?:y|ies)|reviews?|cochrane|guidelines?|consensus|meta|authors?|et al|(?:19|20)\d\d)\b")


def contradicting(query: Query, hits: Sequence[Hit], index: Index) -> tuple[Passage, str] | None:
    """The passage that contradicts what a question takes for granted, and what that is; None where nothing is, or where the sources are not at one."""
    for premise in premises(query.asked):
        found = _against(premise, query, hits, index)
        if found is not None:
            return found, premise.said
    return None


def _against(premise: Premise, query: Query, hits: Sequence[Hit], index: Index) -> Passage | None:
    matter = Matter.of(premise, query, index)
    if matter is None:
        return None
    article = (passage for passage in index.passages if index.documents[passage.document_id].kind == "article")
    studies = query.named if _A_STUDY.search(premise.said) else ()
    passages = [passage for passage in dict.fromkeys([*(hit.passage for hit in hits), *article]) if _meant(passage, studies, index)]
    against: list[tuple[int, Passage]] = []
    for passage in passages:
        if TITLE in passage.flags or "?" in passage.text or _SET_UP.search(passage.section) or gives_orders(passage.text):
            continue
        for stance in stances(said(passage, index)):
            if stance.axis not in {premise.stance.axis, _ALSO.get(premise.stance.axis)} or not matter.near(stance, passage, index):
                continue
            if _agrees(premise.stance, stance) and not COMMENTARY.search(passage.section):
                return None
            if _opposes(premise.stance, stance) and not _remote(stance, passage) and matter.same(stance, passage, index):
                against.append((matter.fit(stance, passage, index), passage))
    # Of those that fit alike the shortest says it most directly, whatever order the hits came in.
    return max(against, key=lambda found: (found[0], -words(found[1].text)))[1] if against else None


def _agrees(premise: Stance, stance: Stance) -> bool:
    """Whether a source holds with a premise, so that it is not for us to call it false. That nothing was seen once does not undo what was seen."""
    if premise.axis == HARM:
        return False
    return (premise.axis, premise.of, premise.value) == (stance.axis, stance.of, stance.value)


def _opposes(premise: Stance, stance: Stance) -> bool:
    if premise.of != stance.of or (premise.axis != stance.axis and (premise.value, stance.value) != (YES, NO)):
        return False
    return premise.value != stance.value if premise.axis == "grade" else (premise.value, stance.value) in _OPPOSITE


def _remote(stance: Stance, passage: Passage) -> bool:
    """Comment is no finding; on how sure the evidence is, it is where that stands."""
    if REMARK in passage.flags:
        return True
    return bool(COMMENTARY.search(passage.section)) and stance.axis not in {STRENGTH, LINE} and stance.value != OPEN


def _meant(passage: Passage, studies: Sequence[str], index: Index) -> bool:
    """Whether a passage is of one of the studies that are named, or of the article on its year; any is where none is named."""
    if not studies or passage.document_id in studies:
        return True
    years = {str(index.documents[identity].year) for identity in studies}
    return index.documents[passage.document_id].kind == "article" and any(year in passage.text for year in years)
