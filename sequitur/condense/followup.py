"""Turning a follow-up into a question that stands alone, by rules: pronouns, ellipsis, corrections, references to what was shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sequitur.condense.concepts import Concept, Vocabulary, Wording, read
from sequitur.intent import wants
from sequitur.schema import Turn, short_name
from sequitur.text import tokens

_LEAD = re.compile(r"^(?:(?:and|but|or|so|also|then|ok(?:ay)?|right|hmm+|well|yes|yeah|sure|sorry|thanks?|great|um+)\b[\s,.!;:-]*)+", re.I)
_ELLIPSIS = re.compile(
    r"^(?:what about|how about|what of|same (?:for|in|with)|versus|vs\.?|compared (?:to|with)|and|or|but|in|for|with|on|to|any)\b", re.I
)
_CORRECTION = re.compile(
    r"^(?:no|nope|sorry|wait|actually|i mean[t]?|not that|rather)\b[\s,]*(?:no\b|sorry\b|i mean[t]?\b|the\b|actually\b|about\b|,|\s)*", re.I
)
_PRONOUN = re.compile(  # neither "is there a", nor "evidence that", nor "one year"
    r"\b(?:it|its|they|them|their|theirs|this|those|these|he|she|same|ones)\b|\bone\b(?=\s*(?:[?.,!;]|$))|\b(?:the|that|this|which|what|another|other|each|any) one\b|"
    r"(?<!evidence )(?<!true )(?<!shown )(?<!shows )(?<!show )(?<!proof )(?<!prove )(?<!mean )(?<!know )\bthat\b|"
    r"(?<!is )(?<!are )(?<!was )(?<!were )(?<!isnt )\bthere\b(?! (?:is|are|was|were|any|a|an|no)\b)",
    re.I,
)
_CLAUSE = re.compile(r"[.?!,;:]\s|\b(?:and|or|but|if|when|because|since|so|while|after|before)\s", re.I)
_STUDY = re.compile(
    r"\b(?:that|this|the|those|these|their|which|what)\s+(?:\w+\s+)?(?:trial|study|studies|trials|paper|papers|review|series|cohort|authors?|analysis|guideline)\b|"
    r"\b(?:they|their|them)\b|how many (?:people|patients|participants|subjects|pts|were|was)|sample size|\bwas (?:it|that) (?:blinded|randomi[sz]ed|placebo)|who (?:did|ran|wrote|funded)|"
    r"\b(?:it|that) (?:was )?(?:double[- ]blind|randomi[sz]ed)|which (?:country|year)|\bn\s*\?",
    re.I,
)
_ORDINAL = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|fifth|last|former|latter)\s+(?:one|source|study|trial|paper|reference|point|citation)\b|\[(\d{1,2})\]",
    re.I,
)
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "former": 1, "latter": 2}
_BARE = re.compile(
    r"^(?:why(?: not| is that| so)?|how so|how come|really|are you sure|says who|meaning|such as|like what|for example|explain|more|tell me more|go on|elaborate|details?)[\s?!.]*$",
    re.I,
)
_YES_OR_NO = re.compile(
    r"^(is|are|was|were|does|do|did|can|could|should|would|will|has|have)\s+((?:the\s+|this\s+|that\s+)?[\w-]+)\s+(.+)$", re.I | re.S
)
_JOINS = {"condition": "in", "drug": "with", "route": "by"}
_AT_LARGE = re.compile(  # treatment in general: then no drug is meant but left unsaid
    r"\b(?:meds?|medicines?|medications?|drugs?|treatments?|agents?|options?|tablets?|pills?|therap(?:y|ies)|first line|second line|third line|instead|else|alternatives?)\b"
)
_ANY_ILLNESS = frozenset(
    ["disease", "diseases", "disorder", "disorders", "illness", "illnesses", "condition", "conditions", "syndrome", "syndromes"]
)
# A pronoun that may stand for a drug: not "is it true that", "how is it that", "what's it like".
_IT = re.compile(
    r"(?<!for )\bit\b(?!['’])(?! (?:true|possible|likely|ok|okay|fine|worth|better|best|normal|common|that|like|matter|depends?|seems?|says?|take (?:\w+ )?(?:to|for) )\b)",
    re.I,
)
_SHORT = 8  # words up to which a question still reads as one with something put behind it
_ROOT = 6  # letters by which two forms of a word are known for one
_FEW = 3  # concepts of a question that may still lean on the one before


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A question that stands alone, and what was carried into it."""

    text: str
    carried: tuple[Concept, ...]
    follow_up: bool
    shown: tuple[str, ...]  # documents of the last answer that it may be about
    pointed: bool = False  # it points back to them in words, or the question before named them
    instead: bool = False  # it stands in the place of the question before and says all that still holds of it


