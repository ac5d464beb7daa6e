"""`python -m bench.nearest`: a million vectors, exact and by inverted lists. Speed, memory, size and recall, written to bench/NEAREST.md.

Vectors: the corpus's and the gold questions' own, and as many as are asked for made from them: a point between a real passage and one of its
neighbours, with noise. So that they lie where real ones lie. Recall is measured with real questions, and apart from that on the real passages alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from evals.cases import load_cases
from ingest.build import build_index
from sequitur.adapters.embedders import open_embedder
from sequitur.index import near, open_index
from sequitur.ports import Vectors
from sequitur.settings import load_settings

_ROOT = Path(__file__).resolve().parent.parent
_NOISE = 0.35  # length of the noise; real passages of one topic are about that far apart
_K = 10
_QUESTIONS = 240
_SIZES = (10_000, 30_000, 100_000)  # around the crossover


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--vectors", type=Path, help="an .npz with real vectors `passages` and `queries` instead of the corpus's")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print(json.dumps(_serve(options.serve)))
        return
    passages, queries = _real(options.vectors)
    queries = queries[:: max(1, len(queries) // _QUESTIONS)]
    rows = [_large(passages, queries, options.passages), *(_crossover(passages, queries, size) for size in _SIZES)]
    text = _table(rows, len(passages), len(queries))
    (_ROOT / "bench" / "NEAREST.md").write_text(text, encoding="utf-8")
    print(text)


def _real(given: Path | None) -> tuple[Vectors, Vectors]:
    if given:
        stored = np.load(given)
        return stored["passages"], stored["queries"]
    settings = load_settings()
    build_index(settings)
    embedder = open_embedder(settings.embedder, settings.models)
    questions = list(dict.fromkeys(case.turns[-1] for case in load_cases(_ROOT / "evals" / "gold")))
    return open_index(settings.index).vectors(), embedder.embed(questions)


def made(passages: Vectors, count: int, seed: int = 0) -> Vectors:
    """`count` unit vectors: the real ones first, then points between a real one and a near one, with noise."""
    chance = np.random.default_rng(seed)
    _, neighbours = near.nearest(near.build(passages), passages, 8)
    found = np.empty((count, passages.shape[1]), dtype=np.float32)
    found[: len(passages)] = passages[:count]
    for start in range(len(passages), count, 50_000):
        size = min(50_000, count - start)
        first = chance.integers(len(passages), size=size)
        second = neighbours[first, chance.integers(1, neighbours.shape[1], size=size)]
        share = chance.random((size, 1), dtype=np.float32)
        noise = chance.standard_normal((size, passages.shape[1]), dtype=np.float32)
        mixed = share * passages[first] + (1 - share) * passages[second] + _NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        found[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return found


def _crossover(passages: Vectors, queries: Vectors, size: int) -> dict[str, Any]:
    vectors = made(passages, size)
    flat, inverted = near.build(vectors, size), near.build(vectors, 0)
    with tempfile.TemporaryDirectory() as folder:
        near.write(Path(folder) / "x", inverted)
        opened = near.read(Path(folder) / "x")
        truth = near.nearest(flat, queries, _K)[1]
        found = near.nearest(opened, queries, _K)[1]
        return {"passages": size, "exact": _times(flat, queries), "lists": _times(opened, queries), "recall": recall(found, truth)}


def _large(passages: Vectors, queries: Vectors, size: int) -> dict[str, Any]:
    """Built here, served by a process of its own, whose memory is measured."""
    vectors = made(passages, size)
    truth = np.concatenate([np.argpartition(-row, _K)[None, :_K] for part in np.array_split(queries, 8) for row in part @ vectors.T])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        near.write(folder / "vectors.faiss", near.build(vectors))
        built = time.perf_counter() - started
        del vectors
        np.save(folder / "queries.npy", queries)
        command = [sys.executable, "-m", "bench.nearest", "--serve", str(folder)]
        served = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT).stdout)
        found = np.array(served.pop("rows"))
        disk = (folder / "vectors.faiss").stat().st_size / 1e6
    return {"passages": size, "recall": recall(found, truth), "built": built, "disk": disk, **served}


def _serve(folder: Path) -> dict[str, Any]:
    """Open, search one question at a time, say how long it took and how much memory there was."""
    started = time.perf_counter()
    index = near.read(folder / "vectors.faiss")
    queries = np.load(folder / "queries.npy")
    near.nearest(index, queries[:1], _K)
    opened = time.perf_counter() - started
    times = _times(index, queries)
    rows = near.nearest(index, queries, _K)[1].tolist()
    return {"opened": opened, "lists": times, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "rows": rows}


def recall(found: Any, truth: Any) -> float:  # noqa: ANN401 - arrays of rows
    """Share of the true nearest rows that were found."""
    return float(np.mean([len(set(own) & set(real)) / len(real) for own, real in zip(found.tolist(), truth.tolist(), strict=True)]))


def _times(index: Any, queries: Vectors) -> tuple[float, float]:  # noqa: ANN401 - a faiss index
    """p50 and p95 of one search, in ms."""
    spent = []
    for query in queries:
        started = time.perf_counter()
        near.nearest(index, query[None], _K)
        spent.append((time.perf_counter() - started) * 1000)
    p50, p95 = np.percentile(spent, (50, 95))
    return float(p50), float(p95)


def _table(rows: list[dict[str, Any]], passages: int, queries: int) -> str:
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, faiss-cpu {version('faiss-cpu')}"
    lines = [
        "# Measured by `python -m bench.nearest`",
        "",
        f"{machine}; {passages:,} real passages, {queries:,} real questions, one at a time; k = {_K}. Memory is the whole process's peak, mapped pages included.",
        "",
        "| passages | exact p50 / p95 | inverted lists p50 / p95 | recall@10 of exact | built | on disk | memory | opened |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        both = [f"{row[kind][0]:.2f} / {row[kind][1]:.2f} ms" if kind in row else "–" for kind in ("exact", "lists")]
        rest = [
            f"{row['built']:.0f} s" if "built" in row else "–",
            f"{row['disk']:.0f} MB" if "disk" in row else "–",
            f"{row['memory']:.0f} MB" if "memory" in row else "–",
            f"{row['opened']:.2f} s" if "opened" in row else "–",
        ]
        lines.append(f"| {row['passages']:,} | {' | '.join(both)} | {row['recall']:.3f} | {' | '.join(rest)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
