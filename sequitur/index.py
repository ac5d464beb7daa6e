"""The index of a corpus: vectors (FAISS), BM25, passages and documents in one immutable generation on disk.

    <index>/CURRENT                     name of the generation in force
    <index>/generations/<name>/         manifest.json, documents.jsonl, passages.jsonl, articles.json, vectors.faiss, bm25/

A generation is written aside, synced and checked before CURRENT is renamed over; readers keep the one they opened. Every file's sha256 stands
in the manifest and is checked before anything is parsed, for FAISS itself accepts most damaged files. Nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray

from sequitur.analysis import stems
from sequitur.errors import StoreError
from sequitur.jsonvalue import from_json
from sequitur.ports import Vectors
from sequitur.schema import TITLE, Article, Document, LedgerEntry, Passage, short_name
from sequitur.text import tokens

FORMAT = 1
_DESIGNS = {
    "rct": "Randomised controlled trial",
    "cohort": "Cohort study",
    "case-series": "Case series, case report",
    "meta-analysis": "Meta-analysis, systematic review of trials",
    "systematic-review": "Systematic review",
    "guideline": "Guideline, consensus recommendations",
    "review": "Narrative review",
}
_KEPT = 2  # generations that stay on disk: the one in force and the last good one before it
_FILES = ("documents.jsonl", "passages.jsonl", "articles.json", "vectors.faiss", "words.json", "words.faiss")
_BM25 = ("data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy", "vocab.index.json", "params.index.json")


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

    def __init__(self, contents: Contents, vectors: faiss.Index, word_vectors: faiss.Index, bm25: bm25s.BM25) -> None:
        """Use `open_index` instead."""
        self.manifest = contents.manifest
        self.documents = types.MappingProxyType({document.id: document for document in contents.documents})
        self.passages = tuple(contents.passages)
        self.by_id = types.MappingProxyType({passage.id: passage for passage in self.passages})
        self._rows = {passage.id: row for row, passage in enumerate(self.passages)}
        self.articles = tuple(contents.articles)
        self._vectors = vectors
        self._bm25 = bm25
        self._words, self._word_vectors = contents.words, word_vectors
        self._word_rows = {word: row for row, word in enumerate(contents.words)}
        self._words_of: dict[int, NDArray[np.intp]] = {}

    @property
    def generation(self) -> str:
        """Name of the generation."""
        return str(self.manifest["generation"])

    @cached_property
    def word_vectors(self) -> Vectors:
        """Vectors of the corpus's content words, shape (words, dimension)."""
        return np.asarray(self._word_vectors.reconstruct_n(0, len(self._words)), dtype=np.float32)

    def words_of(self, row: int) -> NDArray[np.intp]:
        """Which content words stand in a passage and in its lead-in, as rows of `word_vectors`."""
        if row not in self._words_of:
            text = self.texts[row].partition(": ")[2] or self.texts[row]
            self._words_of[row] = np.array([self._word_rows[word] for word in set(tokens(text)) if word in self._word_rows], dtype=np.intp)
        return self._words_of[row]

    def near(self, vector: Vectors, at_least: float, k: int = 3) -> tuple[tuple[str, float], ...]:
        """Words of the corpus whose vectors are that close to a vector of shape (1, dimension), best first."""
        scores, rows = self._word_vectors.search(vector, min(k, len(self._words)))
        return tuple((self._words[row], float(score)) for score, row in zip(scores[0], rows[0], strict=True) if score >= at_least)

    def row(self, passage_id: str) -> int:
        """Where a passage stands."""
        return self._rows[passage_id]

    def vectors(self) -> Vectors:
        """The vectors of all passages, shape (passages, dimension)."""
        return np.asarray(self._vectors.reconstruct_n(0, len(self.passages)), dtype=np.float32)

    def dense(self, queries: Vectors) -> Vectors:
        """Cosine of every query to every passage, shape (queries, passages). Exact."""
        count = len(self.passages)
        scores, rows = self._vectors.search(queries, count)
        ordered: Vectors = np.empty_like(scores)
        np.put_along_axis(ordered, rows, scores, axis=1)
        return ordered

    def bm25(self, terms: Mapping[str, float]) -> Vectors:
        """BM25 scores of every passage for weighted stems, shape (passages,)."""
        total = np.zeros(len(self.passages), dtype=np.float32)
        by_weight: dict[float, list[str]] = {}
        for term, weight in terms.items():
            if term in self._bm25.vocab_dict:
                by_weight.setdefault(weight, []).append(term)
        for weight, known in by_weight.items():
            total += weight * self._bm25.get_scores(known)
        return total

    @cached_property
    def stems(self) -> tuple[frozenset[str], ...]:
        """The stems of each passage with its place and lead-in, as they are searched."""
        return tuple(frozenset(stems(text)) for text in self.texts)

    @cached_property
    def own_stems(self) -> tuple[frozenset[str], ...]:
        """The stems of each passage's own words; of a list item without a verb of its own, with its lead-in."""
        return tuple(frozenset(stems(unmarked(passage))) for passage in self.passages)

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
        counts: dict[str, int] = {}
        for passage in self.stems:
            for term in passage:
                counts[term] = counts.get(term, 0) + 1
        return counts


