"""`python -m bench.scale`: ingest a made-up corpus of many passages in one process, kill it half-way, resume, run again; speed and peak memory.

The sentences are nonsense from a seeded generator; their lengths are those of real ones. Linux, for /proc and wait4.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from sequitur.settings import load_settings

_ROOT = Path(__file__).resolve().parent.parent
_SENTENCES = 100  # a document
_COMMON = (
    "patients",
    "pain",
    "dose",
    "placebo",
    "score",
    "week",
    "relief",
    "nausea",
    "infusion",
    "adults",
    "effect",
    "fell",
    "rose",
    "after",
)
_RARE = 20_000  # invented words, the n-th of them about 1/n as frequent as the first


class Run(NamedTuple):
    """One ingestion: its wall time, its peak memory, and what it reported (empty when it was killed)."""

    seconds: float
    megabytes: float
    report: dict[str, int]
    said: str


def write_corpus(folder: Path, passages: int, seed: int) -> None:
    """An article and as many notes as give at least that many passages, each sentence unlike the others."""
    chance = random.Random(seed)  # noqa: S311 - made-up sentences
    rare = ["".join(chance.choice("bdfgklmnprstv") + chance.choice("aeiou") for _ in range(chance.randint(2, 4))) for _ in range(_RARE)]
    shares = [1 / (place + 10) for place in range(_RARE)]
    references = folder / "made-up" / "references"
    references.mkdir(parents=True)
    (references.parent / "article.txt").write_text(
        "Pregabalin in made-up pain\n\nTreatment\n\nPregabalin reduced burning in some patients. 1\n", encoding="utf-8"
    )
    for number in range(-(-passages // (_SENTENCES + 1))):
        front = f"---\nid: note{number}\ntitle: Made-up trial {number}\nyear: {1990 + number % 35}\nkind: rct\n---\n\n## Findings\n\n"
        lines = []
        for line in range(_SENTENCES):
            words = chance.choices(_COMMON, k=chance.randint(3, 6)) + chance.choices(rare, shares, k=2)
            chance.shuffle(words)
            lines.append(f"Of {number * _SENTENCES + line + 10} {' '.join(words)} in {chance.randint(1, 99)} %.")
        (references / f"note{number}.md").write_text(front + "\n\n".join(lines) + "\n", encoding="utf-8")


def ingest(folder: Path, models: Path, *, kill_at: float | None = None) -> Run:
    """Run `sequitur ingest` on it; with `kill_at`, SIGKILL it when that share of the passages is embedded."""
    own = {"CORPUS": folder / "corpus", "INDEX": folder / "index", "MODELS": models.resolve()}
    environment = {**os.environ, **{f"SEQUITUR_{name}": str(value) for name, value in own.items()}}
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "sequitur.cli", "ingest", "--json"],
        env=environment,
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    for line in process.stderr or ():
        said.append(line.strip())
        print(f"  {line.strip()}", file=sys.stderr)
        what, _, counted = line.partition(": ")
        done, _, total = counted.partition(" of ")
        if kill_at and what == "embedding passages" and _count(done) >= kill_at * _count(total.split(",  ")[0]):
            process.send_signal(signal.SIGKILL)
            break
    output = process.stdout.read() if process.stdout and not kill_at else ""
    _, _, usage = os.wait4(process.pid, 0)
    return Run(time.monotonic() - started, usage.ru_maxrss / 1024, json.loads(output) if output else {}, "\n".join(said))


def _count(written: str) -> int:
    digits = written.partition(", about")[0].replace(",", "").strip()
    return int(digits) if digits.isdecimal() else 0


def main() -> None:
    """The figures, one a line."""
    options = argparse.ArgumentParser(prog="python -m bench.scale")
    options.add_argument("--passages", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kill-at", type=float, default=0.5, help="share of the passages after which the first run is killed")
    chosen = options.parse_args()
    models = load_settings().models
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_corpus(folder / "corpus", chosen.passages, chosen.seed)
        killed = ingest(folder, models, kill_at=chosen.kill_at)
        print(f"killed at {chosen.kill_at:.0%}: {killed.seconds:.0f} s, peak {killed.megabytes:.0f} MB", flush=True)
        resumed = ingest(folder, models)
        passages, embedded = resumed.report["passages"], resumed.report["embedded"]
        print(
            f"resumed: {embedded:,} of {passages:,} passages embedded, {resumed.seconds:.0f} s, peak {resumed.megabytes:.0f} MB", flush=True
        )
        again = ingest(folder, models)
        print(f"nothing changed: {again.report['embedded']} embedded, {again.seconds:.2f} s, peak {again.megabytes:.0f} MB", flush=True)
        note = folder / "corpus" / "made-up" / "references" / "note0.md"
        note.write_text(note.read_text(encoding="utf-8") + "\nOne sentence more was written about 7 patients.\n", encoding="utf-8")
        one = ingest(folder, models)
        print(f"one sentence added: {one.report['embedded']} embedded, {one.seconds:.0f} s, peak {one.megabytes:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