def rewrite(question: str, wording: Wording, turns: Sequence[Turn], vocabulary: Vocabulary) -> Rewritten:
    """The question in words that need no history. Self-contained questions and first turns change only in spelling and wording."""
    clean = tidy(question, wording)
    if not turns:
        return Rewritten(clean, (), follow_up=False, shown=())
    last = turns[-1]
    shown, pointed = _referred(question, turns, vocabulary)
    correction = bool(_CORRECTION.match(question.strip()))
    rest = _LEAD.sub("", _CORRECTION.sub("", question.strip()) if correction else question.strip())
    if _BARE.match(rest) or _BARE.match(question.strip()):
        return Rewritten(_asking_again(rest, last.standalone), (), follow_up=True, shown=shown, pointed=pointed, instead=True)
    if _stands_alone(question, rest, wording, vocabulary, correction=correction):
        return Rewritten(clean, (), follow_up=False, shown=shown, pointed=pointed)
    text, elsewhere = _in_place(question, rest, last, vocabulary, correction=correction)
    if text:
        about = ((), False) if elsewhere else (shown, pointed)
        carried = read(last.standalone, vocabulary).concepts
        return Rewritten(text, carried, follow_up=True, shown=about[0], pointed=about[1], instead=True)
    text, carried = _behind(question, rest, wording, turns, vocabulary, study=bool(shown and _STUDY.search(question)))
    return Rewritten(text, carried, follow_up=True, shown=shown, pointed=pointed)


def _in_place(question: str, rest: str, last: Turn, vocabulary: Vocabulary, *, correction: bool) -> tuple[str, bool]:
    """The question before with what the turn names in the place of its like, where the turn does no more than name; and whether what was shown is then meant no longer."""
    wording = read(rest, vocabulary)
    if _only_names(rest, wording) and (correction or _ELLIPSIS.match(question.strip()) or len(wording.concepts) <= _FEW):
        return _substituted(last.standalone, read(last.standalone, vocabulary), wording), correction
    return _of_another(rest, wording, last, vocabulary), True


def _behind(
    question: str, rest: str, wording: Wording, turns: Sequence[Turn], vocabulary: Vocabulary, *, study: bool
) -> tuple[str, tuple[Concept, ...]]:
    """The turn with what it leaves unsaid, or behind the whole question before it. `study`: it is about a study that was shown."""
    previous = turns[-1].standalone
    before = read(previous, vocabulary)
    clean = tidy(rest, read(rest, vocabulary))
    stack = _stack(turns, vocabulary)
    source = _source(question, turns[-1], vocabulary)
    if "drug" not in stack and not source and len(rest.split()) <= _SHORT and _tells_more(previous, before, stack):
        topic = previous.rstrip(" ?.!")
        return f"{topic[:1].upper()}{topic[1:]}: {clean.rstrip(' ?.!')}?", before.concepts
    if not source and not _AT_LARGE.search(previous.lower()):
        for concept in vocabulary.topic:
            if concept.slot == "drug":
                stack.setdefault("drug", concept)
    if study and not before.slot("drug"):
        stack.pop("drug", None)  # the study shown knows its drug better than the article's title
    carried = _carried(wording, stack, vocabulary)
    return _completed(clean, carried, source), carried


def tidy(question: str, wording: Wording) -> str:
    """The question in words of the field: typos corrected, lay words, brands and abbreviations replaced. As typed where nothing changes."""
    text = question.strip()
    for typed, corrected in zip(wording.typed, wording.corrected, strict=True):
        if typed != corrected:
            text = re.sub(rf"\b{re.escape(typed)}\b", corrected, text, flags=re.I)
    for concept in wording.concepts:
        if concept.clinical:
            spaced = r"[\s/-]+".join(re.escape(word) for word in concept.words)
            text = re.sub(rf"\b{spaced}(?:'s)?\b", " ".join(concept.clinical), text, count=1, flags=re.I)
    return text


def _stands_alone(question: str, rest: str, wording: Wording, vocabulary: Vocabulary, *, correction: bool) -> bool:
    """Nothing points back: no pronoun, no ellipsis, and what it is about is named."""
    if correction or _points_back(rest, wording) or _STUDY.search(question):
        return False
    named = bool(wording.slot("drug")) or bool(wording.slot("condition"))
    leaning = _ELLIPSIS.match(question.strip()) or _LEAD.match(question.strip())
    strange = wording.concepts and all(
        vocabulary.rarity(concept.words) == 0 and not vocabulary.lexicon.expansions(concept.words) for concept in wording.concepts
    )
    if not leaning and ((strange and len(wording.typed) > _FEW) or (vocabulary.named(question) and len(wording.concepts) > 1)):
        return True
    if leaning:
        return bool(wording.slot("drug")) and bool(wants(rest)) and len(wording.concepts) > _FEW
    if wording.slot("drug"):
        return len(wording.concepts) > 1 or bool(wants(rest))
    return named and len(wording.concepts) > _FEW


