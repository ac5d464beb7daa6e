"""What a question takes for granted of a treatment: "since …", "why does …", "…, right?", "which trial showed that …".

A question that only asks ("is it first-line?") takes nothing for granted, nor does one that reports or wonders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sequitur.audit.language import NULL
from sequitur.stance import ADVICE, EFFECT, HARM, LINE, NO, RATE, STRENGTH, YES, Stance, stances
from sequitur.text import fold

_ASK = r"(?:how|what|whats|which|why|when|where|who|should|shall|do|does|did|can|could|is|are|was|were|would|will|may|must|any)"
_STARTS_ASKING = re.compile(
    rf"^(?:(?:so|and|but|ok|okay|then|well|hi|hello),? )*(?:{_ASK}|isn't|aren't|doesn't|don't|didn't|tell|give|show|list|explain|compare|name)\b"
)
_GRANTED = re.compile(
    r"(?:^|[,;.?!] |\b(?:but|and|so|ok) )(?:since|because|as|given(?: that)?|seeing (?:that|as|how)|now that|considering (?:that )?|knowing (?:that )?|granted (?:that )?) (?P<said>.+?)(?=,? (?:how|what|whats|which|why|when|where|who|should|shall|can|could)\b|[,;?!]|\. |$)"
)
_TRAILING = re.compile(r"\b(?:since|because|given that|seeing (?:that|as)|now that) (?P<said>[^,;?!]+)")
_WHY = re.compile(r"(?:^|[,.?!] |\b(?:and|but|so) )(?:why|how come|what explains (?:that )?|how is it that|what makes)\b (?P<said>[^?;]+)")
_TAG = re.compile(
    r"(?P<said>[^?.!;]+?),? (?:right|correct|yes|no|true|eh|yeah|innit|is(?:n't)? it|does(?:n't)? it|do(?:n't)? they|are(?:n't)? they|is(?:n't)? that (?:right|so|true|correct)|am i right)\s*\?"
)
_SO = re.compile(r"^(?:so|then|ok so|and so|surely|clearly|obviously|therefore)\b,? (?P<said>[^?.!;]+)\?")
_KNOWN = re.compile(
    r"\b(?:we (?:all )?know|i know|everyone knows|it is (?:well )?(?:known|established|proven)|it's (?:well )?(?:known|established|proven)|the fact) that (?P<said>[^,;?!]+)"
)
_SHOWED = re.compile(
    r"\bwh(?:ich|at) (?:[\w-]+ ){0,3}?(?:trials?|stud(?:y|ies)|reviews?|papers?|guidelines?|evidence|meta-analys[ie]s) (?:first )?(?:showed|shows?|proved|proves?|demonstrated|established|confirmed|recommends?|recommended) (?:that )?(?P<said>[^?;]+)"
)
_STATED = re.compile(
    r"(?:^|[.!] )(?P<said>[^.?!]+)(?:[.!](?= )|,? (?:so|hence|therefore|thus|then) (?=(?:how|what|which|why|when|can|should|do|does|is|i)\b))"
)
_LINED = re.compile(
    r"\b(?P<said>(?:start|use|using|give|giving|prescribe|prescribing|begin|choose|dose) (?:[\w-]+ ){1,4}?(?:as|for) (?:a |the |my )?first[- ](?:line|choice)\b[^?,;]*)"
)
_REPORTED = re.compile(
    r"\b(?:whether|if|unless|might|may|could|would|maybe|perhaps|think|thinks|heard|read|told|said|says|say|claims?|hope\w*|wonder\w*|worried|supposed)\b"
)
_WHOLE_EFFECT = re.compile(
    r"\bworks?\b|\bworked|\beffectiv|\befficac|\bhelp|\bbetter\b|\bsuperior|\bbeats?\b|\bbenefi|\bfail|\buseless|\bineffective|\bpain\b|\bsymptoms?\b"
)
SAFE_IN = re.compile(r"\b(?:safe|harmless) (?:in|during|for|with)\b")
_BEFORE = {  # axes that are not meant where another is spoken of: "first-line" advises, "no side effects" is no lack of effect
    ADVICE: frozenset({LINE, HARM}), STRENGTH: frozenset({HARM, LINE}), EFFECT: frozenset({HARM}), RATE: frozenset({LINE, ADVICE}),
}  # fmt: skip
_APOSTROPHE = re.compile(r"\b(is|are|was|were|does|do|did|has|have|had|can|should|would|could)n'?t\b")


class Premise(NamedTuple):
    """Something taken for granted."""

    said: str  # in the question's words, folded
    stance: Stance


def premises(question: str) -> tuple[Premise, ...]:
    """What a question takes for granted of a treatment, in the order in which it says it."""
    found = []
    for said in dict.fromkeys(_granted(fold(question))):
        if _REPORTED.search(said):
            continue
        read = [stance for stance in dict.fromkeys(stances(_APOSTROPHE.sub(r"\1 not", said))) if stance.axis != HARM or stance.value == NO]
        axes = {stance.axis for stance in read}
        if RATE in axes and not _WHOLE_EFFECT.search(said):
            read = [stance for stance in read if stance.axis != EFFECT]
        found += [Premise(said, stance) for stance in read if not axes & _BEFORE.get(stance.axis, frozenset())]
        spared = [stance for stance in read if stance.axis == HARM and not stance.of]
        found += [Premise(said, stance._replace(axis=RATE, value=NULL)) for stance in spared]
        found += [
            Premise(said, stance._replace(axis=ADVICE, value=YES, of="")) for stance in read if stance.axis == HARM and SAFE_IN.search(said)
        ]
    return tuple(found)


def _granted(question: str) -> Iterator[str]:
    for pattern in (_GRANTED, _TRAILING, _WHY, _TAG, _KNOWN, _SHOWED, _LINED):
        for match in pattern.finditer(question):
            said = match["said"].strip()
            if pattern is not _TAG or not _STARTS_ASKING.match(said):
                yield re.sub(r"^(?:and|but|so|ok|okay|then)\b,? ", "", said)
    for pattern in (_SO, _STATED):
        for match in pattern.finditer(question):
            if not _STARTS_ASKING.match(match["said"].strip()):
                yield match["said"].strip()
