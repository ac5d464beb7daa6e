"""When a question could mean several things, what it could mean: asked back instead of guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sequitur.analysis import STOPWORDS, stem
from sequitur.condense.concepts import Vocabulary, Wording, read
from sequitur.intent import wants
from sequitur.schema import Outcome, Turn

_MOST = 3
_SINGULAR = re.compile(r"\b(?:it|that (?:one|drug)|this (?:one|drug)|the drug)\b", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:its?|they|them|their|ones?|this|that|these|those|the (?:drug|trial|study|paper)s?)\b", re.IGNORECASE
)  # where nothing else is named
_ITS = re.compile(r"\bits\b", re.IGNORECASE)
_EACH = frozenset({"dose", "comparison"})  # what every drug has its own of
_ASPECTS = frozenset(
    [
        "safe",
        "safety",
        "work",
        "help",
        "effective",
        "dose",
        "dosage",
        "amount",
        "long",
        "last",
        "better",
        "best",
        "good",
        "bad",
        "risk",
        "risky",
        "side",
        "effect",
        "dangerous",
        "worth",
        "trial",
        "study",
        "evidence",
        "recommend",
        "use",
        "give",
        "cost",
        "start",
    ]
)  # what is asked of something, in words that do not name it
_EMPTY = frozenset(
    [
        "often",
        "much",
        "many",
        "more",
        "less",
        "first",
        "second",
        "third",
        "last",
        "former",
        "latter",
        "other",
        "another",
        "big",
        "large",
        "fail",
        "mg",
        "milligram",
        "together",
        "happen",
        "stop",
        "normal",
        "compare",
        "differ",
        "difference",
        "significant",
        "show",
        "say",
        "find",
        "finding",
        "found",
        "tell",
        "explain",
        "detail",
        "mean",
        "result",
        "thing",
    ]
)  # words that without a question before them ask of nothing
_ASKS = frozenset(map(stem, _ASPECTS | _EMPTY))
_FUNCTION = frozenset(map(stem, _EMPTY))
_AGAIN = re.compile(r"^\W*(?:and|but|so|also|then|or|what about|how about)\b", re.IGNORECASE)  # goes on from something
_PAGE = re.compile(
    r"\b(?:articles?|pages?|summar(?:y|i[sz]e)|authors?|sources?|references?)\b", re.IGNORECASE
)  # what lies before every reader
_THAT_STUDY = re.compile(r"\b(?:that|this|those|these)\s+(?:stud(?:y|ies)|trials?|papers?)\b", re.IGNORECASE)
_PICK = re.compile(r"^\W*(?:the\s+)?(?:(first|1st|1|yes|yeah|yep)|(second|2nd|2)|(third|3rd|3))\b(?:\s+one)?\W*$", re.IGNORECASE)


def choices(asked: str, wording: Wording, turns: Sequence[Turn], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Two or three questions that may be meant, the likeliest first; empty where it is clear enough, or where it was just asked back.

    Asked back are a first message that points at nothing ("is it safe?"), and "it" after a question that held two drugs against each other.
    """
    if turns and turns[-1].outcome == Outcome.CLARIFY.value:
        return ()
    if not turns:
        drugs = vocabulary.subjects if _points_at_nothing(asked, wording, vocabulary) else ()
    else:
        drugs = _rivals(turns[-1].standalone, vocabulary) if _SINGULAR.search(asked) and not wording.slot("drug") else ()
    return tuple(_filled(asked, drug) for drug in drugs[:_MOST]) if len(drugs) > 1 else ()


def picked(question: str, turns: Sequence[Turn]) -> str | None:
    """The choice that answers the question back: "the second one", "yes" (the first), or a few words that only one of them has."""
    offered = turns[-1].choices if turns else ()
    found = _PICK.match(question.strip())
    if found:
        place = 0 if found[1] else 1 if found[2] else 2
        return offered[place] if place < len(offered) else None
    said = re.findall(r"[\w-]{4,}", question.lower())
    fitting = [choice for choice in offered if said and all(word in choice.lower() for word in said)]
    return fitting[0] if len(fitting) == 1 and len(said) <= _MOST else None


def _points_at_nothing(asked: str, wording: Wording, vocabulary: Vocabulary) -> bool:
    """Whether nothing is named in a question besides what it wants to know, and that is a pronoun's, goes on from something, or differs from drug to drug."""
    said = {stem(word) for concept in wording.concepts for word in concept.words if word not in STOPWORDS}
    if vocabulary.named(asked) or _PAGE.search(asked) or not said <= _ASKS:
        return False
    return said <= _FUNCTION or bool(_POINTING.search(asked) or _AGAIN.match(asked) or _EACH & set(wants(asked)[:1]))


def _rivals(previous: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The drugs that a question held against each other."""
    if "comparison" not in wants(previous):
        return ()
    return tuple(dict.fromkeys(concept.text for concept in read(previous, vocabulary).slot("drug")))


def _filled(asked: str, drug: str) -> str:
    """The question with its pronoun replaced by a name, or the name in brackets where that would not be English."""
    text = _AGAIN.sub("", asked).strip(" ?.!,")
    if not wants(asked):
        return f"What do the sources say about {drug}?"
    for pattern, name in ((_SINGULAR, drug), (_ITS, f"{drug}'s"), (_THAT_STUDY, f"the trials of {drug}")):
        text, count = pattern.subn(name, text, count=1)
        if count:
            return f"{text[:1].upper()}{text[1:]}?"
    return f"{text[:1].upper()}{text[1:]} ({drug})?"