def _points_back(rest: str, wording: Wording) -> bool:
    """Whether a pronoun means something said before: nothing that it may mean is named in an earlier clause of the turn itself."""
    pronoun = _PRONOUN.search(rest)
    if not pronoun:
        return False
    boundary = max((found.start() for found in _CLAUSE.finditer(rest, 0, pronoun.start())), default=0)
    said = tokens(rest[:boundary])
    return not any(concept.slot in {"drug", "condition"} and concept.words[0] in said for concept in wording.concepts)


def _only_names(rest: str, wording: Wording) -> bool:
    """Whether the turn only names things (a drug, a condition, a route) and asks nothing of its own."""
    asks = re.search(
        r"\b(?:how|why|who|when|which|what|does|do|did|is|are|was|were|can|could|should|will|would|has|have)\b",
        _ELLIPSIS.sub("", rest),
        re.I,
    )
    kinds = set(wants(_ELLIPSIS.sub("", rest))) - {"comparison", "study"}
    return bool(wording.concepts) and not asks and not kinds and any(concept.slot for concept in wording.concepts)


def _substituted(previous: str, before: Wording, wording: Wording) -> str:
    """The previous question with what fills the same slot replaced; appended where it had none."""
    text = previous.rstrip(" ?.!")
    for concept in wording.concepts:
        if not concept.slot:
            text = f"{text} {concept.text}"
            continue
        old = next((other for other in before.concepts if other.slot == concept.slot), None)
        spaced = r"[\s-]+".join(re.escape(word) for word in (old.clinical or old.words)) if old else ""
        replaced, count = re.subn(rf"\b{spaced}\b", concept.text, text, count=1, flags=re.I) if old else (text, 0)
        text = replaced if count else f"{text} {_JOINS[concept.slot]} {concept.text}"
    return f"{text}?"


def _of_another(rest: str, wording: Wording, last: Turn, vocabulary: Vocabulary) -> str:
    """The question before, asked of the one source that the turn names and nothing else ("and in Soliman?"); empty where it does more than that."""
    named = vocabulary.named(rest)
    if len(named) != 1 or not all(_names_source(concept, vocabulary) for concept in wording.concepts) or wants(rest):
        return ""
    name = short_name(vocabulary.documents[named[0]])
    text = last.standalone.rstrip(" ?.!")
    other = next((word for word in re.findall(r"[^\W\d_]+", text) if word.lower() in vocabulary.names), "")
    if not other:
        return f"{text} in {name}?"
    return re.sub(rf"\b{other}(?: et al\.?)?(?:\W{{1,2}}(?:19|20)\d\d\b)?", name, text, count=1) + "?"


def _names_source(concept: Concept, vocabulary: Vocabulary) -> bool:
    return all(word in vocabulary.names or re.fullmatch(r"(?:19|20)\d\d", word) or word in {"et", "al"} for word in concept.words)


def _tells_more(previous: str, before: Wording, stack: dict[str, Concept]) -> bool:
    """Whether the question before, which names no drug and no source, says more of what is meant than the article's topic would: a figure, a route, a thing."""
    if len(previous.split()) > _SHORT or ":" in previous:
        return False
    return "other" in stack or bool(before.slot("route") or re.search(r"\d", previous))


def _stack(turns: Sequence[Turn], vocabulary: Vocabulary) -> dict[str, Concept]:
    """The latest filler of each slot, by earlier questions."""
    stack: dict[str, Concept] = {}
    for turn in reversed(turns[-4:]):
        topic = {concept.words for concept in vocabulary.topic}
        said = sorted(read(turn.standalone, vocabulary).concepts, key=lambda concept: concept.words not in topic)
        for concept in said:
            if concept.slot in {"drug", "condition"} and not _ANY_ILLNESS.issuperset(concept.words):
                stack.setdefault(concept.slot, concept)
    before = [
        concept
        for concept in read(turns[-1].standalone, vocabulary).concepts
        if not concept.slot
        and vocabulary.rarity(concept.words)
        and vocabulary.lexicon.expansions(concept.words)
        and not wants(" ".join(concept.words))
        and not vocabulary.everyday.issuperset(concept.words)
        and not any(word in vocabulary.names for word in concept.words)
    ]
    if before:
        stack["other"] = min(before, key=lambda concept: vocabulary.rarity(concept.words))
    return stack


