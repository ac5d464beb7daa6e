"""`sequitur references`: what the article's citation numbers stand for."""

from __future__ import annotations

from importlib import import_module

from sequitur.cli.common import ArticleOption, Debug, Json, app, explained, print_json
from sequitur.settings import load_settings


@app.command()
def references(article: ArticleOption = None, as_json: Json = False, debug: Debug = False) -> None:
    """The article's reference ledger: what each in-text number stands for, how that is known, and the claims that cite it."""
    with explained(debug=debug):
        auditing, record = import_module("sequitur.audit"), import_module("sequitur.audit.record")
        settings = load_settings()
        index = import_module("sequitur.index").open_index(settings.index)
        english = import_module("sequitur.adapters.embedders").open_embedder(settings.embedder, settings.models).english()
        found = auditing.audit_article(index, auditing.article_entry(index, article or settings.article or None), english)
        if as_json:
            print_json(record.ledger_record(found))
        else:
            print(record.ledger_lines(found))