def index_text(document: Document, passage: Passage) -> str:
    """What is embedded and searched for a passage: its place ("Pickering 2020 > Safety") and lead-in stand before its words."""
    if TITLE in passage.flags:
        return f"{short_name(document)}: {document.title}. {_DESIGNS.get(document.kind, document.kind)}. {document.population} {document.journal}"
    lead = f"{passage.lead.of(document.text)} " if passage.lead else ""
    place = passage.section if document.kind == "article" else f"{short_name(document)} > {passage.section}"
    return f"{place}: {lead}{unmarked(passage)}"


def unmarked(passage: Passage) -> str:
    """The words of a passage without the in-text citation numbers inside it."""
    content = passage.text
    for mark in reversed(passage.marks):
        content = content[: mark.start - passage.span.start].rstrip() + content[mark.end - passage.span.start :]
    return content


# --- writing -------------------------------------------------------------------------------------------------------------


def write_generation(folder: Path, contents: Contents, vectors: Vectors, word_vectors: Vectors) -> str:
    """Write a generation aside, check it by opening it, and put it in force with one rename. Returns its name.

    The caller holds the writer's lock. Whatever goes wrong before the rename leaves the generation in force untouched.
    """
    generations = folder / "generations"
    generations.mkdir(parents=True, exist_ok=True)
    for orphan in generations.glob("aside-*"):
        shutil.rmtree(orphan, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix="aside-", dir=generations))
    number = max([int(path.name.split("-")[0]) for path in _generations(folder)], default=0) + 1
    try:
        _write_jsonl(aside / "documents.jsonl", contents.documents)
        _write_jsonl(aside / "passages.jsonl", contents.passages)
        _write_text(aside / "articles.json", json.dumps([dataclasses.asdict(entry) for entry in contents.articles], ensure_ascii=False))
        _write_vectors(aside / "vectors.faiss", vectors)
        _write_text(aside / "words.json", json.dumps(list(contents.words), ensure_ascii=False))
        _write_vectors(aside / "words.faiss", word_vectors)
        by_id = {document.id: document for document in contents.documents}
        _write_bm25(aside / "bm25", [index_text(by_id[passage.document_id], passage) for passage in contents.passages])
        files = {name: _entry(aside / name) for name in (*_FILES, *(f"bm25/{part}" for part in _BM25))}
        digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
        name = f"{number:06d}-{digest[:12]}"
        whole = {"format": FORMAT, "generation": name, **contents.manifest, "files": files}
        _write_text(aside / "manifest.json", json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False))
        for path in [*aside.rglob("*"), aside]:
            _sync(path)
        read_generation(aside)
        aside.rename(generations / name)
        _sync(generations)
        _point(folder, name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for old in sorted(_generations(folder))[:-_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return name


def _generations(folder: Path) -> list[Path]:
    return [path for path in (folder / "generations").glob("[0-9]*-*") if path.is_dir()]


def _point(folder: Path, name: str) -> None:
    digest = _entry(folder / "generations" / name / "manifest.json")["sha256"]
    _write_text(folder / "CURRENT.new", f"{name} {digest}")
    _sync(folder / "CURRENT.new")
    (folder / "CURRENT.new").replace(folder / "CURRENT")
    _sync(folder)


def _write_vectors(path: Path, vectors: Vectors) -> None:
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors))
    faiss.write_index(flat, str(path))


def _write_bm25(folder: Path, texts: Sequence[str]) -> None:
    retriever = bm25s.BM25(k1=1.2, b=0.75)
    retriever.index([stems(text) for text in texts], show_progress=False)
    retriever.save(str(folder), show_progress=False)


