"""`make bench`: ingestion, cold start, answers in a running process, memory and disk, and retrieval beside other stacks; written to bench/RESULTS.md."""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from bench import peers
from evals.cases import load_cases
from ingest.build import build_index
from sequitur.beir import read_collection
from sequitur.chat import open_chat
from sequitur.settings import load_settings

_ROOT = Path(__file__).resolve().parent.parent
_COLD_RUNS = 5
_ALIKE = (
    "The same model and the same questions, one at a time, each stack in processes of its own; Haystack, LlamaIndex and LangChain with the BM25 they come "
    "with, plain RRF over our own vectors and stems."
)
_LIBRARIES = ("faiss-cpu", "bm25s", "onnxruntime", "numpy", "streamlit", "torch")


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--beir", type=Path, help="a collection in BEIR layout on which the stacks are compared as well as on our own corpus"
    )
    options = parser.parse_args()
    if options.beir:
        read_collection(options.beir)  # what is wrong with it is said before anything is measured
    rows = [*_ingestion(), *_cold(), *_warm(), *_size()]
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    table = "\n".join(["| what | figure |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])
    command = "make bench" + (" BEIR=…" if options.beir else "")
    parts = [f"# Measured by `{command}`\n\n{machine}; {libraries}.\n\n{table}\n"]
    on = {
        None: "our own passages and first questions of the gold set",
        **({options.beir: f"`{options.beir.name}`"} if options.beir else {}),
    }
    for data, name in on.items():
        parts.append(f"## Beside other stacks, on {name}\n\n{_ALIKE}\n\n{peers.table(*peers.compare(data))}")
    text = "\n".join(parts)
    (_ROOT / "bench" / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)


def _ingestion() -> list[tuple[str, str]]:
    """A whole build into an empty folder with the exported model at hand, then one with nothing to do."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(index=f"{folder}/index")
        first = build_index(settings)
        again = build_index(settings)
    rate = first.embedded / first.seconds
    return [
        ("ingest, everything new", f"{first.passages} passages in {first.seconds:.2f} s ({rate:.0f}/s)"),
        ("ingest, nothing changed", f"{again.seconds:.2f} s, {again.embedded} passages embedded"),
    ]


def _cold() -> list[tuple[str, str]]:
    """`sequitur ask` in a fresh process, disk warm."""
    seconds = []
    for _ in range(_COLD_RUNS):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "sequitur.cli", "ask", "side effects of ketamine?", "--json"], check=True, capture_output=True, cwd=_ROOT
        )
        seconds.append(time.perf_counter() - started)
    return [("`sequitur ask` in a fresh process", f"median {statistics.median(seconds):.2f} s of {_COLD_RUNS}")]


def _warm() -> list[tuple[str, str]]:
    """The last turn of every gold conversation as a first question, in one process."""
    chat = open_chat(load_settings())
    questions = [case.turns[-1] for case in load_cases(_ROOT / "evals" / "gold")]
    times = []
    for question in questions:
        started = time.perf_counter()
        chat.ask(question)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        (
            f"an answer in a running process, {len(times)} questions",
            f"p50 {statistics.median(times):.1f} ms, p95 {times[int(0.95 * len(times))]:.1f} ms",
        ),
        ("peak memory of this process, ingestion included", f"{peak:.0f} MB"),
    ]


def _size() -> list[tuple[str, str]]:
    settings = load_settings()
    places = {"index on disk": Path(settings.index) / "generations", "exported model": settings.models}
    return [
        (name, f"{sum(path.stat().st_size for path in place.rglob('*') if path.is_file()) / 1e6:.1f} MB") for name, place in places.items()
    ]


if __name__ == "__main__":
    main()
