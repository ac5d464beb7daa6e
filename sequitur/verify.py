"""Draft + passages → what may be shown. Shares no code with the composers and believes nothing they say.

A claim passes when one of the passages it names carries it: word for word, or with every figure, unit, drug, negation and qualifier of the claim
standing there. What fails is withheld with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sequitur.lexicon import general
from sequitur.schema import (
    BENEFIT,
    NO_DIFFERENCE,
    NOT_CLEAR,
    NOT_RECOMMENDED,
    RECOMMENDED,
    Claim,
    Document,
    Passage,
    Side,
    Span,
    Verdict,
    Withheld,
)
from sequitur.text import fold, quantities, sentences, tokens

_NEGATIONS = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot|nothing|nobody|lack(?:s|ed|ing)?|absence)\b|n't\b")
_COMPARATORS = re.compile(
    r"≥|≤|<|>|\b(?:at least|at most|more than|less than|fewer than|greater than|no more than|up to|over|under|below|above|about|"
    r"inferior|superior|better|worse|higher|lower)\b"
)
_QUALIFIERS = re.compile(
    r"\b(?:only|cancer[- ]related|cancer|acute|subacute|chronic|refractory|short-term|long-term|routine|last resort|may|might|possible|potential|limited|weak|"
    r"low certainty|at best|relative|adjunct|after failure|have failed|first-line|second-line|third-line|level i+|grade [a-e])\b",
    re.IGNORECASE,
)
_UP = re.compile(r"\b(?:increas\w*|rais\w*|higher|more|better|improv\w*|worse\w*|rise|rose|doubl\w*)\b")
_DOWN = re.compile(r"\b(?:decreas\w*|reduc\w*|lower\w*|less|fewer|fell|fall\w*|drop\w*|declin\w*)\b")
# Pairs of opposites: a sentence that has one of a pair more often than its source, and the other less often, has been turned round.
_OPPOSITES = (
    (
        re.compile(r"\b(?:increas\w*|rais\w*|elevat\w*|higher|more|greater|larger|longer|rise[sn]?|rose|doubl\w*)\b"),
        re.compile(r"\b(?:decreas\w*|reduc\w*|lower\w*|less|fewer|smaller|shorter|fell|fall\w*|drop\w*|declin\w*|halv\w*)\b"),
    ),
    (re.compile(r"\b(?:better|improv\w*|superior\w*)\b"), re.compile(r"\b(?:worse\w*|inferior\w*|deteriorat\w*)\b")),
)
_DENIES = re.compile(
    r"\b(?:no|not|never|none|neither|nor|without|cannot|nothing|safe|harmless|contra-?indicat\w*|avoid\w*|against|fail\w*|ineffective|useless)\b|n't\b|\b\w+nt\b(?<=[dsa]nt)"
)
_DOUBTS = re.compile(
    r"\b(?:unclear|uncertain\w*|limited|weak\w*|lack\w*|low|insufficient|conditional|only|second-line|third-line|last|failed|failure|alike|same)\b"
)
_INTERVAL = re.compile(r"(-?\d+(?:\.\d+)?) ?(?:to|,|-) ?(-?\d+(?:\.\d+)?)(?!\.?\d)(?! (?:point )?scale\b)")  # not "on a 0-10 scale"
_NO_EFFECT = re.compile(
    r"\bno (?:[\w-]+ ){0,4}(?:difference|effect|benefit|improvement|advantage|better)\b|\b(?:not|n't|nor) (?:[\w-]+ ){0,3}(?:differ|better|improv|reduc|effective|superior|significant|help|work)|\bp ?= ?\.?0?\.(?:0[6-9]|[1-9])|\bineffective|\bfailed\b|\bevery arm\b"
)
_HELPS = re.compile(
    r"\b(?:reliev\w*|relief|improv\w*|better|effective\w*|benefi\w*|superior\w*|reduc\w*|lower\w*|fell|decreas\w*|works?|worked|helps?|helped|favou?r\w*|eased?|respon\w+|drop\w*|beat)\b"
)
_DIFFERS = re.compile(r"\bp ?< ?0?\.0|-\d+(?:\.\d+)? to -\d")
_UNSURE = re.compile(r"\bno (?:[\w-]+ )?clear\b|\bgave clear\b|\bunclear\b|\binconclusive\b|\bcertainty\b")
_ADVISED = re.compile(r"\b(?:recommend\w*|advis\w*|suggest\w*|indicated|preferred|first-line|should|offered|option)\b")
_ADVISED_AGAINST = re.compile(r"\b(?:not|no|never|against|lack of support|avoid\w*|contra-?indicat\w*)\b")
# Openings that say nothing of the matter; "however" and "therefore" would.
_OPENING = re.compile(
    r"^(?:in (?:sum|short|brief|summary|conclusion|general)|overall|notably|importantly|to (?:sum up|summari[sz]e)|taken together|briefly|of note),\s+",
    re.IGNORECASE,
)
_ENOUGH = 0.6  # share of a paraphrase's content words that its passage must have
_CONTENT = 4  # letters from which a word counts as content


class Checked(NamedTuple):
    """What the verifier says of one claim: the passages that carry it, and the reason where none does."""

    carried_by: tuple[str, ...]
    verdict: Verdict
    reason: str


def verify(claim: Claim, passages: Mapping[str, Passage], documents: Mapping[str, Document]) -> Checked:
    """Hold one claim against every passage it names. Only passages that carry it may be cited for it."""
    if not claim.passages:
        return Checked((), Verdict.UNSUPPORTED, "it names no passage")
    unknown = [identity for identity in claim.passages if identity not in passages]
    if unknown:
        return Checked((), Verdict.UNSUPPORTED, "it names a passage that does not exist")
    carrying, reasons = [], []
    for identity in claim.passages:
        source = source_words(passages[identity], documents)
        reason = objection(claim.text, source)
        if reason:
            reasons.append(reason)
        else:
            carrying.append(identity)
    if carrying and claim.against and not _contradicts(f"{claim.lead} {claim.text}", claim.against):
        return Checked((), Verdict.UNSUPPORTED, "it does not contradict what the question takes for granted")
    if carrying:
        agreeing = [
            identity
            for identity in claim.passages
            if identity in carrying or _agrees(claim.text, source_words(passages[identity], documents))
        ]
        return Checked(tuple(agreeing), Verdict.SUPPORTED, "")
    contradicted = any("negation" in reason or "direction" in reason for reason in reasons)
    return Checked((), Verdict.CONTRADICTED if contradicted else Verdict.UNSUPPORTED, reasons[0])


def _contradicts(claim: str, granted: str) -> bool:
    """Whether a claim can contradict what is taken for granted: it denies, doubts or advises where that does not, turns its direction, or finds no difference."""
    said, there = fold(claim), fold(granted)
    if any(bool(pattern.search(said)) != bool(pattern.search(there)) for pattern in (_DENIES, _DOUBTS)):
        return True
    if (_UP.search(said) and _DOWN.search(there)) or (_DOWN.search(said) and _UP.search(there)):
        return True
    return any(float(low) <= 0 <= float(high) for low, high in _INTERVAL.findall(said))


def holds(side: Side, passages: Mapping[str, Passage], documents: Mapping[str, Document]) -> bool:
    """Whether a passage shows what its source is said to hold, and gives the time in those words; and whether the population is its own document's."""
    passage = passages[side.passage]
    text = source_words(passage, documents)
    said = fold(text)
    if side.time not in text or (side.whom and passages[side.whom].document_id != passage.document_id):
        return False
    none = bool(_NO_EFFECT.search(said)) or any(float(low) <= 0 <= float(high) for low, high in _INTERVAL.findall(said))
    return {
        BENEFIT: bool(_HELPS.search(said) or _DIFFERS.search(said)) and not _NO_EFFECT.search(said),
        NO_DIFFERENCE: none,
        NOT_CLEAR: none or bool(_DOUBTS.search(said) or _UNSURE.search(said)),
        RECOMMENDED: bool(_ADVISED.search(said)) and not _ADVISED_AGAINST.search(said),
        NOT_RECOMMENDED: bool(_ADVISED_AGAINST.search(said)),
    }[side.holds]


