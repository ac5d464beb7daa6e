"""The references as other programs read them, or as a journal prints them."""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from sequitur.cli.common import ArticleOption, Debug, app, explained
from sequitur.errors import SettingsError
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
    article: ArticleOption = None,
    debug: Debug = False,
) -> None:
    """The indexed references as a bibliography on stdout."""
    with explained(debug=debug):
        settings = load_settings(article=article)
        index = import_module("sequitur.index").open_index(settings.index)
        articles = sorted(document.id for document in index.documents.values() if document.kind == "article")
        if settings.article and settings.article not in articles:
            message = f"no article {settings.article!r} is indexed; there are {', '.join(articles) or 'none'}"
            raise SettingsError(message)
        documents = [
            document for document in index.documents.values() if document.kind != "article" and settings.article in {"", document.article}
        ]
        sys.stdout.write(import_module("ingest.bibliography").written(documents, form.value))
