"""An article's claims and the passages that may carry them, with the words both share.

Titles, questions, limitations, comments and editors' remarks carry nothing; a line that was not page-checked, a note of medium confidence and a
candidate carry with a caution.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import numpy as np

from sequitur.analysis import STOPWORDS, stem
from sequitur.audit.language import Clause, clauses, is_cue
from sequitur.figures import Figure, figures
from sequitur.index import ArticleEntry, Index, unmarked
from sequitur.lexicon import general
from sequitur.schema import REMARK, TITLE, WHOM, Document, Passage
from sequitur.text import body_start, fold, tokens

_COMMENTARY = re.compile(
    r"limit|what it means|comment|discussion|editor|^question$|objective|remark|background|introduction", re.IGNORECASE
)
_ASKED = re.compile(r"question|objective|background|introduction", re.IGNORECASE)
_DRUG = re.compile(  # stems of international nonproprietary names, for drugs that the lexicon does not list
    r"\A[a-z]{2,}(?:prazole|prazan|xifene|olol|[^c]pril|sartan|statin|gliflozin|gliptin|glutide|xaban|gatran|parin|cillin|mycin|floxacin|cycline|conazole|ciclovir|[a-z]vir"
    r"|mab|tinib|ciclib|rafenib|oxetine|triptan|gepant|setron|profen|coxib|caine|zepam|zolam|barbital|dronate|dronic|lukast|terol|tropium|formin|glitazone|metacin"
    r"|asone|olone|onide|thiazide|dipine|afil|gabalin|racetam|peridone|apine|azosin|steride|grel|teplase|fenac|oxicam|phylline|terone|fibrate|semide|tidine|tadine|giline|capone|penem|vudine|buvir|asvir|bendazole|poetin|parib|zomib|kinra|micin|quine|tropin|platin|taxel|rubicin|trexate|mustine)s?"
)
_PREFIX = re.compile(r"\b(post|pre|non|anti|re|co|sub|intra|inter|multi|peri)-(?=[a-z])", re.IGNORECASE)
_OUTCOME = re.compile(
    r"\bprimary (?:outcome|end ?-?point)(?: measure)?(?:,| was| were|:) (?:the )?([^.]{5,200})|\bprimary (?:outcome|end ?-?point)[^.()]{0,20}\(([^()]{5,200})\)"
)
_BYLINE = re.compile(r"\b(?:19|20)\d\d\b ?; ?\d+|^[A-Z][\w'-]+ [A-Z]{1,3},.{0,200}\b(?:19|20)\d\d\b")
_OPENING = 400  # characters of a text that states no population in which it is looked for
_UNCOMMON = 6000  # rank from which a word is no everyday one
_EVERYDAY = 0.25  # how much an everyday word weighs beside the rarest
_ALIKE = 0.58  # cosine from which one word may stand for another
# Words that say how, how much or that something was studied, not what.
_EMPTY = frozenset((Path(__file__).parent / "empty.txt").read_text(encoding="utf-8").split())
# Diseases, organs, treatments: what a claim cannot name unless its source does.
_THINGS = frozenset(map(stem, (Path(__file__).parent / "things.txt").read_text(encoding="utf-8").split()))
_MEDICAL = re.compile(
    r"\A\w{3,}(?:itis|osis|oses|[ae]emia|emia|pathy|pathies|algia|omas?|ectomy|ostomy|otomy|plegia|lepsy|monia|uria|rrhea|rrhage|rrhages|penia|sclerosis|dystrophy|lytics?|gram|scopy|plasty)"
)


@dataclass(frozen=True)
class Statement:
    """A text as it is compared: its content words, clauses and figures."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Content words in American spelling, in order and once each; not those that say how or how strongly, which are compared apart."""
        joined = _PREFIX.sub(r"\1", self.text)
        normal = (general().american(token) for token in tokens(joined))
        return tuple(
            dict.fromkeys(
                word
                for word in normal
                if word.isalpha() and len(word) > 2 and word not in STOPWORDS and word not in _EMPTY and not is_cue(word)
            )
        )

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """What it says, part by part."""
        return clauses(self.text)

    @cached_property
    def figures(self) -> tuple[Figure, ...]:
        """Its figures."""
        return figures(self.text)

    @cached_property
    def drugs(self) -> frozenset[str]:
        """The drugs and drug classes it names, in the singular."""
        known = _drug_words()
        named = (general().american(token) for token in tokens(self.text))
        return frozenset(
            word.removesuffix("s")
            for word in named
            if (word in known or word.removesuffix("s") in known or _DRUG.fullmatch(word)) and word not in _NO_DRUGS
        )


@lru_cache(maxsize=50_000)
def statement(text: str) -> Statement:
    """The statement of a text, read once."""
    return Statement(text)


@dataclass(frozen=True)
class Source:
    """A passage of a reference that may carry a claim."""

    passage: Passage
    document: Document
    statement: Statement  # its lead-in and its words


