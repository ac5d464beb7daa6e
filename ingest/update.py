"""A corpus as read → a new generation in force: vectors, links between claims and their references, words, and the swap."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.corpus import Corpus, read_corpus
from ingest.questions import Vectorized, on_passages, passage_digest
from ingest.reading import Readings
from ingest.references import link_supports
from ingest.state import described
from ingest.vectors import Known, Maker, Progress, clear_journals, open_journal
from sequitur.adapters.embedders import open_embedder
from sequitur.analysis import STOPWORDS
from sequitur.errors import ModelError
from sequitur.generations import current_generation, read_manifest
from sequitur.index import Contents, Question, index_text, write_generation
from sequitur.ports import Vectors
from sequitur.schema import Passage
from sequitur.settings import Settings
from sequitur.text import tokens

_MOST_WORDS = 50_000


def build(folder: Path, settings: Settings, progress: Progress | None) -> tuple[dict[str, Any], int]:
    """Build a generation, put it in force, and return its manifest and how many passages were embedded. The caller holds the writer's lock.

    The digests are taken before anything is read: a file that changes meanwhile differs from them at the next run.
    """
    embedder = open_embedder(settings.embedder, settings.models)
    manifest = described(settings)
    if manifest is None:
        message = f"the embedding model {settings.embedder!r} was exported but its card cannot be read: delete {settings.models}"
        raise ModelError(message)
    readings = Readings(folder / "read")
    corpus = read_corpus(settings.corpus, _step(progress, "reading files"), readings.read)
    manifest |= {
        "corpus": str(settings.corpus.resolve()),
        "sources": {document.path: document.sha256 for document in corpus.documents},
        "rejected": [dataclasses.asdict(entry) for entry in corpus.rejected],
        "notes": [{"file": document.path, "reason": note} for document in corpus.documents for note in document.notes],
        "passages": len(corpus.passages),
    }
    by_id = {document.id: document for document in corpus.documents}
    with open_journal(folder, embedder) as journal:
        maker = Maker(embedder, Known(folder, embedder.fingerprint, journal), journal, progress)
        texts = [index_text(by_id[passage.document_id], passage) for passage in corpus.passages]
        vectors, interaction, embedded = maker.passages(texts, "embedding passages")
        words = _words(corpus.passages)
        word_vectors = maker.words(words, "embedding words")
    judged = Vectorized(embedder, settings.models).judged(_questions(corpus, texts), len(texts))
    del maker, texts
    passages = _with_supports(corpus, vectors)
    write_generation(
        folder, Contents(manifest, corpus.documents, passages, corpus.articles, words), vectors, word_vectors, interaction, judged
    )
    clear_journals(folder)
    readings.clear()
    generation = current_generation(folder)
    return read_manifest(generation) if generation else manifest, embedded


def _questions(corpus: Corpus, texts: Sequence[str]) -> list[Question]:
    """The judged questions of every article over its own passages."""
    owner = {document.id: document.article for document in corpus.documents}
    found: list[Question] = []
    for slug, rows in corpus.questions.items():
        own = [row for row, passage in enumerate(corpus.passages) if owner[passage.document_id] == slug]
        digests: dict[str, list[int]] = defaultdict(list)
        for row in own:
            digests[passage_digest(texts[row])].append(row)
        found += on_passages(rows, digests, own[0])
    return found


def _step(progress: Progress | None, what: str) -> Any:  # noqa: ANN401
    return (lambda done, total: progress(what, done, total)) if progress else None


def _words(passages: Sequence[Passage]) -> list[str]:
    """The content words of the corpus, to find what it calls a thing that a question names otherwise; short ones first, so that little is padded."""
    counts = Counter(token for passage in passages for token in tokens(passage.text))
    known = sorted(word for word in counts if word.isalpha() and len(word) > 2 and word not in STOPWORDS)
    return sorted(known[:_MOST_WORDS], key=len)


class _Cosines(Mapping[tuple[str, str], float]):
    """Cosines of claims to passages by their ids, each computed when it is asked for: the whole table of a large corpus would not fit in memory."""

    def __init__(self, rows: Mapping[str, int], vectors: Vectors) -> None:
        self._rows, self._vectors = rows, vectors

    def __getitem__(self, pair: tuple[str, str]) -> float:
        one, other = self._rows[pair[0]], self._rows[pair[1]]
        return float(self._vectors[one] @ self._vectors[other])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((one, other) for one in self._rows for other in self._rows)

    def __len__(self) -> int:
        return len(self._rows) ** 2


def _with_supports(corpus: Corpus, vectors: Vectors) -> tuple[Passage, ...]:
    """The passages, each claim of an article linked to the passages of the cited references that carry it."""
    supports: dict[str, tuple[str, ...]] = {}
    place = {document.id: document.article for document in corpus.documents}
    cosines = _Cosines({passage.id: row for row, passage in enumerate(corpus.passages)}, vectors)
    for entry in corpus.articles:
        slug = entry.article.document_id
        supports |= link_supports([passage for passage in corpus.passages if place[passage.document_id] == slug], entry.ledger, cosines)
    return tuple(
        dataclasses.replace(passage, supports=supports[passage.id]) if passage.id in supports else passage for passage in corpus.passages
    )
