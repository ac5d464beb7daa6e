"""Commands for kept conversations: list, rename, delete, export, and what has changed since."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from sequitur.cli.common import ArticleOption, Debug, Json, app, explained, print_json
from sequitur.errors import HistoryError, StoreError
from sequitur.schema import Answer
from sequitur.settings import Settings, load_settings

conversations = typer.Typer(no_args_is_help=True, help="List, rename and delete stored conversations.")
app.add_typer(conversations, name="conversations")

Id = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its id, as `sequitur conversations list` shows it.")]


@conversations.command("list")
def list_all(as_json: Json = False, debug: Debug = False) -> None:
    """All stored conversations, the latest first."""
    with explained(debug=debug):
        rows = _history().conversations()
        if as_json:
            fields = ("id", "title", "turns")
            times = ("created", "updated")
            print_json(
                {
                    "conversations": [
                        {name: getattr(row, name) for name in fields} | {name: getattr(row, name).isoformat() for name in times}
                        for row in rows
                    ]
                }
            )
            return
        for row in rows:
            print(f"{row.id}  {row.updated.astimezone():%Y-%m-%d %H:%M}  {row.turns:3}  {row.title}")
        if not rows:
            print('sequitur: nothing is stored yet: `sequitur ask "…" --conversation NAME` begins a conversation', file=sys.stderr)


@conversations.command()
def rename(
    conversation: Id,
    title: Annotated[str, typer.Argument(help="Its new name.")],
    debug: Debug = False,
) -> None:
    """Give a conversation another name; its id stays."""
    with explained(debug=debug):
        _history().rename(conversation, title)


@conversations.command()
def delete(conversation: Id, debug: Debug = False) -> None:
    """Delete a conversation and everything that was said in it. It cannot be brought back."""
    with explained(debug=debug):
        if not _history().delete(conversation):
            message = f"no conversation {conversation!r}: `sequitur conversations list` shows what is stored"
            raise HistoryError(message)


@app.command()
def export(
    conversation: Id,
    form: Annotated[str, typer.Option("--format", metavar="[markdown|html|json]", help="What to write on stdout.")] = "markdown",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: a record that evals/recheck.py proves.")] = False,
    debug: Debug = False,
) -> None:
    """Write a stored conversation with its citations and the disclaimer."""
    with explained(debug=debug):
        from sequitur.export import Form, as_html, as_markdown
        from sequitur.export import as_json as as_record

        if form not in set(Form):
            message = f"{form!r} is no format: there are {', '.join(Form)}"
            raise typer.BadParameter(message)
        settings = load_settings()
        history = _history()
        found = history.conversation(conversation)
        answers = history.answers(conversation)
        if as_json or form == Form.JSON:
            print_json(as_record(found, answers, _documents(settings.index, answers)))
        else:
            sys.stdout.write((as_html if form == Form.HTML else as_markdown)(found, answers))


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="An export: what `sequitur export CONVERSATION --json` wrote.")],
    new: Annotated[
        Path | None, typer.Argument(metavar="[NEW]", help="A later export of the same questions; without it they are asked again now.")
    ] = None,
    article: ArticleOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Show which saved answers are no longer the same, and which documents made them so.

    Export a conversation, change the corpus, run `sequitur ingest`, and compare: with NEW left out, the questions of OLD are asked of the index in
    force, as they were understood then. Claims that went are marked -, claims that came +.
    """
    with explained(debug=debug):
        from sequitur import diff as differ

        before = differ.read_export(old)
        if new is None:
            after = differ.ask_again(before, import_module("sequitur.chat").open_library(load_settings()).chat(article or before.article))
        else:
            after = differ.read_export(new)
        found = differ.changes(before, after)
        if as_json:
            print_json(differ.record(before, after, found))
        else:
            print(differ.terminal(before, after, found))


class Kept:
    """The conversation that a question continues. A failing store costs the history, never the answer, and is said on stderr."""

    def __init__(self, settings: Settings, conversation: str) -> None:
        """Read what was said so far.

        Raises:
            HistoryError: the id is unusable.
        """
        store = import_module("sequitur.history")
        store.check_id(conversation)
        self._id = conversation
        self._history: Any = None
        self.answers: tuple[Answer, ...] = ()
        try:
            self._history = store.open_history(settings)
            self.answers = self._history.answers(conversation)
        except HistoryError as error:
            self._history = None
            print(f"sequitur: asked without what was said before, and not kept: {error}", file=sys.stderr)

    def append(self, answer: Answer) -> None:
        """Keep an answer."""
        if self._history is None:
            return
        try:
            self._history.append(self._id, answer)
        except HistoryError as error:
            print(f"sequitur: this answer is not kept: {error}", file=sys.stderr)


def _documents(location: str, answers: Sequence[Answer]) -> Any:  # noqa: ANN401 - documents by id, or None
    """What the corpus holds now of a conversation's article; a conversation can be exported without an index too, and then says nothing of it."""
    subject = next((answer.provenance.article for answer in answers if answer.provenance.article), "")
    try:
        index = import_module("sequitur.index").open_index(location)
        return index.about(subject).documents if subject else index.documents
    except StoreError as error:
        print(f"sequitur: exported without the state of the corpus: {error}", file=sys.stderr)
        return None


def _history() -> Any:  # noqa: ANN401 - imported late: a History
    return import_module("sequitur.history").open_history(load_settings())