class Desk:
    """The passages of one article's corpus, ready to be held against its claims."""

    def __init__(self, index: Index, entry: ArticleEntry, english: Mapping[str, int]) -> None:
        """`entry`: the article of `index` that is audited; `english`: everyday words by frequency rank, low is common."""
        self._english = english
        self._long = {short.lower(): frozenset(general().normal(long)) for short, long in entry.abbreviations}
        slug = entry.article.document_id
        self.index, self.entry = index, entry
        self.article = index.documents[slug]
        self.claims = tuple(passage for passage in index.passages if passage.document_id == slug and TITLE not in passage.flags)
        self.documents = {
            document.id: document for document in index.documents.values() if document.article == slug and document.id != slug
        }
        self.sources: dict[str, list[Source]] = {identity: [] for identity in self.documents}
        self.remarks: dict[str, list[Passage]] = {identity: [] for identity in self.documents}
        for passage in index.passages:
            if passage.document_id in self.documents:
                self._sort(passage)
        self._counts = Counter(word for rows in self.sources.values() for source in rows for word in set(map(stem, source.statement.words)))
        self._size = sum(len(rows) for rows in self.sources.values())
        self._alike: dict[tuple[str, str], float] = {}
        self._best: dict[tuple[str, tuple[str, ...] | frozenset[str]], float] = {}
        self._close: dict[str, dict[str, float]] = {}
        self._outcomes: dict[str, tuple[str, ...]] = {}

    def _sort(self, passage: Passage) -> None:
        document = self.documents[passage.document_id]
        if REMARK in passage.flags:
            self.remarks[document.id].append(passage)
        elif not (
            TITLE in passage.flags
            or _is_byline(passage, document)
            or passage.section == WHOM
            or passage.text.endswith("?")
            or _COMMENTARY.search(passage.section)
        ):
            self.sources[document.id].append(Source(passage, document, statement(self.words(passage))))

    def outcome(self, document: Document) -> tuple[str, ...]:
        """The words of what a document calls its primary outcome."""
        if document.id not in self._outcomes:
            found = (_OUTCOME.search(fold(source.statement.text)) for source in self.sources[document.id])
            self._outcomes[document.id] = next((statement(match[1] or match[2]).words for match in found if match), ())
        return self._outcomes[document.id]

    def setting(self, document: Document) -> str:
        """What a document set out to do, in whom: its title, population and objective. It carries no result."""
        asked = (passage.text for passage in self.index.passages if passage.document_id == document.id and _ASKED.search(passage.section))
        return ". ".join([document.title, document.population, *asked])

    def words(self, passage: Passage) -> str:
        """A passage with its lead-in, without in-text citation numbers."""
        lead = f"{passage.lead.of(self.index.documents[passage.document_id].text)} " if passage.lead else ""
        return f"{lead}{unmarked(passage)}"

    def frame(self, document: Document) -> str:
        """What holds for a document as a whole: its title, population and kind."""
        design = " ".join(
            source.statement.text
            for source in self.sources[document.id]
            if re.match(r"design|method", source.passage.section, re.IGNORECASE)
        )
        return f"{self.whom(document)}. {design}"

    def whom(self, document: Document) -> str:
        """What says in whom a document holds: its title and population; of one without front matter, its beginning."""
        opening = "" if document.population else document.text[body_start(document.text) :][:_OPENING]
        return f"{document.title}. {document.population} {opening}"

    def weight(self, word: str) -> float:
        """How rare a word is among the passages that may carry claims; a word that looks like a verb weighs less than a thing."""
        if self.everyday(word):
            return _EVERYDAY * math.log(1 + self._size / 3)
        part = (0.4 if word.endswith(("ed", "ing", "ly")) else 1.0) * (0.4 if stem(word) in self._subject else 1.0)
        return part * math.log(1 + self._size / (2 + max(1, self._counts.get(stem(word), 0))))

    def everyday(self, word: str) -> bool:
        """Whether a word is common English and no word of the medical lexicon."""
        return self._english.get(word, _UNCOMMON) < _UNCOMMON and word not in general().words

    def thing(self, word: str) -> bool:
        """Whether a word names a disease, an organ, a drug or a treatment."""
        return stem(word) in _THINGS or bool(_MEDICAL.fullmatch(word)) or bool(statement(word).drugs)

    def common(self, word: str) -> bool:
        """Whether a word tells nothing here: everyday English, or what the whole article is about."""
        return self.everyday(word) or stem(word) in self._subject

    def alike(self, word: str, others: Iterable[str]) -> float:
        """How far any of the other words says the same: 1 for the same stem or a synonym, else the cosine where it is close."""
        key = (word, others if isinstance(others, tuple | frozenset) else tuple(others))
        if key not in self._best:
            same = stem(word) in {stem(other) for other in key[1]}
            self._best[key] = 1.0 if same else max((self._pair(word, other) for other in key[1]), default=0.0)
        return self._best[key]

    def _pair(self, word: str, other: str) -> float:
        key = (word, other)
        if key not in self._alike:
            drugs = _drug_words()
            if _listed_together(word, other):
                cosine = 1.0
            elif word in drugs or other in drugs:
                cosine = 1.0 if _same_class(word, other) else 0.0
            elif _synonyms(word, other) or self._abbreviates(word, other) or self._abbreviates(other, word):
                cosine = 1.0
            else:
                cosine = self._cosines(word).get(other, 0.0)
            self._alike[key] = cosine if cosine >= _ALIKE else 0.0
        return self._alike[key]

    def _abbreviates(self, short: str, word: str) -> bool:
        """Whether one is an abbreviation, defined in the corpus or the lexicon, whose long form has the other."""
        return word in self._long.get(short, ()) or any(
            word in expansion.words for expansion in general().expansions((short,)) if expansion.kind == "abbreviation"
        )

    def _cosines(self, word: str) -> dict[str, float]:
        """Close words of the corpus, with their cosines."""
        if word not in self._close:
            row = self.index.resemblance([word], self._vocabulary)[0]
            self._close[word] = {self._vocabulary[at]: float(row[at]) for at in np.flatnonzero(row >= _ALIKE)}
        return self._close[word]

    @cached_property
    def _subject(self) -> frozenset[str]:
        """What the whole article is about tells its claims apart but little."""
        return frozenset(stem(word) for word in statement(self.entry.article.title).words)

    @cached_property
    def _vocabulary(self) -> tuple[str, ...]:
        return tuple({word: None for rows in self.sources.values() for source in rows for word in source.statement.words})

    def share(self, words: Sequence[str], others: Sequence[str], context: Sequence[str] = (), part: float = 0.7) -> float:
        """How much of the words, by rarity, stands among the others; what stands only in the context counts in `part`."""
        total = sum(map(self.weight, words))
        if not total:
            return 1.0
        got = sum(self.weight(word) * max(self.alike(word, others), part * self.alike(word, context)) for word in words)
        return got / total

    def cosine(self, claim: Passage, passages: Sequence[Passage]) -> list[float]:
        """Cosine of a claim to passages, from the vectors of the index."""
        matrix = self._vectors
        row = matrix[self.index.row(claim.id)]
        return [float(np.dot(row, matrix[self.index.row(passage.id)])) for passage in passages]

    @cached_property
    def _vectors(self) -> np.typing.NDArray[np.float32]:
        return self.index.vectors()


