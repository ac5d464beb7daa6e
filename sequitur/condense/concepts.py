"""What a question is about: its words, corrected and matched with the lexicon and the corpus."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extractOne

from sequitur.analysis import STOPWORDS, compounds, stem
from sequitur.lexicon import SHORTHAND, WEIGHTS, Expansion, Lexicon, english
from sequitur.schema import Document, short_name
from sequitur.text import tokens

_REWRITES = frozenset({"brand", "lay", "corpus", "abbreviation", "spelling"})
_LOOSE = frozenset({"trial_stats", "route_dose", "actions"})  # lay wordings of these are whole phrases: searched with, never rewritten
_VERBS = frozenset(  # lay phrases that begin so are no nouns, as the field's words for them are: searched with, not rewritten
    [
        "got",
        "get",
        "gets",
        "getting",
        "go",
        "goes",
        "going",
        "went",
        "come",
        "comes",
        "came",
        "feel",
        "feels",
        "felt",
        "feeling",
        "take",
        "takes",
        "took",
        "make",
        "makes",
        "made",
        "keep",
        "keeps",
        "is",
        "are",
        "was",
        "be",
        "being",
        "has",
        "have",
        "had",
        "cant",
        "wont",
        "does",
        "do",
        "did",
        "stop",
        "stops",
        "stopped",
        "lose",
        "loses",
        "lost",
        "throw",
        "throws",
        "threw",
    ]
)
_HOPS = frozenset({"brand", "lay", "corpus", "abbreviation", "synonym", "weak"})  # expansions whose own expansions are followed
_CONDITION = re.compile(
    r"(?:path(?:y|ies|ic)|algias?|itis|osis|emia|plegia|cancers?|tumou?rs?|pains?|syndromes?|injur(?:y|ies)|diseases?|disorders?|headaches?|"
    r"migraines?|stroke|fibromyalgia|shingles|zoster|diabetes|depression|surgery|amputation|sclerosis|crps|cipn|phn|sci|tn|dpn)$"
)
_ROUTE = frozenset(
    [
        "intravenous",
        "iv",
        "oral",
        "orally",
        "po",
        "topical",
        "topically",
        "gel",
        "cream",
        "ointment",
        "patch",
        "subcutaneous",
        "sc",
        "subcut",
        "intranasal",
        "nasal",
        "intramuscular",
        "im",
        "epidural",
        "intrathecal",
        "infusion",
        "infusions",
        "bolus",
        "drip",
        "sublingual",
        "lozenge",
        "tablet",
        "capsule",
        "injection",
        "spray",
        "push",
    ]
)
_EDIT = ((8, 2), (5, 1))  # words of at least that length may differ in that many letters
_STUB = 3  # letters of a truncated word
_TELLING = (("otomy", "ectomy", "ostomy", "oscopy"), ("hyper", "hypo"), ("intra", "inter", "extra"), ("supra", "infra"))
_MAX_ALTERNATIVES = 12
_NEAR_DISCOUNT = 0.2
_FEW_NAMED = 4  # a name that fits more documents singles out none
_DESIGN_WORDS: Mapping[str, tuple[str, ...]] = {
    "trial": ("rct",),
    "rct": ("rct",),
    "crossover": ("rct",),
    "cohort": ("cohort",),
    "meta": ("meta-analysis",),
    "review": ("review", "systematic-review", "meta-analysis"),
    "cochrane": ("systematic-review",),
    "guideline": ("guideline",),
    "consensus": ("guideline",),
    "serie": ("case-series",),
}
_TIME_WEIGHT = 0.6
_TIMES: Mapping[str, tuple[tuple[str, ...], ...]] = {  # one unit said in another
    "month": (("30", "days"), ("4", "weeks")),
    "fortnight": (("2", "weeks"), ("14", "days")),
    "year": (("12", "months"),),
    "week": (("7", "days"),),
    "day": (("24", "hours"),),
}


Near = Callable[[Sequence[str]], Sequence[Sequence[tuple[str, float]]]]  # for each word those close in meaning, with cosines


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What the corpus and the language know: needed to tell a typo from a word and a rare word from an unknown one."""

    lexicon: Lexicon
    frequency: Mapping[str, int]  # stem → passages
    passages: int
    words: frozenset[str]  # lower-case words of the corpus and the lexicon, for spelling correction
    english: Mapping[str, int]  # everyday words by frequency rank: low is common
    everyday: frozenset[str]  # the commonest of them, and stop words: what a typo most often is
    near: Near  # words of the corpus close in meaning to those it never uses
    initials: Callable[[str], tuple[str, ...]]  # the words of the corpus that letters may stand for; none: ()
    topic: tuple[Concept, ...]  # what the article is about, by its title
    subjects: tuple[str, ...]  # drugs that "it" may stand for in a first question: the title's, then those the article names most
    names: Mapping[str, tuple[str, ...]]  # author names, acronyms of titles → document ids
    documents: Mapping[str, Document]

    def rarity(self, words: Sequence[str]) -> int:
        """In how many passages the rarest of the words stands."""
        return min((self.frequency.get(stem(word), 0) for word in words), default=0)

    def named(self, text: str) -> tuple[str, ...]:
        """Documents a text names: by an author, an acronym of the title or a year, with the design to decide; the best match."""
        said = tokens(text)
        votes: dict[str, int] = {}
        for identity in (identity for token in dict.fromkeys(said) for identity in self.names.get(token, ())):
            votes[identity] = votes.get(identity, 0) + 2
        years = {int(token) for token in said if re.fullmatch(r"19[89]\d|20[0-4]\d", token)}
        for identity, document in self.documents.items():
            if document.year in years and document.kind != "article":
                votes[identity] = votes.get(identity, 0) + 2
        designs = {kind for token in said for kind in _DESIGN_WORDS.get(token.rstrip("s"), ())}
        for identity in votes:
            votes[identity] += self.documents[identity].kind in designs
            votes[identity] += any(
                token in tokens(short_name(self.documents[identity])) for token in said if token.isalpha()
            )  # first author
        best = tuple(identity for identity, count in votes.items() if count == max(votes.values()))
        return best if len(best) <= _FEW_NAMED else ()


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing a question names: the words typed, other wordings with their weights, and the slot it can fill in a later question."""

    words: tuple[str, ...]
    alternatives: tuple[tuple[tuple[str, ...], float], ...]
    slot: str  # "drug", "condition", "route" or ""
    clinical: tuple[str, ...]  # the wording of the field, where the typed one is lay, a brand or an abbreviation
    meant: tuple[str, ...]  # the words by which its likeness to others is judged
    capitals: frozenset[str] = frozenset()  # words that are abbreviations, written in capitals

    @property
    def text(self) -> str:
        """How it is written in a rewritten question."""
        if self.clinical:
            return " ".join(self.clinical)
        return " ".join(word.upper() if word in self.capitals else word for word in self.words)


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as words: normalised and corrected tokens, and its concepts in order."""

    typed: tuple[str, ...]
    corrected: tuple[str, ...]
    concepts: tuple[Concept, ...]

    def slot(self, name: str) -> tuple[Concept, ...]:
        """The concepts that fill a slot."""
        return tuple(concept for concept in self.concepts if concept.slot == name)


