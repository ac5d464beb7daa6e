"""`sequitur audit`: the article held against its references."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from sequitur.cli.common import ArticleOption, Debug, Json, app, explained, print_json
from sequitur.errors import QuestionError
from sequitur.settings import load_settings

_FORMS = {".md": "markdown", ".html": "html"}


@app.command()
def audit(
    article: ArticleOption = None,
    report: Annotated[Path | None, typer.Option("--report", metavar="FILE.md|FILE.html", help="Write a report for editors.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Hold each cited claim of the article against the passages of the references it cites."""
    with explained(debug=debug):
        if report is not None and report.suffix.lower() not in _FORMS:
            message = f"a report is written as .md or .html, not as {report.name!r}"
            raise QuestionError(message)
        auditing, record = import_module("sequitur.audit"), import_module("sequitur.audit.record")
        settings = load_settings()
        index = import_module("sequitur.index").open_index(settings.index)
        english = import_module("sequitur.adapters.embedders").open_embedder(settings.embedder, settings.models).english()
        found = auditing.audit_article(index, auditing.article_entry(index, article or settings.article or None), english)
        if report is not None:
            write = getattr(import_module("sequitur.audit.report"), _FORMS[report.suffix.lower()])
            _write(report, write(found))
        if as_json:
            print_json(record.audit_record(found))
        else:
            print(record.audit_lines(found))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"the report {path} cannot be written ({error.strerror})"
        raise QuestionError(message) from error
    print(f"wrote {path}", file=sys.stderr)
