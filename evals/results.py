"""`evals report`: a finished run for people to read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evals.store import open_run


def report(
    name: Annotated[str, typer.Argument(help="A finished run: a name below evals/runs, or a folder.")] = "latest",
    split: Annotated[
        str, typer.Option("--split", help="Whose cases can be opened: dev, or test when nothing is chosen by it any more.")
    ] = "dev",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for report.html and report.md; default: the run's own.")] = None,
) -> None:
    """Write a run as one HTML file and as Markdown; prints their paths."""
    from evals.report import markdown, page, told

    run = open_run(name)
    found = told(run, split)
    folder = out or run.folder
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in (("report.html", page(found)), ("report.md", markdown(found))):
        (folder / file).write_text(text, encoding="utf-8")
        print(folder / file)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(report)
