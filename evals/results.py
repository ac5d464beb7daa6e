"""`evals report`, `export`, `judge` and `add`: finished runs for people and other tools, conversations for the gold set."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evals.cases import Case, load_cases
from evals.store import open_run, write_rows
from sequitur.settings import load_settings

_GOLD = Path(__file__).parent / "gold"


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


class Schema(StrEnum):
    """Schemas of other tools."""

    RAGAS = "ragas"
    MTRAG = "mtrag"


def export(
    name: Annotated[str, typer.Argument(help="A finished run: a name below evals/runs, or a folder.")] = "latest",
    gold: Annotated[Path, typer.Option("--gold", help="The gold file or folder it was run with.")] = _GOLD,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for ragas.jsonl and mtrag.jsonl; default: the run's own.")] = None,
) -> None:
    """Write a run in the schemas of Ragas and MTRAG; prints the paths."""
    from evals import exports
    from sequitur.index import open_index

    run, cases, index = open_run(name), _by_id(gold), open_index(load_settings().index)
    folder = out or run.folder
    for schema, rows in ((Schema.RAGAS, exports.ragas(run, cases, index)), (Schema.MTRAG, exports.mtrag(run, cases, index))):
        write_rows(folder / f"{schema.value}.jsonl", list(rows))
        print(folder / f"{schema.value}.jsonl")


def judge(
    name: Annotated[str, typer.Argument(help="A finished run: a name below evals/runs, or a folder.")] = "latest",
    gold: Annotated[Path, typer.Option("--gold", help="The gold file or folder it was run with.")] = _GOLD,
    model: Annotated[str | None, typer.Option("--model", help="LangChain's PROVIDER:MODEL; default: SEQUITUR_LLM.")] = None,
    base_url: Annotated[str | None, typer.Option("--base-url", help="An OpenAI-compatible server.")] = None,
) -> None:
    """Ask a language model what it says of a run's claims and facts, and print how far it agrees with the measures."""
    from evals.judge import agreement, open_judge
    from evals.judge import judge as opinions

    settings = load_settings(llm=model, llm_base_url=base_url)
    found = opinions(open_run(name), _by_id(gold), f"{settings.llm} {settings.llm_base_url}", open_judge(settings))
    print(json.dumps(agreement(list(found))))


def add(
    conversation: Annotated[str, typer.Argument(help="Id of a stored conversation.")],
    identity: Annotated[str, typer.Option("--id", help="Id of the new case, lower-case words joined by hyphens.")],
    file: Annotated[Path, typer.Option("--to", help="The gold file it is added to.")] = _GOLD / "added.jsonl",
    turn: Annotated[int | None, typer.Option("--turn", help="The turn that is judged, from 1; default: the last.")] = None,
) -> None:
    """Add a stored conversation to a gold file, for its author to complete."""
    from evals.add import append, stub
    from sequitur.history import open_history

    case = stub(open_history(load_settings()).answers(conversation), identity, turn)
    append(case, file)
    print(f"{identity}: added to {file}")
    print(
        f"evals: what the system did stands in as what is expected. Put it right, write a pattern for each nugget, then run `python -m evals check --gold {file}`",
        file=sys.stderr,
    )


def _by_id(gold: Path) -> dict[str, Case]:
    return {case.id: case for case in load_cases(gold)}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (report, export, judge, add):
        app.command()(command)
