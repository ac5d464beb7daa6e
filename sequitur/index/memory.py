"""An opened index in memory."""

from __future__ import annotations

import hashlib
import re
import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sequitur.analysis import stems
from sequitur.errors import StoreError
from sequitur.index.interaction import Interaction, Met
from sequitur.index.judged import Judged
from sequitur.particulars import Particular, showing
from sequitur.ports import Vectors
from sequitur.postings import Postings
from sequitur.schema import TITLE, Article, Document, LedgerEntry, Passage, short_name
from sequitur.text import tokens

_NOTE_MARK = re.compile(
    r"^not page-checked:\s*|,?(?<!\s)\s*\(?(?:[\w ]{1,60} )?not page-checked\)?(?=[,.;:)]|$)|,?(?<!\s)\s*\bto our recollection\b",
    re.IGNORECASE,
)
_DESIGNS = {
    "rct": "Randomised controlled trial",
    "cohort": "Cohort study",
    "case-series": "Case series, case report",
    "meta-analysis": "Meta-analysis, systematic review of trials",
    "systematic-review": "Systematic review",
    "guideline": "Guideline, consensus recommendations",
    "review": "Narrative review",
}


@dataclass(frozen=True)
class ArticleEntry:
    """An article as parsed, what its numbers stand for, and the abbreviations its corpus defines."""

    article: Article
    ledger: tuple[LedgerEntry, ...]
    abbreviations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Contents:
    """What a generation holds besides its search structures."""

    manifest: Mapping[str, Any]
    documents: Sequence[Document]
    passages: Sequence[Passage]
    articles: Sequence[ArticleEntry]
    words: Sequence[str]  # content words of the corpus


