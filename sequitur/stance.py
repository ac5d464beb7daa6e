"""What a sentence holds of a treatment: its place among treatments, whether it works, is advised, is well shown, or harms.

Read clause by clause with the audit's notions of effect, advice and grade; a clause that could be read in two ways is not read at all.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sequitur.audit.desk import statement
from sequitur.audit.language import BETTER, DOWN, NULL, UP, WORSE, Clause, clauses, grades, strength

LINE, EFFECT, ADVICE, STRENGTH, HARM, RATE = "line", "effect", "advice", "strength", "harm", "rate"
YES, NO, UNSURE, OPEN = "yes", "no", "unsure", "open"  # UNSURE: it is not clear that it works; OPEN: nor that it does not

_FIRST = re.compile(r"\b(?:first[- ](?:line|choice)|(?:drug|treatment|agent|therapy) of (?:first )?choice|up-?front|mainstay)\b")
_LATER = re.compile(
    r"\b(?:second|third|fourth)[- ]line\b|\blast[- ](?:resort|line)\b|\bsalvage\b|\bonly (?:when|after|if|once)\b.{0,60}\bfail|\b(?:have|has|had) failed\b|\bafter (?:the )?failure of\b"
)
# "after failure of first-line treatments", "before first-line drugs": the first line is another treatment's.
_OTHERS = re.compile(
    r"\b(?:after|before|failed|failure of|fails?|to|besides|than|of|all|multiple|both|instead of|beyond|primary and|other) (?:[\w-]+ ){0,2}?$"
)
_FAILS = re.compile(
    r"\bineffective|\buseless|\bfutile|\bfail(?:ed|s)?\b(?! (?:all|both|multiple|first|prior|previous|primary|other|conventional|standard))|\b(?:does|do|did|has|have|is|was)(?: not|n't| nothing)\b.{0,25}\b(?:work|help|benefit|effect|better|superior)"
    r"|\bno (?:better|more effective|superior|benefit|effect|good)\b|\bno use\b|^no (?:[\w-]+ ){0,5}(?:gave|showed?|had|produced|provided|brought|improved|reduced|relieved|helped)\b"
    r"|\b(?:neither|none)\b.{0,40}\b(?:works?|worked|helps?|helped|better|relie\w+|improv\w+|reduc\w+)"
)
_OPENS = re.compile(
    r"\b(?:not|n't|never) (?:[\w-]+ ){0,4}?\"?(?:proven )?(?:ineffective|useless|futile)\b|\brather than proof of (?:absence|no)\b|\babsence of evidence\b|\bnot (?:be )?taken as (?:proof|evidence) of\b"
)
_UNSURE = re.compile(
    r"\bunclear\b|\buncertain\w*|\binconclusive|\binsufficient\b|\bno (?:[\w-]+ )?clear\b|\bgave clear\b|\bvery low certainty\b|\bunknown\b|\bcannot be (?:said|excluded|concluded)\b"
)
_WORKS = re.compile(
    r"\bworks?\b|\bworked\b|\beffective|\bhelps?\b|\bhelped\b|\bbetter\b|\bsuperior|\bbeats?\b|\boutperform|\brelie[fv]|\bbenefi[ct]|\bcures?\b"
)
_SHOWN = re.compile(
    r"\b(?:strong(?:est|ly)?|high[- ](?:quality|certainty|level)|good|solid|robust|convincing|compelling|conclusive|definitive|excellent) (?:[\w-]+ ){0,2}?(?:evidence|data|support|trials?|recommendation|grade)|\bevidence (?:[\w-]+ ){0,6}?(?:is|was|are) (?:\w+ )?(?:strong|solid|robust|convincing|conclusive|good|excellent)\b"
    r"|\bwell[- ](?:established|proven|supported)\b|\b(?:proven|established|conclusively shown) (?:to be )?(?:effective|treatment|therapy|benefit)|\bgrade a\b|\blevel (?:i|1)\b(?![iv])|\bstrongly recommended\b"
)
_HARMS = (
    ("liver", r"liver|hepat\w+"), ("mind", r"psych(?!iat)\w+|hallucinat\w+|dissociat\w+|delusion\w*|delirium|paranoi\w+"), ("heart", r"heart|cardi\w+|blood pressure|arrhythm\w+|tachycard\w+"),
    ("abuse", r"abuse|addict\w*|dependence|misuse"), ("bladder", r"bladder|cystitis|urinary"), ("kidney", r"kidneys?|renal|nephro\w+"), ("bleeding", r"bleed\w*|ha?emorrhag\w+"),
    ("stomach", r"nausea|vomit\w*|diarrh\w+"), ("suicide", r"suicid\w+"), ("death", r"deaths?|mortality|died"), ("bone", r"fractures?|osteonecrosis"), ("sedation", r"sedat\w+|drows\w+|somnolen\w+"),
    ("skin", r"rash\w*|skin"), ("lung", r"pneumonia|respirat\w+"), ("infection", r"infections?|sepsis"), ("sugar", r"hypoglyc\w+|ketoacidosis"), ("memory", r"memory|cogniti\w+"),
)  # fmt: skip
_GROUPS = tuple((name, re.compile(rf"\b(?:{pattern})\b")) for name, pattern in _HARMS)
_ORGANS = frozenset({"liver", "heart", "bladder", "kidney", "skin", "lung", "bone", "memory", "sugar"})  # named without being harmed
_HURT = re.compile(
    r"\b(?:injur\w+|damag\w+|\w*toxic\w*|failure|enzymes?|rais\w+|elevat\w+|increas\w+|dysfunction|stimulat\w+|hepatitis|tachycard\w+|arrhythm\w+|cystitis|fractures?|rash\w*|pneumonia|hypoglyc\w+"
    r"|ketoacidosis|arrest|impair\w*|problems?|defects?|loss|infarct\w+|complicat\w+|harm\w*|osteonecrosis|depress\w+)\b"
)
_TESTED = re.compile(r"\b(?:tests?|monitor\w*|baseline|checked|contra-?indicat\w*|caution|excluded)\b")
_ANY_HARM = re.compile(r"\bside[- ]effects?\b|\badverse\b|\bharm\w*|\brisks?\b|\btoxicit\w+|\bcomplications?\b|\bdanger\w*")
_SAFE = re.compile(
    r"\bsafe\b|\bharmless\b|\bwell tolerated\b|\bno (?:[\w-]+ ){0,4}?(?:side|adverse|harm|risk|toxic|danger)|\bfree of (?:\w+ )?(?:side|adverse|harm|risk|toxic)|\bwithout (?:any )?(?:side|adverse|harm|risk|toxic)"
)
_ALIKE = re.compile(
    r"\b(?:alike|similar\w*|the same|comparable|equal\w*|identical|regardless of|irrespective of|independent\w* of|depend\w*)\b"
)
_DENIED_EFFECT = re.compile(r"\bno (?:[\w-]+ ){0,4}(?:difference|effect|benefit|change)|\b(?:not|n't)\b|\bfail|\bnon-?significan")
_HOPED = re.compile(
    r"\bpotential\b|\bweigh\w*|\boutweigh|\badmits?\b|\bfavou?rs? finding\b|\bpossib\w+|\blimited (?:\w+ )?(?:efficac\w+|benefit|effect)|\bshould be expected\b"
)
_VERSUS = re.compile(r"\b(?:placebo|controls?|vehicle|saline|sham|than|versus|vs|groups|arms|compared)\b")
_CAUSES = re.compile(r"\bcaus\w+|\bleads? to\b|\binduc\w+|\btrigger\w*")
_HARM_WORD = (
    "|".join(pattern for _, pattern in _HARMS)
    + r"|side[- ]effects?|adverse \w+|harm\w*|risks?|toxicit\w+|damag\w+|injur\w+|complications?|danger\w*"
)
_SPARED = re.compile(
    rf"\b(?:no|without(?: any)?|free of|zero)\b (?:(?!difference|effect|benefit|change|more|less|fewer|higher|lower|excess|increase)[\w-]+ ){{0,4}}?(?:{_HARM_WORD})\b"
    rf"|(?:\b(?:not|never|cannot)|n't) (?:ever |really |actually )?(?:cause|harm|damage|affect|hurt|injure|produce|induce|trigger|lead to|carry|have)\b.{{0,30}}?\b(?:{_HARM_WORD})\b"
)
_LESS = re.compile(
    r"\b(?:fewer|less|lower\w*|reduc\w*|decreas\w*|minimal|prevent\w*|protect\w*|at (?:\w+ )?risk|risk factors?|relie\w+|improv\w*)\b"
)
_OCCURS = re.compile(
    r"\d|\b(?:common\w*|significant|frequent\w*|occur\w*|report\w*|rais\w+|increas\w*|includ\w*|seen|observed|developed|list|more|comes? with|caus\w+|led to|usual|complaints?|side effects in all)\b"
)
_NONE = re.compile(r"\b(?:no|not|never|without|none|nor|neither|free of|absent|absence)\b|n't\b|\bdoes nothing\b")
_HYPOTHETICAL = re.compile(
    r"\b(?:if|whether|could|would|asks?|asked|aims?|tests?|tested|question|hypothes\w+|expected|should not be (?:quoted|read|taken))\b"
)


class Stance(NamedTuple):
    """What one clause holds on one axis, of which drugs."""

    axis: str
    value: str  # YES, NO, OPEN; of a grade the grade itself
    drugs: frozenset[str]  # named in the clause; none where it names none
    of: str  # which harm, which scheme of grades; "" elsewhere
    clause: Clause


@lru_cache(maxsize=20_000)
def stances(text: str) -> tuple[Stance, ...]:
    """What a text holds, in order."""
    return tuple(found for clause in clauses(text) for found in _of(clause))


def names_harm(word: str, group: str) -> bool:
    """Whether a word names a harm of the group."""
    return any(name == group and pattern.search(word) for name, pattern in _GROUPS)


def _of(clause: Clause) -> list[Stance]:
    drugs = statement(clause.text).drugs
    rows = [(LINE, _line(clause), ""), (EFFECT, _effect(clause), ""), (ADVICE, _advice(clause), ""), (STRENGTH, _strength(clause), "")]
    rows.append((RATE, _rate(clause), ""))
    rows += [(HARM, value, group) for group, value in _harms(clause)]
    rows += [("grade", value, scheme) for scheme, value in grades(clause.text).items()]
    return [Stance(axis, value, drugs, of, clause) for axis, value, of in rows if value]


def _line(clause: Clause) -> str:
    """YES: first line; NO: a later one, or expressly not the first."""
    first = _FIRST.search(clause.text)
    if _LATER.search(clause.text):
        return NO
    if not first or _OTHERS.search(clause.text[: first.start()]):
        return ""
    return NO if clause.advice == "against" or _NONE.search(clause.text[: first.end()]) else YES


def _effect(clause: Clause) -> str:
    if _OPENS.search(clause.text):
        return OPEN
    if _HYPOTHETICAL.search(clause.text) or "no longer" in clause.text:
        return ""
    if clause.effects == {NULL} and _ALIKE.search(clause.text) and not (_VERSUS.search(clause.text) or _DENIED_EFFECT.search(clause.text)):
        return ""  # alike in two sorts of patients
    if _FAILS.search(clause.text) or clause.effects == {NULL}:
        return UNSURE if _UNSURE.search(clause.text) else NO
    if NULL in clause.effects or WORSE in clause.effects or clause.denied or _HOPED.search(clause.text):
        return ""
    return YES if _WORKS.search(clause.text) or BETTER in clause.effects or (DOWN in clause.effects and UP not in clause.effects) else ""


def _rate(clause: Clause) -> str:
    """UP or DOWN where an outcome becomes more or less frequent, NULL where it does not change; "" where that cannot be told."""
    if _HYPOTHETICAL.search(clause.text) or _ALIKE.search(clause.text):
        return ""
    effects = clause.effects & {UP, DOWN, NULL}
    if not effects and _CAUSES.search(clause.text):
        return NULL if _NONE.search(clause.text) else UP
    return next(iter(effects)) if len(effects) == 1 and not (clause.denied and NULL not in effects) else ""


def _advice(clause: Clause) -> str:
    return {"for": YES, "against": NO}.get(clause.advice, "")


def _strength(clause: Clause) -> str:
    if not re.search(r"\bevidence|\bcertainty|\brecommend|\bdata\b|\btrials?\b|\bproven\b|\bestablished\b", clause.text):
        return ""
    if strength(clause.text) == "weak" or re.search(
        r"\b(?:lack of|limited|no|weak|insufficient|poor|scant|little|low[- ]\w+) (?:[\w-]+ )?(?:evidence|data)", clause.text
    ):
        return NO
    return YES if _SHOWN.search(clause.text) and not clause.denied else ""


def _harms(clause: Clause) -> list[tuple[str, str]]:
    """Each harm that a clause names, with YES where it occurs and NO where it is said not to; "" for harm in general."""
    named = [name for name, pattern in _GROUPS if pattern.search(clause.text)]
    if _SAFE.search(clause.text) or _SPARED.search(clause.text):
        denied = re.search(r"\b(?:not|n't|never) (?:[\w-]+ )?(?:safe|harmless|well tolerated)", clause.text)
        return [(name, YES if denied else NO) for name in (named or [""])]
    if clause.advice or any(pattern.search(clause.text) for pattern in (_NONE, _HYPOTHETICAL, _TESTED, _LESS)):
        return []
    hurt = bool(_HURT.search(clause.text))
    occurring = [name for name in named if hurt or name not in _ORGANS]
    return [(name, YES) for name in ([*occurring, ""] if _ANY_HARM.search(clause.text) and _OCCURS.search(clause.text) else occurring)]