def differ(held: Sequence[str]) -> bool:
    """Whether what sources hold cannot all be so."""
    return {BENEFIT, NO_DIFFERENCE} <= set(held) or {RECOMMENDED, NOT_RECOMMENDED} <= set(held)


def check_all(
    claims: Sequence[Claim], passages: Mapping[str, Passage], documents: Mapping[str, Document]
) -> tuple[tuple[tuple[Claim, Checked], ...], tuple[Withheld, ...]]:
    """The claims that may be shown with what carries them, and those withheld."""
    kept, withheld = [], []
    for claim in claims:
        checked = verify(claim, passages, documents)
        if checked.verdict is Verdict.SUPPORTED:
            kept.append((claim, checked))
        else:
            withheld.append(Withheld(claim.text, checked.reason))
    return tuple(kept), tuple(withheld)


def source_span(passage: Passage, documents: Mapping[str, Document]) -> Span:
    """What a citation quotes: the passage, from its lead-in or from the sentence before it where it cannot be read alone."""
    text = documents[passage.document_id].text
    start = passage.lead.start if passage.lead else passage.span.start
    if passage.lead is None:
        paragraph = text.rfind("\n", 0, passage.span.start) + 1
        before = text[paragraph : passage.span.start]
        opens = re.search(r"(?:^|(?<=[.!?]\s))[^.!?\n](?:[^.!?\n]|[.!?](?!\s+[A-Z\"“]))*[.!?][\"”)]*\s*$", before)
        if (
            re.match(r"(?:It|They|Those|These|This|That|Such|Both|Neither|The)\b", passage.text)
            and opens
            and not before.startswith(("#", "-"))
        ):
            start = paragraph + opens.start()
    return Span(start, passage.span.end)


