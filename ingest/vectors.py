"""Texts → vectors, embedding none twice: what kept generations have is taken over, and what an interrupted run had done was put by.

The journal is an SQLite file beside the generations, one for each embedder, that a finished build removes: its vectors then stand in the index itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from sequitur.generations import generations, read_manifest, whole
from sequitur.index import stored_vectors, text_key
from sequitur.ports import Embedder, Vectors

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
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, digest BLOB NOT NULL)")
        self._connection.execute("SELECT count(*) FROM vectors")

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a text, or None."""
        try:
            row = self._connection.execute("SELECT vector, digest FROM vectors WHERE key = ?", (key,)).fetchone()
        except sqlite3.DatabaseError:
            return None
        if row is None or _check(key, row[0]) != row[1] or len(row[0]) != 4 * self._dimension:
            return None
        return np.frombuffer(row[0], dtype=np.float32)

    def put(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Put vectors by; they are on disk when this returns."""
        rows = [(key, vector.tobytes(), _check(key, vector.tobytes())) for key, vector in zip(keys, vectors, strict=True)]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def remove(self) -> None:
        """Close it and delete its files."""
        with contextlib.suppress(AttributeError):
            self.close()
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink(missing_ok=True)


def _check(key: bytes, vector: bytes) -> bytes:
    return hashlib.blake2b(key + vector, digest_size=_CHECK_BYTES).digest()


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
        self._blocks: list[Vectors] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        for generation in generations(folder):
            if whole(generation) and read_manifest(generation)["embedder"]["fingerprint"] == fingerprint:
                for keys, vectors in stored_vectors(generation):
                    self._places.update({key: (len(self._blocks), row) for row, key in enumerate(keys)})
                    self._blocks.append(vectors)

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a text, or None."""
        place = self._places.get(key)
        return self._journal.get(key) if place is None else self._blocks[place[0]][place[1]]


class Maker:
    """Makes vectors of texts from what is known and, for the rest, with the embedder."""

    def __init__(self, embedder: Embedder, known: Known, journal: Journal, progress: Progress | None) -> None:
        """`progress` is told of every batch."""
        self._embedder, self._known, self._journal = embedder, known, journal
        self._progress = progress

    def vectors(self, texts: Sequence[str], what: str) -> tuple[Vectors, int]:
        """Vectors of all texts, in order, and how many had to be embedded: each distinct text once."""
        vectors = np.zeros((len(texts), self._embedder.dimension), dtype=np.float32)
        missing: dict[bytes, list[int]] = {}
        for row, text in enumerate(texts):
            key = text_key(text)
            vector = None if key in missing else self._known.get(key)
            if vector is None:
                missing.setdefault(key, []).append(row)
            else:
                vectors[row] = vector
        wanted = list(missing.items())
        total, done = sum(map(len, missing.values())), 0
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            made = self._embedder.embed([texts[rows[0]] for _, rows in batch])
            self._journal.put([key for key, _ in batch], made)
            for vector, (_, rows) in zip(made, batch, strict=True):
                vectors[rows] = vector
                done += len(rows)
            if self._progress:
                self._progress(what, done, total)
        return vectors, total
