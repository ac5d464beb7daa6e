"""Retrieval measured on collections of others."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from sequitur.cli.common import Debug, Json, app, explained, print_json
from sequitur.settings import load_settings


@app.command()
def beir(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder in BEIR layout: corpus.jsonl, queries.jsonl, qrels.tsv.")],
    run: Annotated[Path, typer.Option("--run", metavar="OUT.trec", help="Where the TREC run of the top 100 is written.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Index a collection apart from your own, send each query through the whole path, and measure the ranking."""
    with explained(debug=debug):
        settings = load_settings()
        embedder = import_module("sequitur.adapters.embedders").open_embedder(settings.embedder, settings.models)
        figures = import_module("sequitur.beir").run_beir(folder, run, embedder)
        if as_json:
            print_json(figures)
            return
        for name, value in figures.items():
            print(f"{name:14} {value}")
