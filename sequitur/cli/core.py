"""The commands of daily use: ingest, ask, search, batch, verify, text, chat, run."""

from __future__ import annotations

import dataclasses
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from sequitur.cli.common import Debug, Json, RoleOption, app, explained, print_json
from sequitur.cli.conversations import Kept
from sequitur.errors import QuestionError
from sequitur.schema import Role
from sequitur.settings import load_settings


@app.command()
def ingest(
    corpus: Annotated[Path | None, typer.Argument(help="Corpus folder; default: the settings'.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Read the corpus and build or update the index; only changed files are embedded again."""
    with explained(debug=debug):
        report = import_module("ingest.build").build_index(load_settings(corpus=corpus), _progress)
        for rejected in report.rejected:
            print(f"rejected {rejected.file}: {rejected.reason}", file=sys.stderr)
        if as_json:
            print_json(dataclasses.asdict(report))
        else:
            print(
                f"{report.documents} documents, {report.passages} passages in {report.index}: {report.added} added, {report.changed} changed, "
                f"{report.removed} removed, {report.unchanged} unchanged; {report.embedded} passages embedded in {report.seconds} s"
            )


def _progress(done: int, total: int) -> None:
    print(f"embedded {done} of {total} passages", file=sys.stderr)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    conversation: Annotated[str | None, typer.Option("--conversation", help="Continue (or begin) a stored conversation.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="Words of the article or of a citation that the question is about.")] = None,
    role: RoleOption = Role.CLINICIAN,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Answer one question with cited, verified passages."""
    with explained(debug=debug):
        from sequitur.condense import question_text
        from sequitur.render import record, terminal

        question_text(question)  # a question that cannot be asked costs no loading
        settings = load_settings()
        kept = None if conversation is None else Kept(settings, conversation)
        asking = import_module("sequitur.chat")
        chat = asking.open_chat(settings)
        turns = tuple(chat.turn(answer) for answer in kept.answers) if kept else ()
        answer = chat.ask(question, turns, role, asking.about(question, about) if about else None)
        if kept:
            kept.append(answer)
        if as_json:
            print_json(record(answer))
        else:
            print(terminal(answer))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ranked passages for a question."""
    with explained(debug=debug):
        chat = import_module("sequitur.chat").open_chat(load_settings())
        hits = [
            {
                "rank": hit.rank,
                "score": hit.score,
                "passage_id": hit.passage.id,
                "document_id": hit.passage.document_id,
                "title": chat.documents[hit.passage.document_id].title,
                "section": hit.passage.section,
                "text": hit.passage.text,
                "dense_rank": hit.dense_rank,
                "bm25_rank": hit.bm25_rank,
                "similarity": hit.similarity,
            }
            for hit in chat.search(query, k)
        ]
        if as_json:
            print_json({"query": query, "hits": hits})
            return
        for hit in hits:
            print(f"{hit['rank']:3} {hit['score']:.3f} {hit['document_id']} · {hit['section']}\n      {hit['text']}")


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help='Lines of {"id","turns":[…]}.')],
    target: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="One answer a line, in the same order.")],
    role: RoleOption = Role.CLINICIAN,
    debug: Debug = False,
) -> None:
    """Answer the last turn of each conversation, with the earlier ones as history."""
    with explained(debug=debug):
        import_module("sequitur.batch").run_batch(source, target, load_settings(), role)


@app.command()
def verify(as_json: Json = False, debug: Debug = False) -> None:
    """Check the index against its manifest and the corpus; exit 1 and a list when anything differs."""
    with explained(debug=debug):
        differences = import_module("ingest.check").verify_index(load_settings())
        if as_json:
            print_json({"ok": not differences, "differences": differences})
        elif not differences:
            print("the index is whole and matches the corpus")
        for line in differences if not as_json else ():
            print(line)
        if differences:
            if not as_json:
                print("sequitur: the index differs: run `sequitur ingest`", file=sys.stderr)
            raise typer.Exit(1)


@app.command()
def text(document_id: Annotated[str, typer.Argument(help="Id of a document.")], debug: Debug = False) -> None:
    """The stored text of a document, into which every offset points."""
    with explained(debug=debug):
        index = import_module("sequitur.index").open_index(load_settings().index)
        document = index.documents.get(document_id)
        if document is None:
            message = f"no document {document_id!r} in the index; there are {', '.join(sorted(index.documents))}"
            raise QuestionError(message)
        sys.stdout.write(document.text)


@app.command()
def chat(role: RoleOption = Role.CLINICIAN, debug: Debug = False) -> None:
    """Chat in the terminal; an empty line or Ctrl-D ends it."""
    with explained(debug=debug):
        from sequitur.render import terminal

        asked = import_module("sequitur.chat").open_chat(load_settings())
        print(f"{asked.article.title}\nYou could ask: {' · '.join(asked.starters)}\n", file=sys.stderr)
        turns: list[Any] = []
        while True:
            try:
                line = input("? ").strip()
            except EOFError:
                break
            if not line:
                break
            try:
                answer = asked.ask(line, tuple(turns), role)
            except QuestionError as error:
                print(f"sequitur: {error}", file=sys.stderr)
                continue
            turns.append(asked.turn(answer))
            print(f"\n{terminal(answer)}\n")


@app.command()
def run(
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8501,
    host: Annotated[str, typer.Option("--host")] = "localhost",
    debug: Debug = False,
) -> None:
    """Open the page with the article and its chat."""
    with explained(debug=debug):
        page = Path(__file__).resolve().parent.parent / "app.py"
        command = [sys.executable, "-m", "streamlit", "run", str(page), "--server.port", str(port), "--server.address", host]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter with our own page
