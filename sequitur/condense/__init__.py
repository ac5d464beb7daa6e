"""Question + history → `Query`: what was asked, what was understood, and what is searched for. No model."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from sequitur.analysis import STOPWORDS, stem
from sequitur.condense.clarify import choices, picked
from sequitur.condense.concepts import Concept, Near, Vocabulary, Wording, read
from sequitur.condense.followup import rewrite
from sequitur.errors import QuestionError
from sequitur.intent import ACKNOWLEDGEMENT, TERMS, asking, wants
from sequitur.lexicon import Lexicon
from sequitur.ports import BOUNDARY
from sequitur.schema import Article, Document, Focus, Passage, Query, Reading, Turn, short_name
from sequitur.text import fold, tokens

MAX_CHARACTERS = 4000
_MAX_EXPANSION_WORDS = 12
_LONGEST_REWRITE = 400  # characters
_EVERYDAY = 6000  # place in the tokenizer's vocabulary up to which a word is everyday English
_WHOLE = 8  # earlier turns that still count as the conversation
_NAMED = 2  # sources of the last answer that are named beside the question
_LONG = 5  # concepts from which a question tells a story: its strange words then weigh less
_ABOUT_SOURCES = frozenset(
    [
        "study",
        "studie",
        "trial",
        "paper",
        "review",
        "serie",
        "cohort",
        "guideline",
        "result",
        "finding",
        "outcome",
        "data",
        "meta",
        "analysi",
        "author",
        "disagr",
        "disagre",
    ]
)
_ANYBODY = frozenset(
    ["people", "person", "persons", "patient", "patients", "participant", "participants", "subjects", "adult", "adults", "folk"]
)
_ASKING = frozenset(["how", "what", "why", "when", "where", "which", "who"])
_ASKING_STRENGTH = 0.3  # of a phrase that says what kind of answer is wanted ("how often"), which sections and figures look after
_FIGURE_STRENGTH = 0.3  # of a figure that the corpus does not have: most often somebody's age, weight or laboratory value
_EVERYDAY_STRENGTH = 0.4  # of a word that says where to look rather than what for
_INITIALISM = range(3, 6)  # letters of an abbreviation that the corpus may not define
_NO_NAMES = frozenset(["database", "physician", "systematic"])  # of journals' names, and words of any question
_COMMON_NAME = 0.03  # share of passages from which a journal's word is no name
_LEAST = 0.25  # weight from which another wording counts as the thing asked about
_COMMON, _RARE = 2200, 5500  # places in the tokenizer's vocabulary: commoner words carry no question, rarer ones carry it fully

__all__ = ["MAX_CHARACTERS", "Language", "Vocabulary", "additions", "condense", "question_text", "vocabulary"]


class Weights(NamedTuple):
    """Shares of the readings in fusion, chosen on the dev half of the gold set."""

    typed: float = 0.6
    standalone: float = 1.0
    expanded: float = 0.8
    aspect: float = 0.4  # what it is about, with the field's words for what is asked of it
    with_topic: float = 0.5
    with_last: float = 1.0  # a follow-up behind the question before it
    with_all: float = 0.5  # behind the whole conversation
    alone: float = 0.5  # a follow-up into which no slot was carried: its own words say half of it
    distilled: float = 0.8  # a long question without its story
    carried: float = 0.5  # of a carried concept's words, against 1 for a typed one


_WEIGHTS = Weights()


def question_text(question: str) -> str:
    """The question as it may be stored and shown: control characters gone, outer space trimmed.

    Raises:
        QuestionError: empty, only symbols, over 4,000 characters, or with a NUL byte.
    """
    if "\x00" in question:
        message = "the question holds a NUL byte: type it again as plain text"
        raise QuestionError(message)
    if len(question) > MAX_CHARACTERS:
        message = f"the question has {len(question):,} characters; at most {MAX_CHARACTERS:,} can be asked"
        raise QuestionError(message)
    try:
        question.encode()
    except UnicodeEncodeError as error:
        message = "the question holds characters that are no text: type it again"
        raise QuestionError(message) from error
    text = re.sub(r"[\x01-\x08\x0b-\x1f\x7f]", " ", question).strip()
    if not re.search(r"[^\W_]", text):
        message = "the question is empty: type a few words" if not text else "the question has no letters or digits: type a few words"
        raise QuestionError(message)
    return text


class Language(NamedTuple):
    """What is known of words beyond the corpus."""

    lexicon: Lexicon
    english: Mapping[str, int]  # everyday words by frequency rank, commonest first
    near: Near  # words of the corpus close in meaning to those it never uses


def vocabulary(
    documents: Sequence[Document],
    passages: Sequence[Passage],
    article: Article | None,
    frequency: Mapping[str, int],
    language: Language,
) -> Vocabulary:
    """What is needed to understand questions about a corpus; built once when an index is opened."""
    lexicon = language.lexicon
    everyday = STOPWORDS.union(takewhile(lambda word: language.english[word] < _EVERYDAY, language.english))
    words = {lexicon.american(token) for passage in passages for token in tokens(passage.text) if token.isalpha()}
    known = Vocabulary(
        lexicon=lexicon,
        frequency=frequency,
        passages=len(passages),
        words=frozenset(word for word in words | lexicon.words if len(word) > 3),
        english=language.english,
        everyday=everyday,
        near=language.near,
        initials=_initials(passages, lexicon),
        topic=(),
        subjects=(),
        names=_names(
            documents,
            lexicon,
            lambda word: word in everyday or frequency.get(stem(word), 0) >= _COMMON_NAME * len(passages),
            lambda word: word not in everyday and not frequency.get(stem(word)),
        ),
        documents={document.id: document for document in documents},
    )
    if article is None:
        return known
    topic = tuple(concept for concept in read(article.title, known).concepts if concept.slot)
    return replace(known, topic=topic, subjects=_subjects(topic, article, passages, lexicon))


def _initials(passages: Sequence[Passage], lexicon: Lexicon) -> Callable[[str], tuple[str, ...]]:
    """What letters may stand for in this corpus: three to five words in a row that it uses more than once. Read when first asked for."""

    @cache
    def rows() -> Mapping[str, tuple[str, ...]]:
        seen: Counter[tuple[str, ...]] = Counter()
        for passage in passages:
            said = [lexicon.american(token) for token in tokens(passage.text)]
            for size in _INITIALISM:
                seen.update(tuple(said[at : at + size]) for at in range(len(said) - size + 1))
        found: dict[str, tuple[str, ...]] = {}
        for words, count in seen.most_common():
            plain = all(word.isalpha() for word in words) and words[0] not in STOPWORDS and words[-1] not in STOPWORDS
            if count > 1 and plain:
                found.setdefault("".join(word[0] for word in words), words)
        return found

    return lambda letters: rows().get(letters, ())


def _subjects(topic: Sequence[Concept], article: Article, passages: Sequence[Passage], lexicon: Lexicon) -> tuple[str, ...]:
    said = Counter(
        token
        for passage in passages
        if passage.document_id == article.document_id
        for token in tokens(passage.text)
        if token in lexicon.drugs and token not in STOPWORDS
    )
    titled = [concept.text for concept in topic if concept.slot == "drug"]
    return tuple(dict.fromkeys([*titled, *(drug for drug, _ in said.most_common())]))


def _names(
    documents: Sequence[Document], lexicon: Lexicon, common: Callable[[str], bool], unsaid: Callable[[str], bool]
) -> dict[str, tuple[str, ...]]:
    """Names that single out few documents: authors, acronyms of titles, words of journals and of ids.

    Words of journals neither `common` nor medical; words of ids, by which editors call them, that the corpus leaves `unsaid` (a trial's acronym).
    """
    found: dict[str, set[str]] = {}
    for document in documents:
        if document.kind == "article":
            continue
        surnames = {token for author in document.authors for token in tokens(re.sub(r"\s+[A-Z]{1,4}$", "", author)) if len(token) > 2}
        printed = {acronym.lower() for acronym in re.findall(r"\b[A-Z]{3,}\b", f"{document.title} {document.journal}")}
        acronyms = {acronym for acronym in printed if _is_body(acronym, lexicon)}
        journal = {token for token in tokens(document.journal) if len(token) > 5 and not common(token) and not _is_medical(token, lexicon)}
        called = {word for word in re.findall(r"[a-z]{4,}", document.id.rpartition("/")[2].lower()) if unsaid(word)}
        for name in surnames | acronyms | journal | called:
            found.setdefault(name, set()).add(document.id)
    return {name: tuple(sorted(ids)) for name, ids in found.items() if len(ids) <= 3 and name not in STOPWORDS}


def _is_medical(word: str, lexicon: Lexicon) -> bool:
    """Whether a word of a journal's name is one of medicine: "analgesia" in a question is no journal."""
    known = lexicon.expansions((word,))
    return word in _NO_NAMES or (bool(known) and all(expansion.domain != "organizations" for expansion in known))


def _is_body(acronym: str, lexicon: Lexicon) -> bool:
    """Whether an acronym may name who wrote: one that stands for a disease or a drug names many papers, not one."""
    known = lexicon.expansions((acronym,))
    return not known or any(expansion.domain == "organizations" for expansion in known)


def condense(question: str, turns: Sequence[Turn], known: Vocabulary, standalone: str | None = None) -> Query:
    """Understand a question after the turns before it. `standalone`: the reader's own correction of what was understood.

    Raises:
        QuestionError: the question cannot be asked.
    """
    asked = question_text(question)
    if ACKNOWLEDGEMENT.match(fold(asked)):
        return Query(asked, asked, (), (), (), acknowledgement=True)
    wording = read(asked, known)
    rewritten = rewrite(asked, wording, turns, known)
    chosen = standalone or picked(asked, turns)
    text = question_text(chosen) if chosen else rewritten.text
    whole = read(text, known)
    clinical = [" ".join(concept.clinical) for concept in (*wording.concepts, *whole.concepts) if concept.clinical]
    carried = {concept.words for concept in rewritten.carried}
    own = () if rewritten.instead else wants(asked)
    wanted = tuple(dict.fromkeys((*(wants(asked, clinical) if own else ()), *(() if own else wants(text, clinical)))))
    readings = (
        *_readings(asked, text, whole, turns if rewritten.follow_up else (), carried, known),
        *_aspect(whole, wanted),
    )
    asked_with = asking(asked)
    return Query(
        asked=asked,
        standalone=text,
        readings=readings,
        wants=wanted,
        focus=tuple(_focus(concept, carried, known, len(whole.concepts), asked_with) for concept in whole.concepts),
        named=known.named(f"{asked} {text}"),
        shown=rewritten.shown,
        pointed=rewritten.pointed,
        before=(text if rewritten.instead else turns[-1].standalone) if rewritten.follow_up else "",
        conversed=text if chosen else _conversed(asked, text, turns if rewritten.follow_up else (), rewritten.shown, known),
        choices=() if chosen else choices(asked, wording, turns, known),
    )


def _conversed(asked: str, text: str, turns: Sequence[Turn], shown: Sequence[str], known: Vocabulary) -> str:
    """The question as understood and as typed, behind it the question before and the sources it may be about.

    Where it leans on none of them it stands alone: what was met before must not make up for what is not ("ketamine dose for cats?" after a dose for people). Else
    late interaction was trained to see what of these still holds (after Krasakis, Yates and Kanoulas, SIGIR 2022, who let a conversation's earlier turns
    change the token vectors of its last).
    """
    parts = [text] if fold(asked) == fold(text) else [text, asked]
    if turns:
        parts += [turns[-1].standalone, *(short_name(known.documents[identity]) for identity in shown[:_NAMED])]
    return f" {BOUNDARY} ".join(parts)


def additions(rewritten: str, asked: str, turns: Sequence[Turn], known: Vocabulary) -> tuple[str, ...]:
    """What a rewritten question has that nobody asked and no source says: numbers and drugs; or its length, where it is no question any more."""
    if len(rewritten) > _LONGEST_REWRITE:
        return (f"{len(rewritten)} characters",)
    said = {
        word
        for text in (asked, *(turn.asked for turn in turns), *(turn.standalone for turn in turns))
        for word in known.lexicon.normal(text)
    }
    told = said | {word for expansion in known.lexicon.find(tuple(said)) for other in expansion.expansions for word in other.words}
    return tuple(
        dict.fromkeys(
            word
            for word in known.lexicon.normal(rewritten)
            if (word in known.lexicon.drugs or any(sign.isdigit() for sign in word))
            and word not in told
            and stem(word) not in known.frequency
        )
    )


def _aspect(whole: Wording, wanted: Sequence[str]) -> Iterable[Reading]:
    """What the question is about, with the field's words for what it wants to know of it."""
    terms = [TERMS[want] for want in wanted[:2]]
    about = [concept.text for concept in whole.concepts if concept.slot]
    if terms and about:
        yield Reading(" ".join([*about, *terms]), _WEIGHTS.aspect)


def _readings(
    asked: str, text: str, whole: Wording, turns: Sequence[Turn], carried: set[tuple[str, ...]], known: Vocabulary
) -> Iterable[Reading]:
    terms = _terms(whole.concepts, carried)
    leaning = bool(turns) and not carried
    share = _WEIGHTS.alone if leaning else 1.0  # of every reading that knows the last turn alone
    yield Reading(text, share * _WEIGHTS.standalone, terms)
    if fold(asked) != fold(text) and not leaning:
        yield Reading(asked, _WEIGHTS.typed)
    extra = _expansion_words(whole.concepts)
    if extra:
        yield Reading(f"{text} {' '.join(extra)}", share * _WEIGHTS.expanded, terms)
    if len(whole.concepts) > _LONG:
        yield Reading(" ".join(concept.text for concept in whole.concepts if _tells(concept, known)), share * _WEIGHTS.distilled)
    if turns:
        yield Reading(f"{turns[-1].asked} {asked}", _WEIGHTS.with_last)
        if len(turns) > 1:
            yield Reading(" ".join([*(turn.asked for turn in turns[-_WHOLE:]), asked])[-MAX_CHARACTERS:], _WEIGHTS.with_all)
    if not whole.slot("drug") and known.topic:
        topic = " ".join(concept.text for concept in known.topic)
        yield Reading(f"{text} {topic}", _WEIGHTS.with_topic)


def _tells(concept: Concept, known: Vocabulary) -> bool:
    """Whether a concept says what is asked: it is medical, or the corpus uses its words."""
    return bool(concept.slot or concept.clinical or known.lexicon.expansions(concept.words)) or known.rarity(concept.words) > 0


def _terms(concepts: Sequence[Concept], carried: set[tuple[str, ...]]) -> tuple[tuple[str, float], ...]:
    """Weighted stems for lexical search. A concept's expansions share its weight, so that they never drown what was typed."""
    weights: dict[str, float] = {}
    for concept in concepts:
        share = _WEIGHTS.carried if concept.words in carried else 1.0
        for word in concept.words:
            if word not in STOPWORDS:
                weights[stem(word)] = max(weights.get(stem(word), 0.0), share)
        for words, weight in concept.alternatives:
            for word in words:
                if word not in STOPWORDS:
                    weights[stem(word)] = max(weights.get(stem(word), 0.0), share * weight / max(1, len(words)) ** 0.5)
        if len(concept.words) == 2:
            weights.setdefault(stem("".join(concept.words)), share * 0.8)
    return tuple(sorted(weights.items()))


def _expansion_words(concepts: Sequence[Concept]) -> list[str]:
    """Other wordings to append to the text that is embedded: the best one or two of each concept."""
    found: list[str] = []
    for concept in concepts:
        for words, weight in concept.alternatives[:2]:
            if weight >= 0.5 and words != concept.clinical:
                found.extend(word for word in words if word not in found)
    return found[:_MAX_EXPANSION_WORDS]


def _rank(words: Sequence[str], known: Vocabulary) -> int:
    """The place in everyday English of the rarest of some words."""
    return max(known.english.get(word, _RARE) for word in words)


def _focus(
    concept: Concept, carried: set[tuple[str, ...]], known: Vocabulary, size: int, asked_with: frozenset[str] = frozenset()
) -> Focus:
    """A word that the corpus never uses says the less about what is asked the commoner it is in English ("big", "let", "view").

    `asked_with`: words that ask rather than name ("wear off" asks how long).
    """
    others = ((" ".join(words), round(weight, 3)) for words, weight in concept.alternatives if weight >= _LEAST)
    wordings = ((" ".join(concept.words), 1.0), *others)
    expansions = [expansion for expansion in known.lexicon.expansions(concept.words) if expansion.kind != "weak"]
    short = bool(expansions) and all(word not in known.english for word in concept.words)  # "hx": as rare as what it stands for
    meant = min((_rank(expansion.words, known) for expansion in expansions), default=_RARE) if short else _RARE
    medical = bool(concept.slot) or (bool(expansions) and meant >= _RARE)
    strength = 1.0
    if not any(sign.isalpha() for word in concept.words for sign in word) and not known.rarity(concept.words):
        strength = _FIGURE_STRENGTH
    elif not medical and all(stem(word) not in known.frequency for word in concept.words):
        rank = min(meant, _rank(concept.words, known))
        strength = min(1.0, max(0.1, math.log(rank / _COMMON) / math.log(_RARE / _COMMON))) * min(1.0, _LONG / size)
        if asked_with.issuperset(concept.words):
            strength *= _EVERYDAY_STRENGTH
    if len(concept.words) == 1 and (concept.words[0].rstrip("s") in _ABOUT_SOURCES or concept.words[0] in _ANYBODY):
        strength *= _EVERYDAY_STRENGTH
    if concept.words[0] in _ASKING:
        strength *= _ASKING_STRENGTH
    exact = concept.slot == "drug" or any(word in known.names or not word.isalpha() for word in concept.words)
    return Focus(wordings, strength * (_WEIGHTS.carried if concept.words in carried else 1.0), medical, exact, " ".join(concept.meant))