def source_words(passage: Passage, documents: Mapping[str, Document]) -> str:
    """What a passage says: its lead-in or the sentence before it where it needs them, and its own words, without in-text citation numbers.

    Other items of the same list are no part of it, though the quoted span may run over them.
    """
    text = documents[passage.document_id].text
    words = passage.text
    for mark in sorted(passage.marks, reverse=True):
        words = words[: mark.start - passage.span.start].rstrip() + words[mark.end - passage.span.start :]
    if passage.lead:
        return f"{passage.lead.of(text)}\n{words}"
    before = text[source_span(passage, documents).start : passage.span.start]
    return f"{before.strip()}\n{words}" if before.strip() else words


def objection(claim: str, source: str) -> str:
    """Why a source does not carry a claim; empty when it does."""
    units = {_flat(part) for line in source.split("\n") for part in (line, *(span.of(line) for span in sentences(line)))}
    if _flat(claim) in units or all(_flat(span.of(claim)) in units for span in sentences(claim)):
        return ""
    for check in (_figures, _drugs, _order, _comparators, _negation, _direction, _qualifiers, _wording):
        reason = check(claim, source)
        if reason:
            return reason
    return ""


def _flat(text: str) -> str:
    """The form in which a sentence is the same sentence: without marks, a harmless opening or the closing stop, and "per cent" as a sign."""
    bare = _OPENING.sub("", fold(re.sub(r"[*_`\\]", "", text)))
    return re.sub(r"\s+([.,;:])", r"\1", re.sub(r"(?<=\d)\s*(?:%|per ?cent\b)", "%", bare)).strip(" .;")


_DAYS = {"week": 7.0, "day": 1.0}
_MG = {"g": 1000.0, "mg": 1.0, "µg": 0.001}


def _measure(value: str, unit: str) -> tuple[float, str]:
    """Value and unit with weeks as days and grams as milligrams, so that equal quantities compare equal."""
    number = float(value)
    if unit in _DAYS:
        return round(number * _DAYS[unit], 6), "day"
    if unit in _MG:
        return round(number * _MG[unit], 9), "mg"
    return number, unit


def _figures(claim: str, source: str) -> str:
    there = [_measure(quantity.value, quantity.unit) for quantity in quantities(source)]
    bare = {value for value, _ in there}
    for quantity in quantities(claim):
        measured = _measure(quantity.value, quantity.unit)
        if measured in there or (not measured[1] and measured[0] in bare):
            continue
        if measured[0] in bare:
            return f"the figure {quantity.value} stands in its source with another unit than {quantity.unit}"
        return f"the number {quantity.value}{f' {quantity.unit}' if quantity.unit else ''} stands in no cited passage"
    return ""


def _drugs(claim: str, source: str) -> str:
    drugs = general().drugs
    missing = {token for token in tokens(claim) if token in drugs} - set(tokens(source))
    return f"{sorted(missing)[0]} is not named in the cited passage" if missing else ""


