"""Generations of an index on disk: written aside, checked, swapped; checksums before anything is parsed."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import bm25s
import faiss
import numpy as np

from sequitur.analysis import stems
from sequitur.errors import StoreError
from sequitur.index.memory import ArticleEntry, Contents, Index, index_text
from sequitur.jsonvalue import from_json
from sequitur.ports import Vectors
from sequitur.schema import Document, Passage

FORMAT = 1
_KEPT = 2  # generations that stay on disk: the one in force and the last good one before it
_FILES = ("documents.jsonl", "passages.jsonl", "articles.json", "vectors.faiss", "words.json", "words.faiss")
_BM25 = ("data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy", "vocab.index.json", "params.index.json")


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
