"""Retrieval measured on a collection of others: a folder in BEIR layout, indexed for itself, every query sent through the whole path."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sequitur.beir.index import BeirIndex
from sequitur.beir.layout import Collection, read_collection
from sequitur.beir.measures import Qrels, Run, measures
from sequitur.errors import InputError
from sequitur.ports import Embedder

__all__ = ["BeirIndex", "Collection", "Qrels", "Run", "measures", "read_collection", "run_beir"]

_TOP = 100
_PROGRESS_EVERY = 100


class Ranked(NamedTuple):
    """One query's documents, best first, with strictly falling scores."""

    query: str
    documents: Sequence[str]
    scores: Sequence[float]


def run_beir(folder: Path, target: Path, embedder: Embedder) -> dict[str, Any]:
    """Index the collection, rank every query's documents, write a TREC run of the top 100, and return the figures.

    Raises:
        InputError: the collection is malformed (file and line are named), or the run cannot be written.
    """
    collection = read_collection(folder)
    _note_strangers(collection)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        BeirIndex.of(collection.documents, embedder, _progress).write(Path(place) / "index")
        return _run(collection, BeirIndex.read(Path(place) / "index", embedder), target, started)


def _run(collection: Collection, index: BeirIndex, target: Path, started: float) -> dict[str, Any]:
    index_seconds = time.perf_counter() - started
    ranked, times = [], []
    for number, (query, text) in enumerate(collection.queries.items(), 1):
        begun = time.perf_counter()
        documents, scores = index.search(text, _TOP)
        times.append((time.perf_counter() - begun) * 1000)
        ranked.append(Ranked(query, documents, scores))
        if number % _PROGRESS_EVERY == 0 or number == len(collection.queries):
            print(f"asked {number} of {len(collection.queries)} queries", file=sys.stderr)
    _write(target, ranked)
    p50, p95 = np.percentile(times, (50, 95))
    return {
        **measures({row.query: row.documents for row in ranked}, collection.qrels),
        "queries": len(collection.queries),
        "documents": len(collection.documents),
        "index_seconds": round(index_seconds, 3),
        "query_ms": {"p50": round(float(p50), 3), "p95": round(float(p95), 3)},
    }


def _progress(done: int, total: int) -> None:
    print(f"embedded {done} of {total} texts", file=sys.stderr)


def _note_strangers(collection: Collection) -> None:
    """Judgements of what is not there count as missed; that is said, for it is more often a mistake than meant."""
    queries = [query for query in collection.qrels if query not in collection.queries]
    judged: set[str] = set().union(*collection.qrels.values())
    documents = judged - collection.documents.keys()
    for count, what in ((len(queries), "queries"), (len(documents), "documents")):
        if count:
            print(f"sequitur: {count} judged {what} are not in the collection and count as missed", file=sys.stderr)


def _write(target: Path, ranked: Sequence[Ranked]) -> None:
    """A TREC run, whole or not at all."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        aside.write_text("".join(_lines(ranked)), encoding="utf-8")
        aside.replace(target)
    except OSError as error:
        message = f"{target} cannot be written ({error.strerror})"
        raise InputError(message) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def _lines(ranked: Sequence[Ranked]) -> Iterator[str]:
    for row in ranked:
        for rank, (document, score) in enumerate(zip(row.documents, row.scores, strict=True), 1):
            yield f"{row.query} Q0 {document} {rank} {score:.6f} sequitur\n"
