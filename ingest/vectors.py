"""Texts → vectors, embedding none twice: what kept generations have is taken over, and what an interrupted run had done was put by.

The journal is an SQLite file beside the generations, one for each embedder, that a finished build removes: its vectors then stand in the index itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sequitur.generations import generations, read_manifest, whole
from sequitur.index import NO_TOKENS, Interaction, Stored, embedded, has_tokens, stored_vectors, text_key
from sequitur.ports import WIDTH, Embedded, Embedder, Vectors

Progress = Callable[[str, int, int], None]  # (what is being done, done, total)

_BATCH = 256  # texts embedded between two commits: what a kill can cost
_CHECK_BYTES = 8


class Journal:
    """Vectors put by while an index is built, by the sha256 of their texts. A damaged entry is as good as none."""

    def __init__(self, path: Path, dimension: int) -> None:
        """Open or create the journal at `path`; one that cannot be read is begun anew."""
        self._path, self._dimension = path, dimension
        try:
            self._open()
        except sqlite3.DatabaseError:
            self.remove()
            self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, tokens BLOB NOT NULL, digest BLOB NOT NULL)"
        )
        self._connection.execute("SELECT count(*) FROM vectors")

    def get(self, key: bytes) -> Embedded | None:
        """The vector of a text, with its token vectors where those were put by too; or None."""
        try:
            row = self._connection.execute("SELECT vector, tokens, digest FROM vectors WHERE key = ?", (key,)).fetchone()
        except sqlite3.DatabaseError:
            return None
        if row is None or _check(key, row[0], row[1]) != row[2] or len(row[0]) != 4 * self._dimension:
            return None
        return Embedded(np.frombuffer(row[0], dtype=np.float32), np.frombuffer(row[1], dtype=np.int8).reshape(-1, WIDTH))

    def put(self, keys: Sequence[bytes], made: Sequence[Embedded]) -> None:
        """Put vectors by; they are on disk when this returns."""
        blobs = [(key, one.vector.tobytes(), one.tokens.tobytes()) for key, one in zip(keys, made, strict=True)]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", [(*blob, _check(*blob)) for blob in blobs])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def remove(self) -> None:
        """Close it and delete its files."""
        with contextlib.suppress(AttributeError):
            self.close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink(missing_ok=True)


def _check(key: bytes, vector: bytes, tokens: bytes) -> bytes:
    return hashlib.blake2b(key + vector + tokens, digest_size=_CHECK_BYTES).digest()


def journal_path(folder: Path, fingerprint: str) -> Path:
    """Where the journal of an embedder lies."""
    return folder / f"embedding-{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.db"


def clear_journals(folder: Path) -> None:
    """Remove what interrupted runs put by."""
    for path in folder.glob("embedding-*.db*"):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def open_journal(folder: Path, embedder: Embedder) -> Iterator[Journal]:
    """The journal of an embedder, closed afterwards."""
    journal = Journal(journal_path(folder, embedder.fingerprint), embedder.dimension)
    try:
        yield journal
    finally:
        journal.close()


class Known:
    """The vectors that need not be made: those of the generations still on disk, and the journal's."""

    def __init__(self, folder: Path, fingerprint: str, journal: Journal) -> None:
        """Read the whole generations that the same embedder made, the latest last."""
        self._journal = journal
        self._blocks: list[Stored] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        for generation in generations(folder):
            if whole(generation) and read_manifest(generation)["embedder"]["fingerprint"] == fingerprint:
                for stored in stored_vectors(generation):
                    self._places.update({key: (len(self._blocks), row) for row, key in enumerate(stored.keys)})
                    self._blocks.append(stored)

    def get(self, key: bytes, *, tokens: bool) -> Embedded | None:
        """The vector of a text, or None; with `tokens`, only where its token vectors are known too."""
        place = self._places.get(key)
        found = self._journal.get(key) if place is None else self._stored(*place)
        return None if found is None or (tokens and not len(found.tokens)) else found

    def _stored(self, block: int, row: int) -> Embedded:
        stored = self._blocks[block]
        return Embedded(stored.vectors[row], NO_TOKENS if stored.interaction is None else stored.interaction.tokens(row))


class Maker:
    """Makes vectors of texts from what is known and, for the rest, with the embedder."""

    def __init__(self, embedder: Embedder, known: Known, journal: Journal, progress: Progress | None) -> None:
        """`progress` is told of every batch."""
        self._embedder, self._known, self._journal = embedder, known, journal
        self._progress = progress

    def passages(self, texts: Sequence[str], what: str) -> tuple[Vectors, Interaction, int]:
        """Vectors and token vectors of all texts, in order, and how many had to be embedded: each distinct text once.

        No token vectors where the embedder has none, or where there are more texts than an index keeps them of.
        """
        made, total = self._made(texts, what, tokens=has_tokens(self._embedder, len(texts)))
        return self._vectors(made), Interaction.of([one.tokens for one in made]), total

    def words(self, texts: Sequence[str], what: str) -> Vectors:
        """Vectors of all texts, in order."""
        return self._vectors(self._made(texts, what, tokens=False)[0])

    def _vectors(self, made: Sequence[Embedded]) -> Vectors:
        vectors = np.zeros((len(made), self._embedder.dimension), dtype=np.float32)
        for row, one in enumerate(made):
            vectors[row] = one.vector
        return vectors

    def _made(self, texts: Sequence[str], what: str, *, tokens: bool) -> tuple[list[Embedded], int]:
        known: dict[bytes, Embedded] = {}
        missing: dict[bytes, str] = {}
        keys = [text_key(text) for text in texts]
        for key, text in zip(keys, texts, strict=True):
            if key not in known and key not in missing:
                found = self._known.get(key, tokens=tokens)
                if found is None:
                    missing[key] = text
                else:
                    known[key] = found
        counts = Counter(key for key in keys if key in missing)
        total, done = counts.total(), 0
        wanted = list(missing.items())
        for start in range(0, len(wanted), _BATCH):
            batch = dict(wanted[start : start + _BATCH])
            made = embedded(self._embedder, list(batch.values()), tokens=tokens)
            self._journal.put(list(batch), made)
            known.update(zip(batch, made, strict=True))
            done += sum(counts[key] for key in batch)
            if self._progress:
                self._progress(what, done, total)
        return [known[key] for key in keys], total
