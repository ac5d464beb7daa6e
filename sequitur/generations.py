"""Generations of an index: which one is in force, whether it is whole, and how another is put in its place.

    <index>/CURRENT                     name of the generation in force, and the sha256 of its manifest
    <index>/generations/<name>/         manifest.json and the files it describes

Nothing heavy is imported here: a run that finds nothing to do ends without FAISS or NumPy.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sequitur.errors import StoreError

FORMAT = 5
BM25_FILES = ("terms.json", "scores.npy", "rows.npy", "starts.npy")
LATE_FILES = ("tokens.npy", "starts.npy")
JUDGED_FILES = ("keys.npy", "vectors.npy", "starts.npy", "rows.npy", "homes.npy", "known.npy")
FILES = (
    "documents.jsonl",
    "passages.jsonl",
    "articles.json",
    "keys.sha256",
    "vectors.faiss",
    "words.json",
    "words.faiss",
    *(f"bm25/{part}" for part in BM25_FILES),
    *(f"late/{part}" for part in LATE_FILES),
    *(f"judged/{part}" for part in JUDGED_FILES),
)
_MEND = "run `sequitur ingest`"


def current_generation(folder: Path) -> Path | None:
    """The folder of the generation in force, or None when there is none.

    Raises:
        StoreError: the pointer names something that is not there.
    """
    pointer = _pointer(folder)
    while pointer is not None:
        try:
            return _pointed(folder, pointer)
        except StoreError:
            again = _pointer(folder)
            if again == pointer:
                raise
            pointer = again  # a writer has put another generation in force meanwhile
    return None


def _pointer(folder: Path) -> str | None:
    path = folder / "CURRENT"
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else None


def _pointed(folder: Path, pointer: str) -> Path:
    name, _, digest = pointer.partition(" ")
    generation = folder / "generations" / name
    if not name or "/" in name or "\x00" in name or not generation.is_dir():
        message = f"the index in {folder} points to a generation that is not there: {_MEND}"
        raise StoreError(message)
    manifest = generation / "manifest.json"
    if not manifest.is_file() or describe(manifest)["sha256"] != digest:
        message = f"the index manifest {manifest} is missing or damaged: {_MEND}"
        raise StoreError(message)
    return generation


def read_manifest(generation: Path) -> dict[str, Any]:
    """The manifest of a generation.

    Raises:
        StoreError: it is missing, unreadable, or of a format this version does not know.
    """
    path = generation / "manifest.json"
    try:
        if not path.is_file():
            message = f"the index manifest {path} is missing: {_MEND}"
            raise StoreError(message)
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the index manifest {path} cannot be read: {_MEND}"
        raise StoreError(message) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT or not isinstance(manifest.get("files"), dict):
        message = f"the index in {generation} is not one this version of Sequitur wrote: {_MEND}"
        raise StoreError(message)
    return manifest


def differing_files(generation: Path) -> list[str]:
    """Names of the files that are missing or are not the ones the manifest describes."""
    files = read_manifest(generation)["files"]
    wrong = sorted(set(FILES) - set(files))
    for name, entry in files.items():
        path = generation / name
        if not path.is_file() or path.stat().st_size != entry["bytes"] or describe(path) != entry:
            wrong.append(name)
    return wrong


def whole(generation: Path) -> bool:
    """Whether a generation is there with every file as its manifest describes it."""
    try:
        return not differing_files(generation)
    except (StoreError, OSError, KeyError, TypeError):
        return False


def describe(path: Path) -> dict[str, Any]:
    """The sha256 and the length of a file, as a manifest holds them."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}


def generations(folder: Path) -> list[Path]:
    """All generations on disk, the oldest first; they are numbered, for clocks may go back."""
    return sorted(path for path in (folder / "generations").glob("[0-9]*-*") if path.is_dir())


def before(folder: Path) -> Path | None:
    """The last good generation: the newest whole one that is older than the one in force, which need not be readable itself."""
    name = (_pointer(folder) or "").partition(" ")[0]
    return next((path for path in reversed(generations(folder)) if path.name < name and whole(path)), None)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the index for writing, one process at a time, and clear away what a killed writer left; the kernel lets go of a dead holder's lock.

    Raises:
        StoreError: another process is writing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "writer.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"another process is writing the index in {folder}: try again when it is done"
            raise StoreError(message) from error
        (folder / "CURRENT.new").unlink(missing_ok=True)
        for orphan in (folder / "generations").glob("aside-*"):
            shutil.rmtree(orphan, ignore_errors=True)
        yield


def seal(aside: Path, number: int, described: Mapping[str, Any]) -> str:
    """Write the manifest of a generation that was built aside and sync all of it to disk; returns the name it is to have."""
    files = {name: describe(aside / name) for name in FILES}
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    name = f"{number:06d}-{digest[:12]}"
    manifest = {**described, "format": FORMAT, "generation": name, "files": files}
    (aside / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False), encoding="utf-8")
    for path in [*aside.rglob("*"), aside]:
        _sync(path)
    return name


def put_in_force(folder: Path, name: str) -> None:
    """Let CURRENT name that generation, with one rename: before it the old one is in force, after it the new one."""
    digest = describe(folder / "generations" / name / "manifest.json")["sha256"]
    fresh = folder / "CURRENT.new"
    fresh.write_text(f"{name} {digest}", encoding="utf-8")
    _sync(folder / "generations")
    _sync(fresh)
    fresh.replace(folder / "CURRENT")
    _sync(folder)


def next_number(folder: Path) -> int:
    """The number of the generation that is built next."""
    named = (_pointer(folder) or "").partition("-")[0]
    numbers = [int(path.name.split("-")[0]) for path in generations(folder)]
    return max([*numbers, int(named) if named.isdecimal() else 0], default=0) + 1


def sweep(folder: Path, keep: Collection[str]) -> None:
    """Remove the generations that are not to be kept."""
    for path in generations(folder):
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


def roll_back(folder: Path) -> str:
    """Put the last good generation in force again; returns its name. The one it replaces stays until the next ingestion.

    Raises:
        StoreError: there is none, or another process is writing.
    """
    if not folder.is_dir():
        message = f"there is no index in {folder}: {_MEND}"
        raise StoreError(message)
    with writing(folder):
        target = before(folder)
        if target is None:
            message = f"the index in {folder} has no older generation to return to"
            raise StoreError(message)
        put_in_force(folder, target.name)
        return target.name


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
