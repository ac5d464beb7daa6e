"""The command that speaks to a network, when it is allowed to: fetch."""

from __future__ import annotations

import dataclasses
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from sequitur.cli.common import ArticleOption, Debug, Json, app, explained, print_json
from sequitur.cli.indexing import progress
from sequitur.errors import FetchError
from sequitur.settings import load_settings


@app.command()
def fetch(
    references: Annotated[list[str] | None, typer.Argument(help="Ids of references; default: all.")] = None,
    corpus: Annotated[Path | None, typer.Option("--corpus", help="Corpus folder; default: the settings'.")] = None,
    article: ArticleOption = None,
    full_text: Annotated[bool, typer.Option("--full-text", help="Also take the full text of open-access publications.")] = False,
    add: Annotated[str, typer.Option("--add", metavar="DOI|PMID", help="Add a new reference instead.")] = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask again, whatever is cached.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Complete references from PubMed, Crossref and Europe PMC, with a dated retraction check. Off unless SEQUITUR_FETCH=1."""
    with explained(debug=debug):
        fetching = import_module("ingest.fetch")
        wish = fetching.Wish(tuple(references or ()), article or "", full_text, add, refresh)
        done = fetching.complete(load_settings(corpus=corpus), wish, progress())
        for one in done:
            for problem in one.problems:
                print(f"{one.article}/{one.id}: {problem}", file=sys.stderr)
        if as_json:
            print_json({"references": [dataclasses.asdict(one) for one in done]})
        else:
            for one in done:
                state = f"retraction check: {one.checked}, {one.retraction}" if one.checked else "retraction check: not run"
                print(f"{one.article}/{one.id}: {state}{f'; added {one.written}' if one.written else ''}")
        if done and fetching.failed(done):
            message = "no reference could be checked; what was known stays"
            raise FetchError(message)
        print("sequitur: `sequitur ingest` takes over what was found", file=sys.stderr)
