"""The contents of a generation: written aside, checked, put in force; read only after every checksum."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sequitur.errors import StoreError
from sequitur.generations import (
    current_generation,
    differing_files,
    generations,
    next_number,
    put_in_force,
    read_manifest,
    seal,
    sweep,
    whole,
)
from sequitur.index import near
from sequitur.index.interaction import Interaction
from sequitur.index.judged import Judged
from sequitur.index.memory import ArticleEntry, Contents, Index, index_text, lexical, text_key
from sequitur.jsonvalue import from_json
from sequitur.ports import Vectors
from sequitur.postings import Postings
from sequitur.schema import Document, Passage

_KEY_BYTES = 32


def write_generation(
    folder: Path, contents: Contents, vectors: Vectors, word_vectors: Vectors, interaction: Interaction, judged: Judged | None = None
) -> str:
    """Write a generation aside, check what was written, and put it in force with one rename. Returns its name.

    The caller holds the writer's lock. Whatever goes wrong before the rename leaves the generation in force untouched. The one that was in
    force is kept, so that it can be returned to; what is older goes.
    """
    place = folder / "generations"
    place.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="aside-", dir=place))
    try:
        _write_contents(aside, contents, vectors, word_vectors)
        interaction.write(aside / "late")
        (judged or Judged.none(len(contents.passages))).write(aside / "judged")
    except RuntimeError as error:  # FAISS's word for a disk that refuses
        shutil.rmtree(aside, ignore_errors=True)
        message = f"the index in {folder} cannot be written ({str(error).splitlines()[-1]}); the one in force is untouched"
        raise StoreError(message) from error
    try:
        name = seal(aside, next_number(folder), contents.manifest)
        _check(aside, len(contents.passages), len(contents.words))
        aside.rename(place / name)
        last = _in_force(folder)
        put_in_force(folder, name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    sweep(folder, {name, last} if last else {name})
    return name


def _in_force(folder: Path) -> str:
    """Name of the generation in force, or of the newest whole one where that is damaged; empty when there is none."""
    try:
        generation = current_generation(folder)
    except StoreError:
        generation = None
    if generation and whole(generation):
        return generation.name
    return next((path.name for path in reversed(generations(folder)[:-1]) if whole(path)), "")


def _write_contents(aside: Path, contents: Contents, vectors: Vectors, word_vectors: Vectors) -> None:
    by_id = {document.id: document for document in contents.documents}
    texts = [index_text(by_id[passage.document_id], passage) for passage in contents.passages]
    _write_jsonl(aside / "documents.jsonl", contents.documents)
    _write_jsonl(aside / "passages.jsonl", contents.passages)
    _write_json(aside / "articles.json", [dataclasses.asdict(entry) for entry in contents.articles])
    _write_json(aside / "words.json", list(contents.words))
    (aside / "keys.sha256").write_bytes(b"".join(text_key(text) for text in texts))
    near.write(aside / "vectors.faiss", near.flat(vectors))
    near.write(aside / "words.faiss", near.flat(word_vectors))
    lexical(texts).write(aside / "bm25")


def _check(aside: Path, passages: int, words: int) -> None:
    """Hold what was written against its manifest and its counts before it is put in force."""
    wrong = differing_files(aside)
    rows = (near.read(aside / name).ntotal for name in ("vectors.faiss", "words.faiss"))
    with (aside / "passages.jsonl").open(encoding="utf-8") as lines:
        read = sum(1 for line in lines if from_json(Passage, json.loads(line)))
    if wrong or tuple(rows) != (passages, words) or read != passages:
        message = "the index was not written as it was built; the one in force is untouched: run `sequitur ingest`"
        raise StoreError(message)


def _write_jsonl(path: Path, values: Sequence[Any]) -> None:
    with path.open("w", encoding="utf-8") as lines:
        for value in values:
            lines.write(json.dumps(dataclasses.asdict(value), ensure_ascii=False) + "\n")


def _write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


# --- reading -------------------------------------------------------------------------------------------------------------


def open_index(location: str) -> Index:
    """The index in force at `location`.

    Raises:
        StoreError: there is none, or it is damaged, foreign or of another format; `sequitur ingest` mends it.
    """
    if "://" in location:
        message = f"the index location {location!r} is not a folder; only local indexes can be opened"
        raise StoreError(message)
    folder = Path(location)
    while True:
        generation = current_generation(folder)
        if generation is None:
            message = f"there is no index in {folder}: run `sequitur ingest`"
            raise StoreError(message)
        try:
            return read_generation(generation)
        except (StoreError, OSError):
            if current_generation(folder) == generation:
                raise  # else two newer ones were put in force while this one was read, and it was swept away


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
        vectors = near.read_flat(generation / "vectors.faiss")
        postings = Postings.read(generation / "bm25")
        words = json.loads((generation / "words.json").read_text(encoding="utf-8"))
        word_vectors = near.read_flat(generation / "words.faiss")
        interaction = Interaction.read(generation / "late")
        judged = Judged.read(generation / "judged")
    except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
        message = f"the index in {generation} cannot be read ({type(error).__name__}): run `sequitur ingest`"
        raise StoreError(message) from error
    if (
        len(vectors) != len(passages)
        or not passages
        or len(word_vectors) != len(words)
        or {postings.size, len(interaction), judged.passages} != {len(passages)}
    ):
        message = f"the index in {generation} holds {len(vectors)} vectors for {len(passages)} passages: run `sequitur ingest`"
        raise StoreError(message)
    return Index(Contents(manifest, documents, passages, articles, words), vectors, word_vectors, postings, interaction, judged)


class Stored(NamedTuple):
    """What a generation has vectors of: the keys of the texts, and for passages the token vectors too."""

    keys: list[bytes]
    vectors: Vectors
    interaction: Interaction | None


def stored_vectors(generation: Path) -> Iterator[Stored]:
    """What a whole generation has of its passages, then of its words."""
    data = (generation / "keys.sha256").read_bytes()
    passages = [data[start : start + _KEY_BYTES] for start in range(0, len(data), _KEY_BYTES)]
    words = [text_key(word) for word in json.loads((generation / "words.json").read_text(encoding="utf-8"))]
    interaction = Interaction.read(generation / "late")
    for keys, name, tokens in ((passages, "vectors.faiss", interaction), (words, "words.faiss", None)):
        vectors = near.read_flat(generation / name)
        if len(keys) == len(vectors):
            yield Stored(keys, vectors, tokens)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
