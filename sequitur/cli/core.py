"""The commands of daily use: ask, search, batch, text, articles, chat, run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sequitur.cli.common import ArticleOption, Debug, Json, RoleOption, app, explained, print_json
from sequitur.cli.conversations import Kept
from sequitur.errors import QuestionError
from sequitur.schema import Answer, Document, Hit, Role
from sequitur.settings import load_settings

if TYPE_CHECKING:
    from sequitur.chat import Chat


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question.")],
    conversation: Annotated[str | None, typer.Option("--conversation", help="Continue (or begin) a stored conversation.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="Words of the article or of a citation that the question is about.")] = None,
    role: RoleOption = Role.CLINICIAN,
    article: ArticleOption = None,
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
        answers = kept.answers if kept else ()
        chat = asking.open_library(settings).chat(_subject(answers, article or ""))
        turns = tuple(chat.turn(answer) for answer in answers)
        answer = chat.ask(question, turns, role, asking.about(question, about) if about else None)
        if kept:
            kept.append(answer)
        if as_json:
            print_json(record(answer))
        else:
            print(terminal(answer))


def _subject(answers: Sequence[Answer], named: str) -> str:
    """The article a conversation is about: the one it began with, else the one named."""
    begun = next((answer.provenance.article for answer in answers if answer.provenance.article), "")
    if begun and named and begun != named:
        message = f"this conversation is about the article {begun!r}: begin a new one about {named!r}"
        raise QuestionError(message)
    return begun or named


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    article: ArticleOption = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Search all articles and their references.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Ranked passages for a question."""
    with explained(debug=debug):
        if everywhere and article:
            message = "--all searches every article: leave out --article, or --all"
            raise QuestionError(message)
        library = import_module("sequitur.chat").open_library(load_settings())
        found = library.search(query, k) if everywhere else _in_one(library.chat(article or ""), query, k)
        hits = [
            {
                "rank": hit.rank,
                "score": hit.score,
                "passage_id": hit.passage.id,
                "document_id": hit.passage.document_id,
                "article": document.article,
                "title": document.title,
                "section": hit.passage.section,
                "text": hit.passage.text,
                "dense_rank": hit.dense_rank,
                "bm25_rank": hit.bm25_rank,
                "similarity": hit.similarity,
            }
            for document, hit in found
        ]
        if as_json:
            print_json({"query": query, "hits": hits})
            return
        for hit in hits:
            print(f"{hit['rank']:3} {hit['score']:.3f} {hit['document_id']} · {hit['section']}\n      {hit['text']}")


def _in_one(chat: Chat, query: str, k: int) -> tuple[tuple[Document, Hit], ...]:
    return tuple((chat.documents[hit.passage.document_id], hit) for hit in chat.search(query, k))


@app.command()
def articles(as_json: Json = False, debug: Debug = False) -> None:
    """The articles of the index: the names that --article takes."""
    with explained(debug=debug):
        index = import_module("sequitur.index").open_index(load_settings().index)
        rows = [
            {
                "article": entry.article.document_id,
                "title": entry.article.title,
                "status": entry.article.status,
                "last_updated": entry.article.last_updated,
                "references": sum(
                    document.article == entry.article.document_id and document.kind != "article" for document in index.documents.values()
                ),
            }
            for entry in index.articles
        ]
        if as_json:
            print_json({"articles": rows})
            return
        for row in rows:
            print(f"{row['article']}: {row['title']} (review status: {row['status']}; {row['references']} references)")


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help='Lines of {"id","turns":[…]}, each with an "article" if need be.')],
    target: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="One answer a line, in the same order.")],
    role: RoleOption = Role.CLINICIAN,
    article: ArticleOption = None,
    debug: Debug = False,
) -> None:
    """Answer the last turn of each conversation, with the earlier ones as history."""
    with explained(debug=debug):
        import_module("sequitur.batch").run_batch(source, target, load_settings(article=article), role)


@app.command()
def text(
    document_id: Annotated[str, typer.Argument(help="Id of a document.")], article: ArticleOption = None, debug: Debug = False
) -> None:
    """The stored text of a document, into which every offset points."""
    with explained(debug=debug):
        index = import_module("sequitur.index").open_index(load_settings().index)
        index = index.about(article) if article else index
        document = index.documents.get(document_id)
        if document is None:
            message = f"no document {document_id!r} in the index; there are {', '.join(sorted(index.documents))}"
            raise QuestionError(message)
        sys.stdout.write(document.text)


@app.command()
def chat(role: RoleOption = Role.CLINICIAN, article: ArticleOption = None, debug: Debug = False) -> None:
    """Chat in the terminal; an empty line or Ctrl-D ends it."""
    with explained(debug=debug):
        from sequitur.render import terminal

        asked = import_module("sequitur.chat").open_chat(load_settings(article=article))
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
        page = Path(__file__).resolve().parents[2] / "app.py"
        command = [sys.executable, "-m", "streamlit", "run", str(page), "--server.port", str(port), "--server.address", host]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter with our own page
