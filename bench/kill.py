"""`python -m bench.kill`: SIGKILL an ingestion at random moments and at every file operation; whatever is left must be the old or the new generation, whole."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ingest.build import build_index
from sequitur.errors import SequiturError
from sequitur.index import open_index
from sequitur.settings import Settings, load_settings

_ROOT = Path(__file__).resolve().parent.parent
_ARTICLE = (
    "Colchicine in gout\n\nTreatment\n\nColchicine shortens an acute attack of gout. 1\n\n  • Give 1 mg, then 0.5 mg an hour later 2\n"
)
_NOTE = "---\nid: {name}\ntitle: Note {name}\nyear: 2019\nkind: rct\n---\n## Findings\n"
_OPERATIONS = frozenset(["open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "sqlite3.connect", "fcntl.flock"])


@dataclass(slots=True)
class Tally:
    """What was found after the kills. `wrong` names each state that was neither the old generation nor the new one."""

    kills: int = 0
    unharmed: int = 0  # runs that had ended before the kill came
    old: int = 0
    new: int = 0
    operations: int = 0
    wrong: list[str] = field(default_factory=list)

    def see(self, settings: Settings, old: dict[str, str], new: dict[str, str]) -> None:
        """Open the index as a reader does, and count what it holds."""
        try:
            index = open_index(settings.index)
        except (SequiturError, OSError) as error:
            self.wrong.append(str(error))
            return
        held = {document.path: document.sha256 for document in index.documents.values()}
        if held not in (old, new):
            self.wrong.append(f"the index in {settings.index} holds a mixture")
        self.old += held == old
        self.new += held == new and old != new


def small_corpus(place: Path, models: Path, notes: int = 6) -> Settings:
    """An article with a few notes below `place`, and settings for an index of its own."""
    references = place / "corpus" / "gout" / "references"
    references.mkdir(parents=True)
    (references.parent / "article.txt").write_text(_ARTICLE, encoding="utf-8")
    for number in range(notes):
        _write_note(references, number, 0)
    return Settings(
        corpus=place / "corpus", index=str(place / "index"), models=models.resolve(), database_url=f"sqlite:///{place / 'history.db'}"
    )


def _write_note(references: Path, number: int, version: int) -> None:
    lines = "".join(f"Of {20 + number} patients {line + version} had less pain after {number + 1} days.\n\n" for line in range(3))
    (references / f"note{number}.md").write_text(_NOTE.format(name=f"note{number}") + lines, encoding="utf-8")


def _sources(settings: Settings) -> dict[str, str]:
    return {document.path: document.sha256 for document in open_index(settings.index).documents.values()}


def _expected(settings: Settings) -> dict[str, str]:
    """What a whole build of the corpus as it is now holds, built elsewhere."""
    with tempfile.TemporaryDirectory() as elsewhere:
        aside = settings.model_copy(update={"index": elsewhere})
        build_index(aside)
        return _sources(aside)


def random_kills(settings: Settings, rounds: int, seed: int) -> Tally:
    """Change the corpus, start `sequitur ingest`, kill it after a random time; then let it finish and look for leftovers."""
    chance, tally = random.Random(seed), Tally()  # noqa: S311 - moments to kill at
    started = time.monotonic()
    _run(settings).wait()
    longest = time.monotonic() - started
    references = settings.corpus / "gout" / "references"
    for version in range(1, rounds + 1):
        old = _sources(settings)
        _write_note(references, chance.randrange(6), version)
        new = _expected(settings)
        process = _run(settings)
        time.sleep(chance.uniform(0.0, 1.2 * longest))
        tally.unharmed += process.poll() is not None
        process.kill()
        process.wait()
        tally.kills += 1
        tally.see(settings, old, new)
        if chance.random() < 0.5:  # half of the time the next kill meets what this one left
            _finish(settings, tally)
    _finish(settings, tally)
    return tally


def stepped_kills(settings: Settings, every: int = 1) -> Tally:
    """Kill a build after each of its file operations in turn, until one run reaches its end."""
    tally = Tally()
    build_index(settings)
    keep = Path(f"{settings.index}.keep")
    shutil.copytree(settings.index, keep)
    old = _sources(settings)
    _write_note(settings.corpus / "gout" / "references", 0, 1000)
    new = _expected(settings)
    step = 1
    while True:
        shutil.rmtree(settings.index)
        shutil.copytree(keep, settings.index)
        child = subprocess.run(
            [sys.executable, "-m", "bench.kill", "--child", str(step)],
            env=_environment(settings),
            cwd=_ROOT,
            capture_output=True,
            check=False,
        )
        if child.returncode != -signal.SIGKILL:
            tally.operations = step - 1
            if child.returncode:
                tally.wrong.append(child.stderr.decode()[-300:])
            return tally
        tally.kills += 1
        tally.see(settings, old, new)
        _finish(settings, tally)
        step += every


def _finish(settings: Settings, tally: Tally) -> None:
    """An undisturbed run: afterwards the index is the corpus, and nothing else is left in its folder."""
    build_index(settings)
    folder = Path(settings.index)
    left = sorted(path.name for path in folder.iterdir() if path.name not in {"CURRENT", "generations", "writer.lock"})
    left += [path.name for path in (folder / "generations").iterdir() if path.name.startswith("aside")]
    if left or len(list((folder / "generations").iterdir())) > 2:
        tally.wrong.append(f"left behind: {left}")
    if _sources(settings) != _expected(settings):
        tally.wrong.append("the run after the kill did not bring the index up to the corpus")


def _environment(settings: Settings) -> dict[str, str]:
    own = {"CORPUS": settings.corpus, "INDEX": settings.index, "MODELS": settings.models, "DATABASE_URL": settings.database_url}
    return {**os.environ, **{f"SEQUITUR_{name}": str(value) for name, value in own.items()}}


def _run(settings: Settings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sequitur.cli", "ingest"]
    return subprocess.Popen(command, env=_environment(settings), cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _die_at(step: int) -> None:
    """Build in this process and kill it just before its `step`-th file operation inside the index folder."""
    settings = load_settings()
    folder, seen = str(Path(settings.index).resolve()), 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        if event not in _OPERATIONS or not any(isinstance(value, (str, os.PathLike)) and folder in str(value) for value in arguments):
            return
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    build_index(settings)


def main() -> None:
    """Both kinds of kills, and the figures; exit 1 when anything was neither old nor new."""
    options = argparse.ArgumentParser(prog="python -m bench.kill")
    options.add_argument("--rounds", type=int, default=60)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--every", type=int, default=1, help="of the file operations, kill at each n-th")
    options.add_argument("--child", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        _die_at(chosen.child)
        return
    wrong = []
    models = load_settings().models
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        timed = random_kills(small_corpus(Path(one), models), chosen.rounds, chosen.seed)
        print(
            f"random moments: {timed.kills} kills ({timed.unharmed} came too late), {timed.old} old, {timed.new} new, {len(timed.wrong)} wrong"
        )
        stepped = stepped_kills(small_corpus(Path(other), models), chosen.every)
        print(
            f"file operations: {stepped.kills} kills over {stepped.operations}, {stepped.old} old, {stepped.new} new, {len(stepped.wrong)} wrong"
        )
        wrong = [*timed.wrong, *stepped.wrong]
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