@lru_cache(maxsize=512)
def read(question: str, vocabulary: Vocabulary) -> Wording:
    """Normalise, correct, match. Deterministic; a few milliseconds at most, and the turns of a conversation are read once."""
    printed = tokens(question, lower=False)
    lexicon = vocabulary.lexicon
    typed = tuple(lexicon.american(token.lower()) for token in printed)
    corrected = tuple(correct(token, vocabulary) for token in typed)
    named = [
        (words, expansions or _spelt_out(words, vocabulary))
        for words, expansions in _named(corrected, printed, frozenset(compounds(question)), lexicon)
    ]
    strange = {
        words: meaning(words, expansions, vocabulary)
        for words, expansions in named
        if not any(stem(word) in vocabulary.frequency for said in (words, *(own.words for own in expansions)) for word in said)
    }
    near = dict(zip(strange, vocabulary.near([" ".join(meant) for meant in strange.values()]), strict=True)) if strange else {}
    concepts = tuple(_concept(words, expansions, near.get(words, ()), vocabulary) for words, expansions in named)
    return Wording(typed, corrected, concepts)


def _spelt_out(words: tuple[str, ...], vocabulary: Vocabulary) -> tuple[Expansion, ...]:
    """What letters that nobody defines stand for, by the corpus's own words ("szc": sodium zirconium cyclosilicate)."""
    letters = words[0]
    if len(words) > 1 or stem(letters) in vocabulary.frequency or letters in vocabulary.english or letters in english():
        return ()
    meant = vocabulary.initials(letters)
    return (Expansion(meant, "corpus", WEIGHTS["corpus"], "corpus"),) if meant else ()


