"""The references as other programs read them, or as a journal prints them."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from sequitur.cli.common import Debug, app, explained
from sequitur.settings import load_settings


class Form(StrEnum):
    """How a bibliography is written."""

    VANCOUVER = "vancouver"
    RIS = "ris"
    BIBTEX = "bibtex"
    CSL = "csl-json"


@app.command()
def bibliography(
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.VANCOUVER,
    article: Annotated[str, typer.Option("--article", help="References of this article only.")] = "",
    debug: Debug = False,
) -> None:
    """The indexed references as a bibliography on stdout."""
    with explained(debug=debug):
        index = import_module("sequitur.index").open_index(load_settings().index)
        documents = [document for document in index.documents.values() if document.kind != "article" and article in {"", document.article}]
        sys.stdout.write(import_module("ingest.bibliography").written(documents, form.value))