def _carried(wording: Wording, stack: dict[str, Concept], vocabulary: Vocabulary) -> tuple[Concept, ...]:
    """What the question leaves unsaid: the drug and the condition under discussion, unless it names its own."""
    carried = []
    at_large = _AT_LARGE.search(" ".join(wording.typed)) and "it" not in wording.typed  # "why isn't it first line" is about one drug
    for slot in ("drug", "condition"):
        concept = None if slot == "drug" and at_large else stack.get(slot)
        if concept and not wording.slot(slot) and not (slot == "condition" and _within(concept, vocabulary.topic)):
            carried.append(concept)
    if "other" in stack and len(wording.concepts) < _FEW and not any(concept.slot == "condition" for concept in wording.concepts):
        carried = [concept for concept in carried if concept.slot != "condition"]  # what was asked last is nearer than what it was asked in
        carried.append(stack["other"])
    return tuple(carried)


def _within(concept: Concept, topic: Sequence[Concept]) -> bool:
    """Whether a concept says nothing that the article's topic does not, whatever the endings ("neuropathic pain", "refractory neuropathy pain")."""
    return any(
        all(any(word[:_ROOT] == other[:_ROOT] for other in whole.words) for word in concept.words)
        for whole in topic
        if whole.slot == concept.slot
    )


def _source(question: str, last: Turn, vocabulary: Vocabulary) -> str:
    """The one source the last question was about, by name, when this one names none."""
    if any(token in vocabulary.names for token in tokens(question)):
        return ""
    named = vocabulary.named(last.standalone)
    return short_name(vocabulary.documents[named[0]]) if len(named) == 1 else ""


def _completed(clean: str, carried: Sequence[Concept], source: str = "") -> str:
    """The question with what it leaves unsaid: in the place of its pronoun, behind it where that still reads as one question, else in front."""
    text = clean.rstrip(" ?.!")
    drug = next((concept.text for concept in carried if concept.slot == "drug"), "")
    if drug:
        replaced, count = re.subn(r"\b(?:its|their)\b", drug, text, count=1, flags=re.I)
        if not count and not source and not _STUDY.search(text):
            replaced, count = _IT.subn(drug, text, count=1)
        text, drug = (replaced, "") if count else (text, drug)
    rest = [(_JOINS.get(concept.slot, "and"), concept.text) for concept in carried if concept.slot != "drug"]
    said = [(_JOINS["drug"], drug), *rest] if drug else rest
    if not said and not source:
        return f"{text[:1].upper()}{text[1:]}?"
    origin = f" in {source}" if source else ""
    long = bool(_CLAUSE.search(text, 1)) or len(text.split()) > _SHORT
    if not (long and said and (drug or said[0][0] in _JOINS.values())):
        tail = "".join(f" {join} {what}" for join, what in said)
        return f"{text[:1].upper()}{text[1:]}{tail}{origin}?"
    topic = " ".join(([said[0][1]] if drug else list(said[0])) + [f"{join} {what}" for join, what in said[1:]])
    begun = text[:1].lower() if text[1:2].islower() else text[:1]
    return f"{topic[:1].upper()}{topic[1:]}{origin}: {begun}{text[1:]}?"


def _asking_again(rest: str, previous: str) -> str:
    if not re.match(r"why|how come|how so", rest, re.I):
        return previous
    asked = _YES_OR_NO.match(previous.strip().rstrip(" ?.!"))
    denied = "not " if re.match(r"why not", rest, re.I) else ""
    return f"Why {asked[1].lower()} {asked[2]} {denied}{asked[3]}?" if asked else f"Why: {previous}"


def _numbered(turns: Sequence[Turn]) -> Iterator[tuple[int, str]]:
    """Each citation number of a conversation with its document, once."""
    given = {marker: identity for turn in turns for identity, marker in zip(turn.shown, turn.markers, strict=True)}
    return ((marker, identity.rsplit(":", 1)[0]) for marker, identity in given.items())


def _referred(question: str, turns: Sequence[Turn], vocabulary: Vocabulary) -> tuple[tuple[str, ...], bool]:
    """Documents that the question may be about, and whether it points at them: "[2]", "the second one", "that trial", "how many patients", or the question before named them."""
    last = turns[-1]
    shown = [identity.rsplit(":", 1)[0] for identity in last.shown]
    ordinal = _ORDINAL.search(question)
    if ordinal and ordinal[2] and last.used:
        return tuple(identity for number, identity in _numbered(turns) if number == int(ordinal[2])), True
    if ordinal and shown:
        number = int(ordinal[2]) if ordinal[2] else len(shown) if ordinal[1].lower() == "last" else _ORDINALS[ordinal[1].lower()]
        return ((shown[number - 1],) if 0 < number <= len(shown) else ()), True
    references = [identity for identity in dict.fromkeys(shown) if vocabulary.documents[identity].kind != "article"]
    if _STUDY.search(question):
        return tuple(references[:2]), True
    if named := vocabulary.named(last.standalone):
        return named, True
    return tuple(references[:3]), False
