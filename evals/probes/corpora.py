"""Disturbed copies of the corpus, each with an index of its own in a temporary folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ingest.build import build_index
from sequitur.chat import Chat, open_chat
from sequitur.index import Contents, current_generation, open_index, write_generation
from sequitur.schema import Document, Span
from sequitur.settings import Settings
from sequitur.text import tokens

_OWN = ("format", "generation", "files")  # of a manifest, written anew


def note(identity: str, title: str, sentences: Sequence[str], *, kind: str = "review", year: int = 2024) -> str:
    """A reference note as a corpus folder holds it."""
    body = "\n\n".join(sentences)
    return f'---\nid: {identity}\ntitle: "{title}"\nauthors: [Nobody A]\nyear: {year}\nkind: {kind}\n---\n## Findings\n\n{body}\n'


@contextmanager
def with_notes(settings: Settings, notes: Mapping[str, str]) -> Iterator[Chat]:
    """A chat over a copy of the corpus that has these notes too, by file name. Only they are embedded."""
    with tempfile.TemporaryDirectory(prefix="sequitur-probe-") as folder:
        place = Path(folder)
        shutil.copytree(settings.corpus, place / "corpus")
        shutil.copytree(settings.index, place / "index", ignore=shutil.ignore_patterns("writer.lock"))
        references = article_folder(place / "corpus") / "references"
        references.mkdir(exist_ok=True)
        for name, text in notes.items():
            (references / name).write_text(text, encoding="utf-8")
        yield _indexed(settings, place)


@contextmanager
def in_other_order(settings: Settings) -> Iterator[Chat]:
    """A chat over a copy of the corpus whose notes are read in the opposite order, indexed from nothing."""
    with tempfile.TemporaryDirectory(prefix="sequitur-probe-") as folder:
        place = Path(folder)
        shutil.copytree(settings.corpus, place / "corpus")
        files = sorted((article_folder(place / "corpus") / "references").glob("*.md"))
        for number, file in enumerate(reversed(files)):
            file.rename(file.with_name(f"{number:04d}-{file.name}"))
        yield _indexed(settings, place)


@contextmanager
def without(settings: Settings, gone: Mapping[str, Sequence[Span]]) -> Iterator[Chat]:
    """A chat over the index without what stands at these spans, by document: passages that touch them are dropped, the text there is blank."""
    index = open_index(settings.index)
    documents = [_blanked(document, gone.get(document.id, ())) for document in index.documents.values()]
    rows = [
        row
        for row, passage in enumerate(index.passages)
        if not any(passage.span.start < span.end and span.start < passage.span.end for span in gone.get(passage.document_id, ()))
    ]
    passages = [index.passages[row] for row in rows]
    left = {passage.id for passage in passages}
    passages = [replace(passage, supports=tuple(other for other in passage.supports if other in left)) for passage in passages]
    said = {token for passage in passages for token in tokens(passage.text)}
    known = _words(settings)
    kept = [row for row, word in enumerate(known) if word in said]
    manifest = {key: value for key, value in index.manifest.items() if key not in _OWN}
    contents = Contents(manifest, documents, passages, index.articles, [known[row] for row in kept])
    with tempfile.TemporaryDirectory(prefix="sequitur-probe-") as folder:
        write_generation(
            Path(folder),
            contents,
            index.vectors()[rows],
            index.word_vectors[kept],
            index.interaction.of_rows(rows),
            index.judged.of_rows(rows),
        )
        yield open_chat(settings.model_copy(update={"index": folder}))


def article_folder(corpus: Path) -> Path:
    """The folder of the first article of a corpus."""
    return next(folder for folder in sorted(corpus.iterdir()) if folder.is_dir())


def _words(settings: Settings) -> list[str]:
    """The content words of the index in force, in the order of their vectors."""
    generation = current_generation(Path(settings.index))
    found: list[str] = json.loads((generation / "words.json").read_text(encoding="utf-8")) if generation else []
    return found


def _indexed(settings: Settings, place: Path) -> Chat:
    changed = settings.model_copy(update={"corpus": place / "corpus", "index": str(place / "index")})
    build_index(changed)
    return open_chat(changed)


def _blanked(document: Document, gone: Sequence[Span]) -> Document:
    text = document.text
    for span in gone:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return replace(document, text=text, sha256=hashlib.sha256(text.encode()).hexdigest()) if gone else document