def _write_jsonl(path: Path, values: Sequence[Any]) -> None:
    _write_text(path, "".join(json.dumps(dataclasses.asdict(value), ensure_ascii=False) + "\n" for value in values))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _entry(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- reading -------------------------------------------------------------------------------------------------------------


def current_generation(folder: Path) -> Path | None:
    """The folder of the generation in force, or None when there is none.

    Raises:
        StoreError: the pointer names something that is not there.
    """
    pointer = folder / "CURRENT"
    if not pointer.is_file():
        return None
    name, _, digest = pointer.read_text(encoding="utf-8", errors="replace").strip().partition(" ")
    generation = folder / "generations" / name
    if not name or "/" in name or not generation.is_dir():
        message = f"the index in {folder} points to a generation that is not there: run `sequitur ingest`"
        raise StoreError(message)
    manifest = generation / "manifest.json"
    if not manifest.is_file() or _entry(manifest)["sha256"] != digest:
        message = f"the index manifest {manifest} is missing or damaged: run `sequitur ingest`"
        raise StoreError(message)
    return generation


def open_index(location: str) -> Index:
    """The index in force at `location`.

    Raises:
        StoreError: there is none, or it is damaged, foreign or of another format; `sequitur ingest` mends it.
    """
    if "://" in location:
        message = f"the index location {location!r} is not a folder; only local indexes can be opened"
        raise StoreError(message)
    folder = Path(location)
    generation = current_generation(folder)
    if generation is None:
        message = f"there is no index in {folder}: run `sequitur ingest`"
        raise StoreError(message)
    return read_generation(generation)


def read_manifest(generation: Path) -> dict[str, Any]:
    """The manifest of a generation.

    Raises:
        StoreError: it is missing, unreadable, or of a format this version does not know.
    """
    try:
        if not (generation / "manifest.json").is_file():
            message = f"the index manifest {generation / 'manifest.json'} is missing: run `sequitur ingest`"
            raise StoreError(message)
        manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the index manifest {generation / 'manifest.json'} cannot be read: run `sequitur ingest`"
        raise StoreError(message) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        message = f"the index in {generation} is not one this version of Sequitur wrote: run `sequitur ingest`"
        raise StoreError(message)
    return manifest


def differing_files(generation: Path) -> list[str]:
    """Names of the files that are missing or are not the ones the manifest describes."""
    manifest = read_manifest(generation)
    expected = {*_FILES, *(f"bm25/{part}" for part in _BM25)}
    wrong = sorted(expected - set(manifest["files"]))
    for name, entry in manifest["files"].items():
        path = generation / name
        if not path.is_file() or path.stat().st_size != entry["bytes"] or _entry(path)["sha256"] != entry["sha256"]:
            wrong.append(name)
    return wrong


def read_generation(generation: Path) -> Index:
    """Open one generation, every checksum first.

    Raises:
        StoreError: a file is missing, damaged or of another generation; the message names it.
    """
    wrong = differing_files(generation)
    if wrong:
        message = f"the index file {generation / wrong[0]} is missing or damaged: run `sequitur ingest`"
        raise StoreError(message)
    manifest = read_manifest(generation)
    try:
        documents = [from_json(Document, row) for row in _rows(generation / "documents.jsonl")]
        passages = [from_json(Passage, row) for row in _rows(generation / "passages.jsonl")]
        articles = [from_json(ArticleEntry, row) for row in json.loads((generation / "articles.json").read_text(encoding="utf-8"))]
        vectors = faiss.read_index(str(generation / "vectors.faiss"))
        bm25 = bm25s.BM25.load(str(generation / "bm25"), show_progress=False)
        words = json.loads((generation / "words.json").read_text(encoding="utf-8"))
        word_vectors = faiss.read_index(str(generation / "words.faiss"))
    except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
        message = f"the index in {generation} cannot be read ({type(error).__name__}): run `sequitur ingest`"
        raise StoreError(message) from error
    if vectors.ntotal != len(passages) or not passages or word_vectors.ntotal != len(words):
        message = f"the index in {generation} holds {vectors.ntotal} vectors for {len(passages)} passages: run `sequitur ingest`"
        raise StoreError(message)
    return Index(Contents(manifest, documents, passages, articles, words), vectors, word_vectors, bm25)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
