"""Corpus folder → index generation. A run with nothing to do ends at the digests; else only new texts are embedded, and the swap is one rename."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ingest.report import Rejected, Report
from ingest.state import described
from sequitur.errors import CorpusError, StoreError
from sequitur.generations import before, current_generation, read_manifest, sweep, whole, writing
from sequitur.settings import Settings


def build_index(settings: Settings, progress: Callable[[str, int, int], None] | None = None) -> Report:
    """Bring the index up to date with the corpus folder. `progress(what, done, total)` tells how far it is.

    Raises:
        CorpusError: the folder is missing, or nothing in it can be read; the index in force stays.
        StoreError: another process is writing, or the disk refused.
    """
    started = time.monotonic()
    if "://" in settings.index:
        message = f"the index location {settings.index!r} is not a folder; only local indexes can be written"
        raise StoreError(message)
    if not settings.corpus.is_dir():
        message = f"there is no corpus folder {settings.corpus}"
        raise CorpusError(message)
    folder = Path(settings.index)
    try:
        with writing(folder):
            old = _in_force(folder)
            if old and described(settings) == {key: old.get(key) for key in ("embedder", "code", "lexicon", "inputs")}:
                _clear(folder, old["generation"])
                return _report(old, old, 0, folder, started)
            new, embedded = import_module("ingest.update").build(folder, settings, progress)
            return _report(new, old or {}, embedded, folder, started)
    except (OSError, sqlite3.Error) as error:
        message = f"the index in {folder} cannot be written ({getattr(error, 'strerror', None) or error}); the one in force is untouched"
        raise StoreError(message) from error


def _in_force(folder: Path) -> dict[str, Any] | None:
    """The manifest of the generation in force, if every file of it is as it was written; a damaged one is simply built anew."""
    try:
        generation = current_generation(folder)
        return read_manifest(generation) if generation and whole(generation) else None
    except StoreError:
        return None


def _clear(folder: Path, generation: str) -> None:
    """Remove what killed or rolled back runs left, now that nothing of it is needed."""
    last = before(folder)
    sweep(folder, {generation, last.name} if last else {generation})
    for path in folder.glob("embedding-*.db*"):
        path.unlink(missing_ok=True)


def _report(now: Mapping[str, Any], old: Mapping[str, Any], embedded: int, folder: Path, started: float) -> Report:
    sources, earlier = now["sources"], old.get("sources", {})
    return Report(
        documents=len(sources),
        passages=now["passages"],
        added=len(sources.keys() - earlier.keys()),
        changed=sum(path in earlier and earlier[path] != digest for path, digest in sources.items()),
        removed=len(earlier.keys() - sources.keys()),
        unchanged=sum(earlier.get(path) == digest for path, digest in sources.items()),
        embedded=embedded,
        rejected=tuple(Rejected(**entry) for entry in now["rejected"]),
        seconds=round(time.monotonic() - started, 3),
        index=str(folder),
        generation=now["generation"],
        notes=tuple(Rejected(**entry) for entry in now["notes"]),
    )
