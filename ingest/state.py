"""What an index depends on, as digests: every file of the corpus, our own code and word lists, and the embedder. Cheap to compute, nothing heavy imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sequitur.adapters.exported import exported_card
from sequitur.lexicon import digest as lexicon_digest
from sequitur.settings import Settings

_OWN = Path(__file__).parent
_SHARED = _OWN.parent / "sequitur"
_CODE = (  # that decides what an index holds
    "text.py",
    "schema.py",
    "analysis.py",
    "figures.py",
    "lexicon/__init__.py",
    "ports.py",
    "postings.py",
    "index/memory.py",
    "index/disk.py",
    "index/interaction.py",
    "index/judged.py",
    "index/near.py",
)


def described(settings: Settings) -> dict[str, Any] | None:
    """What the manifest of an index of this corpus, made by this code and this embedder, says; None while the embedder is not exported."""
    card = exported_card(settings.embedder, settings.models)
    if card is None:
        return None
    return {
        "embedder": {"name": settings.embedder, "fingerprint": card["fingerprint"], "dimension": card["dimension"]},
        "code": code_digest(),
        "lexicon": lexicon_digest(),
        "inputs": inputs(settings.corpus),
    }


def inputs(corpus: Path) -> dict[str, str]:
    """The sha256 of the bytes of every file below a corpus folder, by path; hidden files and loose ones beside the articles' folders are none of it."""
    return {str(path.relative_to(corpus)): _digest(path) for path in _files(corpus)}


def _files(corpus: Path) -> Iterator[Path]:
    for place in sorted(path for path in corpus.iterdir() if path.is_dir()) if corpus.is_dir() else []:
        for path in (place, *sorted(place.rglob("*"))):
            if not any(part.startswith(".") for part in path.relative_to(corpus).parts):
                yield path


def _digest(path: Path) -> str:
    """The sha256 of a file; for what is no readable file, what it is instead."""
    try:
        if path.is_dir():
            return "folder"
        if not path.is_file():
            return "not a regular file"
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return str(error.strerror)


def code_digest() -> str:
    """The sha256 of the code that reads, cuts and links: when it changes, the corpus is read anew."""
    whole = hashlib.sha256()
    reading = sorted(path for path in _OWN.rglob("*.py") if path.parent.name != "fetch")
    for path in (*reading, *(_SHARED / name for name in _CODE)):
        whole.update(path.read_bytes())
    return whole.hexdigest()