class Index:
    """One opened generation, in memory, immutable."""

    def __init__(
        self, contents: Contents, vectors: Vectors, word_vectors: Vectors, lexical: Postings, interaction: Interaction, judged: Judged
    ) -> None:
        """Use `open_index` instead. `word_vectors`: of the content words, shape (words, dimension)."""
        self.manifest = contents.manifest
        self.documents = types.MappingProxyType({document.id: document for document in contents.documents})
        self.passages = tuple(contents.passages)
        self.by_id = types.MappingProxyType({passage.id: passage for passage in self.passages})
        self._rows = {passage.id: row for row, passage in enumerate(self.passages)}
        self.articles = tuple(contents.articles)
        self._vectors = vectors
        self._lexical, self.interaction, self.judged = lexical, interaction, judged
        self._words, self.word_vectors = contents.words, word_vectors
        self._word_rows = {word: row for row, word in enumerate(contents.words)}
        self._words_of: dict[int, NDArray[np.intp]] = {}
        self._own_stems: dict[int, frozenset[str]] = {}
        self._showing: dict[str, frozenset[int]] = {}

    @property
    def generation(self) -> str:
        """Name of the generation."""
        return str(self.manifest["generation"])

    def words_of(self, row: int) -> NDArray[np.intp]:
        """Which content words stand in a passage and in its lead-in, as rows of `word_vectors`."""
        if row not in self._words_of:
            text = self.texts[row].partition(": ")[2] or self.texts[row]
            self._words_of[row] = np.array([self._word_rows[word] for word in set(tokens(text)) if word in self._word_rows], dtype=np.intp)
        return self._words_of[row]

    def about(self, slug: str) -> Index:
        """This index as if the article `slug` and its own references were all there is: nothing of another article can be found, cited or counted."""
        if {document.article for document in self.documents.values()} == {slug}:
            return self
        if not any(document.article == slug for document in self.documents.values()):
            message = f"there is no article {slug!r} in the index"
            raise StoreError(message)
        own = {document.id for document in self.documents.values() if document.article == slug}
        rows = [row for row, passage in enumerate(self.passages) if passage.document_id in own]
        passages = [_local(self.passages[row], slug) for row in rows]
        documents = [
            replace(self.documents[identity], id=identity.removeprefix(f"{slug}/")) for identity in self.documents if identity in own
        ]
        articles = [_local_entry(entry, slug) for entry in self.articles if entry.article.document_id == slug]
        used = {word for passage in passages for word in tokens(passage.text)}
        word_rows = [row for row, word in enumerate(self._words) if word in used]
        contents = Contents(self.manifest, documents, passages, articles, [self._words[row] for row in word_rows])
        postings, interaction = lexical([self.texts[row] for row in rows]), self.interaction.of_rows(rows)
        return Index(contents, self._vectors[rows], self.word_vectors[word_rows], postings, interaction, self.judged.of_rows(rows))

    def near(self, vectors: Vectors, at_least: float, k: int = 3) -> tuple[tuple[tuple[str, float], ...], ...]:
        """For each vector of shape (n, dimension) up to k words of the corpus whose vectors are that close to it, best first, with cosines."""
        cosines = vectors @ self.word_vectors.T
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        return tuple(
            tuple((self._words[row], float(own[row])) for row in rows if own[row] >= at_least)
            for own, rows in zip(cosines, best, strict=True)
        )

    def resemblance(self, words: Sequence[str], others: Sequence[str]) -> Vectors:
        """Cosine of each word to each of the others, shape (words, others); 0 for a word that is none of the corpus's content words."""
        found = np.zeros((len(words), len(others)), dtype=np.float32)
        here = [(at, self._word_rows[word]) for at, word in enumerate(words) if word in self._word_rows]
        there = [(at, self._word_rows[word]) for at, word in enumerate(others) if word in self._word_rows]
        if here and there:
            cosines = self.word_vectors[[row for _, row in here]] @ self.word_vectors[[row for _, row in there]].T
            found[np.ix_([at for at, _ in here], [at for at, _ in there])] = cosines
        return found

    def row(self, passage_id: str) -> int:
        """Where a passage stands."""
        return self._rows[passage_id]

    def vectors(self) -> Vectors:
        """The vectors of all passages, shape (passages, dimension)."""
        return self._vectors

    def dense(self, queries: Vectors) -> Vectors:
        """Cosine of every query to every passage, shape (queries, passages). Exact: all are wanted, so a search for the best would sort in vain."""
        return np.asarray(queries @ self._vectors.T, dtype=np.float32)

    def late(self, question: Vectors, rows: Sequence[int]) -> Met:
        """How well each of the passages meets a question token by token; zeros where there are no token vectors."""
        return self.interaction.met(question, rows)

    def bm25(self, terms: Mapping[str, float]) -> Vectors:
        """BM25 scores of every passage for weighted stems, shape (passages,)."""
        return self._lexical.scores(terms)

    @cached_property
    def stems(self) -> tuple[frozenset[str], ...]:
        """The stems of each passage with its place and lead-in, as they are searched."""
        return tuple(self._lexical.texts())

    def having(self, terms: Collection[str]) -> frozenset[int]:
        """The passages that have any of the stems, place and lead-in included."""
        return frozenset(row for term in terms for row in self._lexical.rows(term).tolist())

    def own_stems(self, row: int) -> frozenset[str]:
        """The stems of a passage's own words."""
        if row not in self._own_stems:
            self._own_stems[row] = frozenset(stems(_said(self.passages[row])))
        return self._own_stems[row]

    def showing(self, particular: Particular) -> frozenset[int]:
        """The passages that show a particular in their words, lead-in or heading; a document's title line with whom it is about counts."""
        if particular.name not in self._showing:
            self._showing[particular.name] = showing(particular, self._shown)
        return self._showing[particular.name]

    @cached_property
    def _shown(self) -> tuple[str, ...]:
        """What may show a particular: the passages without the names of their documents, whose years are no figures."""
        return tuple(
            text if TITLE in passage.flags else f"{passage.section}: {text.partition(': ')[2]}"
            for text, passage in zip(self.texts, self.passages, strict=True)
        )

    @cached_property
    def titles(self) -> NDArray[np.intp]:
        """For each passage, the row of its document's title passage; its own row where there is none."""
        rows = {passage.document_id: row for row, passage in enumerate(self.passages) if TITLE in passage.flags}
        return np.array([rows.get(passage.document_id, row) for row, passage in enumerate(self.passages)], dtype=np.intp)

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """For each passage the number of its group: a reference as a whole, or a section of an article."""
        numbers: dict[tuple[str, str], int] = {}
        found = []
        for passage in self.passages:
            is_article = self.documents[passage.document_id].kind == "article"
            found.append(numbers.setdefault((passage.document_id, passage.section if is_article else ""), len(numbers)))
        return np.array(found, dtype=np.intp)

    @cached_property
    def group_stems(self) -> tuple[frozenset[str], ...]:
        """The stems of each group as a whole."""
        found: list[set[str]] = [set() for _ in range(int(self.groups.max()) + 1)]
        for group, own in zip(self.groups, self.stems, strict=True):
            found[group].update(own)
        return tuple(frozenset(own) for own in found)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What was indexed for each passage: its place and lead-in before its words."""
        return tuple(index_text(self.documents[passage.document_id], passage) for passage in self.passages)

    @cached_property
    def frequency(self) -> Mapping[str, int]:
        """In how many passages each stem stands."""
        return self._lexical.frequency


def lexical(texts: Sequence[str]) -> Postings:
    """BM25 over the stems of texts."""
    return Postings.of([stems(text) for text in texts])


def text_key(text: str) -> bytes:
    """What a vector is filed under: the sha256 of the text it was made of."""
    return hashlib.sha256(text.encode()).digest()


def _local(passage: Passage, slug: str) -> Passage:
    """A passage under the ids its own article knows: `gout/doe2019` is `doe2019` there."""
    if not any(identity.startswith(f"{slug}/") for identity in (passage.id, *passage.supports)):
        return passage
    identity, document_id, *supports = (name.removeprefix(f"{slug}/") for name in (passage.id, passage.document_id, *passage.supports))
    return replace(passage, id=identity, document_id=document_id, supports=tuple(supports))


def _local_entry(entry: ArticleEntry, slug: str) -> ArticleEntry:
    ledger = tuple(
        replace(line, document_ids=tuple(identity.removeprefix(f"{slug}/") for identity in line.document_ids)) for line in entry.ledger
    )
    return replace(entry, ledger=ledger)


def index_text(document: Document, passage: Passage) -> str:
    """What is embedded and searched for a passage: its place ("Pickering 2020 > Safety") and lead-in stand before its words."""
    if TITLE in passage.flags:
        return f"{short_name(document)}: {document.title}. {_DESIGNS.get(document.kind, document.kind)}. {document.population} {document.journal}"
    lead = f"{passage.lead.of(document.text)} " if passage.lead else ""
    place = passage.section if document.kind == "article" else f"{short_name(document)} > {passage.section}"
    return f"{place}: {lead}{_said(passage)}"


def _said(passage: Passage) -> str:
    """The words that are searched: without a note's own mark that a line was not checked, which says nothing of its subject."""
    return _NOTE_MARK.sub("", unmarked(passage))


def unmarked(passage: Passage) -> str:
    """The words of a passage without the in-text citation numbers inside it."""
    content = passage.text
    for mark in reversed(passage.marks):
        content = content[: mark.start - passage.span.start].rstrip() + content[mark.end - passage.span.start :]
    return content