def _order(claim: str, source: str) -> str:
    """Figures, drugs and arms must come in the source's order: who got which figure is said by order alone."""
    there = _landmarks(source)
    at = 0
    for landmark in _landmarks(claim):
        if landmark not in there[at:]:
            return f"“{landmark}” does not stand where the cited passage has it"
        at = there.index(landmark, at) + 1
    return ""


def _landmarks(text: str) -> list[str]:
    """Figures (in one unit) and names of drugs and arms, in the order in which they stand."""
    known = general().drugs | {"placebo", "control", "vehicle", "saline"}
    figures = [(quantity.span.start, f"{_measure(quantity.value, quantity.unit)[0]:g}") for quantity in quantities(text)]
    names = [(match.start(), match.group().lower()) for match in re.finditer(r"[A-Za-z]+", text) if match.group().lower() in known]
    return [landmark for _, landmark in sorted(figures + names)]


def _comparators(claim: str, source: str) -> str:
    there = _COMPARATORS.findall(fold(source))
    added = [found for found in _COMPARATORS.findall(fold(claim)) if found not in there]
    lost = [found for found in there if found not in _COMPARATORS.findall(fold(claim))] if quantities(claim) else []
    if added:
        return f"“{added[0]}” is not in the cited passage"
    return f"it drops “{lost[0]}” of the cited passage" if lost else ""


def _negation(claim: str, source: str) -> str:
    """As many negations as the source sentence that is nearest in words, and each with a content word it has there."""
    said, there = _negated(claim), _negated(_nearest(claim, source))
    return "" if said == there else "its negation is not that of the cited passage"


def _nearest(claim: str, source: str) -> str:
    """The sentence of a source that shares most words with a claim."""
    return max((span.of(source) for span in sentences(source)), key=lambda part: _shared(claim, part), default=source)


def _negated(text: str) -> list[str]:
    """The word that follows each negation, in order."""
    folded = fold(text)
    return [next(iter(re.findall(r"[a-z]{3,}", folded[match.end() :])), "") for match in _NEGATIONS.finditer(folded)]


def _shared(claim: str, part: str) -> int:
    return len(set(tokens(claim)) & set(tokens(part)))


def _direction(claim: str, source: str) -> str:
    said, there = fold(claim), fold(source)
    if (_UP.search(said) and not _UP.search(there) and _DOWN.search(there)) or (
        _DOWN.search(said) and not _DOWN.search(there) and _UP.search(there)
    ):
        return "its direction is not that of the cited passage"
    turned = any(_turned(sentence.of(claim), source) for sentence in sentences(claim))
    return "its direction is not that of the cited passage" if turned else ""


def _turned(sentence: str, source: str) -> bool:
    """Whether a word of direction in a sentence stands as its opposite in the source sentence that is nearest in words."""
    said, there = fold(sentence), fold(_nearest(sentence, source))
    for pair in _OPPOSITES:
        (up, down), (source_up, source_down) = ([len(pattern.findall(text)) for pattern in pair] for text in (said, there))
        if (up > source_up and down < source_down) or (down > source_down and up < source_up):
            return True
    return False


def _qualifiers(claim: str, source: str) -> str:
    """A qualifier of the source that restricts what is claimed must survive."""
    kept = {match.lower() for match in _QUALIFIERS.findall(fold(claim))}
    lost = {match.lower() for match in _QUALIFIERS.findall(fold(source))} - kept
    added = kept - {match.lower() for match in _QUALIFIERS.findall(fold(source))}
    if lost:
        return f"it drops the qualifier “{sorted(lost)[0]}” of the cited passage"
    return f"the qualifier “{sorted(added)[0]}” is not in the cited passage" if added else ""


def _wording(claim: str, source: str) -> str:
    said = {token for token in tokens(claim) if len(token) >= _CONTENT and token.isalpha()}
    share = len(said & set(tokens(source))) / len(said) if said else 1.0
    return "" if share >= _ENOUGH else "its wording does not stand in the cited passage"


def _agrees(claim: str, source: str) -> bool:
    """Whether a further passage may stand beside the one that carries a claim: it shares figures, or most words, and denies nothing."""
    if _flat(claim) in _flat(source):
        return True
    figures = {quantity.value for quantity in quantities(claim) if len(quantity.value) > 1}
    others = {quantity.value for quantity in quantities(source)}
    said = {token for token in tokens(claim) if len(token) >= _CONTENT}
    return len(figures & others) >= 2 or len(said & set(tokens(source))) >= 3
