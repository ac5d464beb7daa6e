"""Corpus folder → index generation. Only new or changed passages are embedded; a bad file is rejected by name and the rest goes on."""

from __future__ import annotations

import fcntl
import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ingest.article import parse_article
from ingest.bibliography import completed, read_bibliographies
from ingest.chunk import VERSION, article_passages, reference_passages
from ingest.formats import BIBLIOGRAPHY, expected_kind
from ingest.readers import ARTICLE_NAMES, read_article, read_reference
from ingest.references import build_ledger, link_supports
from sequitur.adapters.embedders import open_embedder
from sequitur.analysis import STOPWORDS
from sequitur.errors import CorpusError, StoreError
from sequitur.index import ArticleEntry, Contents, Index, current_generation, index_text, read_generation, read_manifest, write_generation
from sequitur.lexicon import digest as lexicon_digest
from sequitur.ports import Embedder, Vectors
from sequitur.schema import TITLE, Document, Passage
from sequitur.settings import Settings
from sequitur.text import tokens

_MOST_WORDS = 50_000


@dataclass(frozen=True)
class Rejected:
    """A file that could not be read, and why; or one that was, and what of it was left out or mended."""

    file: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What one run of ingestion did. `added`, `changed`, `removed` and `unchanged` count documents."""

    documents: int
    passages: int
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int
    rejected: tuple[Rejected, ...]
    seconds: float
    index: str
    notes: tuple[Rejected, ...] = ()


@dataclass(frozen=True)
class _Corpus:
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    articles: tuple[ArticleEntry, ...]
    rejected: tuple[Rejected, ...]


def build_index(settings: Settings, progress: Callable[[int, int], None] | None = None) -> Report:
    """Bring the index up to date with the corpus folder. `progress(done, total)` counts embedded passages.

    Raises:
        CorpusError: the folder is missing, or nothing in it can be read; the index in force stays.
        StoreError: another process is writing, or the disk refused.
    """
    started = time.monotonic()
    if "://" in settings.index:
        message = f"the index location {settings.index!r} is not a folder; only local indexes can be written"
        raise StoreError(message)
    corpus = _read_corpus(settings.corpus)
    folder = Path(settings.index)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _writer_lock(folder):
            embedder = open_embedder(settings.embedder, settings.models)
            return _update(folder, corpus, embedder, settings, started, progress)
    except OSError as error:
        message = f"the index in {folder} cannot be written ({error.strerror}); the one in force is untouched"
        raise StoreError(message) from error


def _update(
    folder: Path, corpus: _Corpus, embedder: Embedder, settings: Settings, started: float, progress: Callable[[int, int], None] | None
) -> Report:
    previous = _previous(folder)
    manifest: dict[str, Any] = {
        "embedder": {"name": settings.embedder, "fingerprint": embedder.fingerprint, "dimension": embedder.dimension},
        "chunker": VERSION,
        "lexicon": lexicon_digest(),
        "sources": {document.path: document.sha256 for document in corpus.documents},
        "known": _key(repr([replace(document, text="") for document in corpus.documents])),
    }
    before = dict(previous.manifest["sources"]) if previous else {}
    now = manifest["sources"]
    same = previous is not None and all(previous.manifest.get(key) == value for key, value in manifest.items())
    embedded = 0
    if not same:
        vectors, embedded = _vectors(corpus, embedder, previous, progress)
        passages = _with_supports(corpus, vectors)
        words, word_vectors = _words(passages, embedder)
        write_generation(folder, Contents(manifest, corpus.documents, passages, corpus.articles, words), vectors, word_vectors)
    return Report(
        documents=len(corpus.documents),
        passages=len(corpus.passages),
        added=len(now.keys() - before.keys()),
        changed=sum(path in before and before[path] != digest for path, digest in now.items()),
        removed=len(before.keys() - now.keys()),
        unchanged=sum(before.get(path) == digest for path, digest in now.items()),
        embedded=embedded,
        rejected=corpus.rejected,
        seconds=round(time.monotonic() - started, 3),
        index=str(folder),
        notes=tuple(Rejected(document.path, note) for document in corpus.documents for note in document.notes),
    )


def corpus_sources(folder: Path) -> Mapping[str, str]:
    """The sha256 of the stored text of every readable document of a corpus, by path."""
    return {document.path: document.sha256 for document in _read_corpus(folder).documents}


def _previous(folder: Path) -> Index | None:
    """The generation in force, if it can be read: a damaged one is simply built anew."""
    try:
        generation = current_generation(folder)
        return read_generation(generation) if generation and read_manifest(generation) else None
    except StoreError:
        return None


@contextmanager
def _writer_lock(folder: Path) -> Iterator[None]:
    """One writer at a time; the kernel lets go of the lock when its holder dies."""
    with (folder / "writer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another process is writing the index in {folder}: try again when it is done"
            raise StoreError(message) from error
        yield


def _read_corpus(folder: Path) -> _Corpus:
    if not folder.is_dir():
        message = f"there is no corpus folder {folder}"
        raise CorpusError(message)
    documents: list[Document] = []
    passages: list[Passage] = []
    articles: list[ArticleEntry] = []
    rejected: list[Rejected] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        found, cut, article = _read_folder(place, {document.id for document in documents}, rejected, folder)
        documents.extend(found)
        passages.extend(cut)
        articles.extend([article] if article else [])
    if not passages:
        reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in rejected[:3])
        message = f"nothing in {folder} can be read{f' ({reasons})' if reasons else ': it holds no <article>/article.txt'}"
        raise CorpusError(message)
    return _Corpus(tuple(documents), tuple(passages), tuple(articles), tuple(rejected))


def _read_folder(
    place: Path, taken: set[str], rejected: list[Rejected], root: Path
) -> tuple[list[Document], list[Passage], ArticleEntry | None]:
    """One article folder. Without a readable article its references are indexed all the same, and the gap is named."""
    slug = place.name

    def reject(path: Path, reason: str) -> None:
        rejected.append(Rejected(str(path.relative_to(root)), reason))

    references = _read_references(place, taken, reject)
    cut = [passage for document in references for passage in reference_passages(document)]
    page = next((place / name for name in ARTICLE_NAMES if (place / name).exists()), None)
    if page is None:
        reject(place, f"no article ({' or '.join(ARTICLE_NAMES)}); its references are indexed alone")
        return references, cut, None
    try:
        document = read_article(page, slug)
        article = parse_article(slug, document.text)
        claims = list(article_passages(document, article))
        if all(TITLE in claim.flags for claim in claims):
            reject(page, "no section with text was found")
            return references, cut, None
    except CorpusError as error:
        reject(page, str(error))
        return references, cut, None
    ledger = build_ledger(article, references, claims)
    return [document, *references], [*claims, *cut], ArticleEntry(article, ledger, _defined([document, *references]))


def _read_references(place: Path, taken: set[str], reject: Callable[[Path, str], None]) -> list[Document]:
    """The references of an article folder, completed by its bibliographies; one text stands once."""
    slug, folder = place.name, place / "references"
    found: list[Document] = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.name.startswith(".") or path.suffix.lower() in BIBLIOGRAPHY:
            continue
        try:
            document = read_reference(path, slug)
            twin = next((reference for reference in found if reference.sha256 == document.sha256), None)
            if twin:
                reject(path, f"the same text as {Path(twin.path).name}")
            else:
                found.append(_told_apart(document, path, taken | {reference.id for reference in found} | {slug}))
        except CorpusError as error:
            reject(path, str(error))
    entries, problems = read_bibliographies(folder)
    for path, reason in problems:
        reject(path, reason)
    return [completed(document, entries) for document in found]


def _told_apart(document: Document, path: Path, taken: set[str]) -> Document:
    """The document under an id of its own: one known by its file's name alone gives way with its ending ("kim2013-pdf").

    Raises:
        CorpusError: the id that it states, or both, are taken.
    """
    if document.id in taken and expected_kind(path.suffix) != "text":
        document = replace(document, id=f"{document.id}-{path.suffix.lower().lstrip('.')}")
    if document.id in taken:
        message = f"the id {document.id!r} is taken by another document"
        raise CorpusError(message)
    return document


def _defined(documents: Sequence[Document]) -> tuple[tuple[str, str], ...]:
    """Abbreviations that the texts define as "long form (SHORT)", after Schwartz and Hearst (2003): the letters must stand in order."""
    found: dict[str, str] = {}
    for document in documents:
        for match in re.finditer(r"((?:[\w/-]+,? ){1,8}[\w/-]+) \(([A-Z][A-Za-z]{1,7})\)", document.text):
            before, short = match[1].split(), match[2]
            for size in range(1, min(len(before), len(short) + 3) + 1):
                words = before[-size:]
                initials = "".join(part[0] for word in words for part in re.split(r"[-/]", word) if part).lower()
                wanted = short.lower()
                if words[0][0].lower() == wanted[0] and _in_order(wanted, initials):
                    found.setdefault(short, " ".join(words).strip(",").replace(",", "").lower())
                    break
    return tuple(sorted(found.items()))


def _in_order(wanted: str, letters: str) -> bool:
    remaining = iter(letters)
    return all(letter in remaining for letter in wanted)


def _vectors(
    corpus: _Corpus, embedder: Embedder, previous: Index | None, progress: Callable[[int, int], None] | None
) -> tuple[Vectors, int]:
    """Vectors of all passages, in order, and how many had to be embedded."""
    known: dict[str, Any] = {}
    if previous and previous.manifest["embedder"]["fingerprint"] == embedder.fingerprint:
        stored = previous.vectors()
        known = {_key(text): stored[row] for row, text in enumerate(previous.texts)}
    by_id = {document.id: document for document in corpus.documents}
    texts = [index_text(by_id[passage.document_id], passage) for passage in corpus.passages]
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    missing = []
    for row, text in enumerate(texts):
        if (vector := known.get(_key(text))) is None:
            missing.append(row)
        else:
            vectors[row] = vector
    for start in range(0, len(missing), 256):
        rows = missing[start : start + 256]
        vectors[rows] = embedder.embed([texts[row] for row in rows])
        if progress:
            progress(start + len(rows), len(missing))
    return vectors, len(missing)


def _words(passages: Sequence[Passage], embedder: Embedder) -> tuple[list[str], Vectors]:
    """The content words of the corpus with their vectors, to find what it calls a thing that a question names otherwise."""
    counts = Counter(token for passage in passages for token in tokens(passage.text))
    known = sorted(word for word in counts if word.isalpha() and len(word) > 2 and word not in STOPWORDS)[:_MOST_WORDS]
    return known, embedder.embed(known)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _with_supports(corpus: _Corpus, vectors: Vectors) -> tuple[Passage, ...]:
    """The passages, each claim of an article linked to the passages of the cited references that carry it."""
    supports: dict[str, tuple[str, ...]] = {}
    for entry in corpus.articles:
        slug = entry.article.document_id
        own = {document.id for document in corpus.documents if document.article == slug}
        rows = [row for row, passage in enumerate(corpus.passages) if passage.document_id in own]
        claims = [row for row in rows if corpus.passages[row].document_id == slug and corpus.passages[row].citations]
        cosines = vectors[claims] @ vectors[rows].T if claims else np.zeros((0, len(rows)), dtype=np.float32)
        similarity = {
            (corpus.passages[claim].id, corpus.passages[row].id): float(cosines[number, column])
            for number, claim in enumerate(claims)
            for column, row in enumerate(rows)
        }
        supports |= link_supports([corpus.passages[row] for row in rows], entry.ledger, similarity)
    return tuple(replace(passage, supports=supports.get(passage.id, ())) for passage in corpus.passages)
