"""What one run of ingestion has to tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that could not be read, and why; or one that was, and what of it was left out or mended."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What one run of ingestion did. `added`, `changed`, `removed` and `unchanged` count documents."""

    documents: int
    passages: int
    added: int
    changed: int
    removed: int
    unchanged: int
    embedded: int  # passages
    rejected: tuple[Rejected, ...]
    seconds: float
    index: str
    generation: str
    notes: tuple[Rejected, ...] = ()
