"""`evals probes`, `evals external` and `evals followup`: how the system stands up to disturbance, and on other people's data."""

from __future__ import annotations

import dataclasses
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evals.cases import load_cases
from evals.units import Unit
from sequitur.settings import load_settings

_GOLD = Path(__file__).parent / "gold"
_AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def followup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Holds corpus.jsonl, conversations.jsonl and qrels.tsv.")],
    unit: Annotated[Unit, typer.Option("--unit", help="What is indexed: whole passages, or each sentence of them.")] = Unit.WHOLE,
) -> None:
    """Measure follow-up questions on conversations of any subject; the last line of stdout is JSON."""
    from evals.followup import followup as measure

    print(json.dumps(measure(folder, load_settings(), unit)))


class Layout(StrEnum):
    """Public layouts that can be read."""

    BEIR = "beir"
    TREC = "trec"
    MTRAG = "mtrag"
    BIOASQ = "bioasq"


def external(
    layout: Annotated[Layout, typer.Argument(metavar="FORMAT", help="beir, trec, mtrag or bioasq.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder; for bioasq a golden JSON file.")],
) -> None:
    """Measure on a public data set as it lies on disk; the last line of stdout is JSON."""
    from evals.external.bioasq import bioasq
    from evals.external.retrieval import retrieval
    from evals.followup import followup as conversations

    settings = load_settings()
    if layout is Layout.BIOASQ:
        figures = bioasq(path, settings)
    elif layout is Layout.MTRAG:
        figures = conversations(path, settings)
    else:
        figures = retrieval(layout.value, path, settings)
    print(json.dumps(figures))


def probes(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Which probes; default: all.")] = None,
    gold: Annotated[Path, typer.Option("--gold", help="Where the questions come from; the dev half alone is asked.")] = _GOLD,
    most: Annotated[int, typer.Option("--cases", min=1, help="Cases that each probe asks.")] = 40,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of samples and changes.")] = 0,
    as_json: _AsJson = False,
) -> None:
    """Disturb claims, passages, wordings and order, and report how much that changes."""
    from evals.probes import Ground, probe, table
    from sequitur.chat import open_chat

    settings = load_settings()
    found = []
    for finding in probe(names or [], Ground(settings, open_chat(settings), load_cases(gold, "dev"), seed, most)):
        found.append(finding)
        print(f"evals: {finding.name} done", file=sys.stderr)
    print(json.dumps([dataclasses.asdict(finding) for finding in found], ensure_ascii=False) if as_json else table(found))


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (followup, external, probes):
        app.command()(command)