def _named(
    corrected: Sequence[str], printed: Sequence[str], joined: frozenset[tuple[str, str]], lexicon: Lexicon
) -> Iterator[tuple[tuple[str, ...], Sequence[Expansion]]]:
    """The terms of a question in order, with what the lexicon has for them: its own keys, and the words between, two together that a hyphen has `joined`."""
    position = 0
    for match in [*lexicon.find(corrected, printed), None]:
        stop = match.start if match else len(corrected)
        while position < stop:
            both = tuple(corrected[position : min(position + 2, stop)])
            words = both if both in joined and STOPWORDS.isdisjoint(both) else both[:1]
            if words[0] not in STOPWORDS and len(words[0]) > 1:
                yield words, lexicon.expansions(words)
            position += len(words)
        if match is None:
            return
        position = match.end
        if not all(word in STOPWORDS for word in match.words):
            yield match.words, match.expansions


@lru_cache(maxsize=4096)
def correct(token: str, vocabulary: Vocabulary) -> str:
    """The word that was probably meant, or the token itself. Known words and abbreviations are left alone."""
    known = (
        token in vocabulary.english
        or (token in vocabulary.words and len(token) > _STUB)
        or token in STOPWORDS
        or any(expansion.kind != "weak" for expansion in vocabulary.lexicon.expansions((token,)))
        or stem(token) in vocabulary.frequency
        or not token.isalpha()
    )
    if known:
        return token
    if len(token) >= _STUB and (whole := _completion(token, vocabulary)):
        return whole
    if token in english() or (token.endswith("s") and token[:-1] in english()):
        return token
    swapped = (token[:at] + token[at + 1] + token[at] + token[at + 2 :] for at in range(len(token) - 1))
    twisted = next((word for word in swapped if len(word) > _STUB and (word in vocabulary.words or word in vocabulary.everyday)), "")
    if twisted:
        return twisted
    allowed = next((allowed for length, allowed in _EDIT if len(token) >= length), 0)
    sources = (vocabulary.words, vocabulary.everyday) if allowed else ()
    found = [near for words in sources if (near := _nearest(token, words, allowed, vocabulary.english))]
    return min(found, key=lambda near: near[1], default=(token, 0))[0]  # the field's word, unless an everyday one is nearer


def _nearest(token: str, words: frozenset[str], allowed: int, english: Mapping[str, int]) -> tuple[str, float] | None:
    """The word that differs from a token in the fewest letters, at most `allowed`, and in how many; a letter written once for twice counts half."""
    near = [
        word for word in _by_initial(words).get(token[0], ()) if abs(len(word) - len(token)) <= allowed and not _told_apart(token, word)
    ]
    doubled = [word for word in near if _undoubled(word) == _undoubled(token)]
    if doubled:
        return min(doubled, key=lambda word: english.get(word, len(english))), 0.5
    found = extractOne(token, near, scorer=DamerauLevenshtein.distance, score_cutoff=allowed)
    return (str(found[0]), float(found[1])) if found else None


