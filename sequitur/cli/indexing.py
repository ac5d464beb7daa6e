"""The commands that write or check the index: ingest, verify."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from sequitur.cli.common import Debug, Json, app, explained, print_json
from sequitur.errors import QuestionError
from sequitur.settings import load_settings

_EVERY = 2.0  # seconds between two lines of progress


@app.command()
def ingest(
    corpus: Annotated[Path | None, typer.Argument(help="Corpus folder; default: the settings'.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on and follow the folder until Ctrl-C.")] = False,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Return to the last good generation; the next `sequitur ingest` builds forward again.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the corpus and build or update the index; only changed files are embedded again."""
    with explained(debug=debug):
        settings = load_settings(corpus=corpus)
        if rollback and (watch or corpus):
            message = "--rollback takes neither a corpus nor --watch: it returns to what was indexed before"
            raise QuestionError(message)
        if rollback:
            _roll_back(Path(settings.index), as_json=as_json)
        elif watch:
            import_module("ingest.watch").follow(settings, lambda report: _print(report, as_json=as_json), _warn, progress())
        else:
            _print(import_module("ingest.build").build_index(settings, progress()), as_json=as_json)


def _roll_back(folder: Path, *, as_json: bool) -> None:
    name = import_module("sequitur.generations").roll_back(folder)
    if as_json:
        print_json({"index": str(folder), "generation": name})
    else:
        print(f"the index in {folder} is back at generation {name}; the next `sequitur ingest` brings it up to the corpus again")


def _print(report: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a report of `ingest.build`, which is imported late
    for rejected in report.rejected:
        print(f"rejected {_shown(rejected.file)}: {_shown(rejected.reason)}", file=sys.stderr)
    for noted in report.notes:
        print(f"note on {_shown(noted.file)}: {noted.reason}", file=sys.stderr)
    if as_json:
        print_json(dataclasses.asdict(report))
        return
    print(
        f"{report.documents} document{'' if report.documents == 1 else 's'}, {report.passages} passages in {report.index}: {report.added} added, {report.changed} changed, "
        f"{report.removed} removed, {report.unchanged} unchanged; {report.embedded} passages embedded in {report.seconds} s",
        flush=True,
    )


def _shown(text: str) -> str:
    """A file's name as it can be printed: line ends, marks that turn the direction of writing and the like are escaped."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _warn(line: str) -> None:
    print(f"sequitur: {line}", file=sys.stderr, flush=True)


def progress() -> Callable[[str, int, int], None]:
    """Prints how far a run is: the first and the last step of each stage and one line every two seconds, with what is left at this speed."""
    stage, started, last = "", 0.0, 0.0

    def step(what: str, done: int, total: int) -> None:
        nonlocal stage, started, last
        now = time.monotonic()
        if what != stage:
            stage, started, last = what, now, 0.0
        if done < total and now - last < _EVERY:
            return
        last = now
        spent = now - started
        left = f", about {spent / done * (total - done):.0f} s left" if 0 < done < total and spent > _EVERY else ""
        print(f"{what}: {done:,} of {total:,}{left}", file=sys.stderr, flush=True)

    return step


@app.command()
def verify(
    corpus: Annotated[Path | None, typer.Argument(help="Corpus folder; default: the one the index was made from.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check the index against its manifest and the corpus; exit 1 and a list when anything differs."""
    with explained(debug=debug):
        differences = import_module("ingest.check").verify_index(load_settings(), corpus)
        if as_json:
            print_json({"ok": not differences, "differences": differences})
        elif not differences:
            print("the index is whole and matches the corpus")
        for line in differences if not as_json else ():
            print(line)
        if differences:
            if not as_json:
                print("sequitur: the index differs: run `sequitur ingest`", file=sys.stderr)
            raise typer.Exit(1)