def _is_byline(passage: Passage, document: Document) -> bool:
    """Whether a passage is the head of a plain text: its title, or its authors and journal."""
    head = passage.text.strip().rstrip(".")
    return not document.population and (head == document.title or bool(_BYLINE.search(passage.text) and len(passage.text) < _OPENING))


_NO_DRUGS = (
    STOPWORDS
    | _EMPTY
    | {
        "combination",
        "inhibitor",
        "inhibitors",
        "antagonist",
        "antagonists",
        "blocker",
        "blockers",
        "agonist",
        "agonists",
        "acid",
        "oral",
        "placebo",
        "psychedelics",
        "herpes",
        "toxins",
        "ligands",
        "vitamins",
        "inducers",
        "relaxants",
        "stabilizers",
        "stimulants",
    }
)
_STEMMED = tuple(
    frozenset(stem(word) for word in line.split()) for line in (Path(__file__).parent / "same.txt").read_text(encoding="utf-8").splitlines()
)


@cache
def _drug_words() -> frozenset[str]:
    """Drugs and the last words of their classes: "antidepressants", "opioids"."""
    classes = {name[-1] for name in general().classes if len(name[-1]) > 4}
    short = {
        expansion.words[0]
        for name in general().classes
        for expansion in general().expansions(name)
        if expansion.kind == "abbreviation" and len(expansion.words) == 1 and len(expansion.words[0]) > 2
    }
    return frozenset(general().drugs | classes | short) - _NO_DRUGS


def _listed_together(word: str, other: str) -> bool:
    first, second = stem(word), stem(other)
    return any(first in group and second in group for group in _STEMMED)


def _synonyms(word: str, other: str) -> bool:
    return any(expansion.words == (other,) and expansion.kind in {"synonym", "abbreviation"} for expansion in general().expansions((word,)))


def _same_class(word: str, other: str) -> bool:
    """Whether one names the class of the other, or a brand of it."""
    if word.removesuffix("s") == other.removesuffix("s"):
        return True
    kinds = {"class", "member", "brand", "synonym", "abbreviation"}
    for first, second in ((word, other), (other, word)):
        for form in (first, first.removesuffix("s")):
            found = [expansion.words for expansion in general().expansions((form,)) if expansion.kind in kinds]
            if any(
                second.removesuffix("s") in {part.removesuffix("s") for part in words if part in general().drugs or part == words[-1]}
                for words in found
            ):
                return True
    return False