def _undoubled(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


@lru_cache(maxsize=16)
def _by_initial(words: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Words by their first letter, each sorted."""
    return {initial: tuple(own) for initial, own in groupby(sorted(words), key=lambda word: word[0])}


def _told_apart(one: str, other: str) -> bool:
    """Whether two words have different parts of those that tell medical words apart: a tonsillotomy is no misspelt tonsillectomy."""
    return any(
        (mine := {part for part in parts if part in one}) and (theirs := {part for part in parts if part in other}) and mine != theirs
        for parts in _TELLING
    )


def _completion(stub: str, vocabulary: Vocabulary) -> str:
    """The drug or the word of the corpus that a truncation stands for ("ket", "dulox", "tox"): a drug if one fits, else the commonest word."""
    begun = _by_initial(vocabulary.words).get(stub[0], ())
    fitting = [word for word in begun if word.startswith(stub) and vocabulary.frequency.get(stem(word), 0) > 1]
    drugs = [word for word in fitting if vocabulary.lexicon.is_drug([word])]
    return max(drugs or fitting, key=lambda word: (vocabulary.frequency[stem(word)], -len(word), word), default="")


def meaning(words: tuple[str, ...], expansions: Sequence[Expansion], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The words by which a term's likeness to others is judged: what a short form or a brand stands for, else the term itself."""
    full = next((own.words for own in expansions if own.kind in {"corpus", "abbreviation", "brand"}), words)
    return full if not any(word in vocabulary.english for word in words) else words


def _concept(words: tuple[str, ...], expansions: Sequence[Expansion], near: Sequence[tuple[str, float]], vocabulary: Vocabulary) -> Concept:
    """`near`: words of the corpus close in meaning, with cosines, where it never uses these."""
    alternatives: dict[tuple[str, ...], float] = {}
    for expansion in expansions:
        alternatives[expansion.words] = max(alternatives.get(expansion.words, 0.0), expansion.weight)
        if expansion.kind in _HOPS:
            for further in vocabulary.lexicon.expansions(expansion.words):
                weight = expansion.weight * further.weight
                alternatives[further.words] = max(alternatives.get(further.words, 0.0), weight)
    for said in _TIMES.get(words[-1].rstrip("s"), ()):
        alternatives.setdefault(said, _TIME_WEIGHT)
    for word, cosine in near:
        alternatives[(word,)] = cosine - _NEAR_DISCOUNT
    alternatives.pop(words, None)
    usable = [(other, weight) for other, weight in alternatives.items() if any(stem(word) in vocabulary.frequency for word in other)]
    usable.sort(key=lambda pair: (-pair[1], pair[0]))
    short = len(words) == 1 and any(expansion.kind in {"abbreviation", "corpus"} and len(expansion.words) > 1 for expansion in expansions)
    capitals = frozenset(words) if short else frozenset()
    slot, clinical = _slot(words, expansions, vocabulary), _clinical(words, expansions, vocabulary)
    return Concept(words, tuple(usable[:_MAX_ALTERNATIVES]), slot, clinical, meaning(words, expansions, vocabulary), capitals)


def _clinical(words: tuple[str, ...], expansions: Sequence[Expansion], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The wording of the field to rewrite with: the candidate that the corpus uses most. Words the corpus itself uses stay as typed."""
    candidates = [expansion.words for expansion in expansions if expansion.kind in _REWRITES and expansion.domain not in _LOOSE]
    if not candidates or words[0] in _VERBS:
        return ()
    branded = any(expansion.kind == "brand" for expansion in expansions)
    if len(words) > 1 and vocabulary.rarity(words) and not branded:
        return ()  # the corpus speaks these words itself
    typed_known = vocabulary.rarity(words)
    best = max(candidates, key=vocabulary.rarity)
    is_short = any(
        expansion.kind in {"abbreviation", "corpus"} and expansion.domain != SHORTHAND and len(expansion.words) == 1
        for expansion in expansions
    )
    if is_short or vocabulary.rarity(best) == 0 or (typed_known and len(words) == 1 and typed_known >= vocabulary.rarity(best)):
        return ()
    return best


def _slot(words: Sequence[str], expansions: Sequence[Expansion], vocabulary: Vocabulary) -> str:
    if vocabulary.lexicon.is_drug(words) or any(_is_drug(expansion, vocabulary.lexicon) for expansion in expansions):
        return "drug"
    if any(word in _ROUTE for word in words):
        return "route"
    wordings = [words, *(expansion.words for expansion in expansions if expansion.kind in _REWRITES)]
    if any(_CONDITION.search(wording[-1]) for wording in wordings):
        return "condition"
    return ""


def _is_drug(expansion: Expansion, lexicon: Lexicon) -> bool:
    """Whether what a term stands for is a drug or a class of them. A lay phrase on drugs ("how long does it last") need not be one."""
    if expansion.kind in {"brand", "class", "member"} or (expansion.domain == "drugs" and expansion.kind not in {"lay", "weak"}):
        return True
    return expansion.kind in {"abbreviation", "lay"} and (lexicon.is_drug(expansion.words[-1:]) or lexicon.is_class(expansion.words))
