"""A stored conversation as Markdown, as an HTML page, and as a record that `evals/recheck.py` can prove against the corpus."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from html import escape
from typing import Any

from markdown_it import MarkdownIt

from sequitur import __version__
from sequitur.chat import corpus_digest
from sequitur.history import Conversation
from sequitur.render import markdown, record, review_line, source_line, withheld_line
from sequitur.schema import Answer, Citation, Document

FORMAT = "sequitur-conversation"
_MARKER = re.compile(r"\[(\d{1,4})\]")


class Form(StrEnum):
    """What a conversation can be exported as."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def as_markdown(conversation: Conversation, answers: Sequence[Answer]) -> str:
    """Question by question, each answer with its sources and the disclaimer."""
    title = " ".join(re.sub(r"([\\`*_\[\]<>#|~$!])", r"\\\1", conversation.title).split())
    return "\n".join([f"# {title}\n", *(markdown(answer) for answer in answers)])


def as_json(conversation: Conversation, answers: Sequence[Answer], documents: Mapping[str, Document] | None) -> dict[str, Any]:
    """The record: all answers whole, every source that they quote, and what the article's corpus held, where an index is at hand."""
    slug = answers[-1].provenance.article
    held = None
    if documents is not None:
        held = {document.id: document.sha256 for document in documents.values() if document.article == slug or not slug}
    corpus = None if held is None else {"sha256": corpus_digest(held), "documents": held}
    return {
        "format": FORMAT,
        "version": 1,
        "made_by": f"sequitur {__version__}",
        "conversation": {
            "id": conversation.id,
            "title": conversation.title,
            "created": conversation.created.isoformat(),
            "updated": conversation.updated.isoformat(),
        },
        "disclaimer": answers[-1].disclaimer,
        "corpus": corpus,
        "sources": _sources(answers, documents or {}),
        "answers": [record(answer) for answer in answers],
    }


def _sources(answers: Sequence[Answer], documents: Mapping[str, Document]) -> list[dict[str, Any]]:
    """Every version of a source that is quoted, once; `path` is below the corpus folder, null where that version is no longer there."""
    quoted = {(citation.source, citation.sha256): citation for answer in answers for citation in (*answer.citations, *answer.related)}
    rows = []
    for (source, sha256), citation in sorted(quoted.items()):
        document = documents.get(source)
        rows.append(
            {
                "id": source,
                "sha256": sha256,
                "title": citation.title,
                "kind": citation.kind,
                "year": citation.year,
                "url": citation.url,
                "path": document.path if document and document.sha256 == sha256 else None,
            }
        )
    return rows


def as_html(conversation: Conversation, answers: Sequence[Answer]) -> str:
    """One page that needs nothing else; what a source, a question or an answer says cannot act in it."""
    title = escape(conversation.title)
    turns = "\n".join(_turn(number, answer) for number, answer in enumerate(answers, 1))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{turns}\n</body>\n</html>\n"
    )


def _turn(number: int, answer: Answer) -> str:
    """One question and its answer; the anchors of its sources carry the turn's number."""
    known = {citation.marker for citation in answer.citations}

    def linked(match: re.Match[str]) -> str:
        marker = int(match[1])
        return f'<a href="#t{number}-{marker}">[{marker}]</a>' if marker in known else match[0]

    parts = [f"<h2>{escape(answer.question)}</h2>"]
    if answer.standalone != answer.question:
        parts.append(f'<p class="small">Understood as: {escape(answer.standalone)}</p>')
    parts.append(_MARKER.sub(linked, _writer().render(answer.answer)))
    if answer.citations:
        rows = "\n".join(_source(citation, f"t{number}-{citation.marker}", f"[{citation.marker}] ") for citation in answer.citations)
        parts.append(f'<ul class="sources">\n{rows}\n</ul>')
    if answer.related:
        rows = "\n".join(_source(citation, f"t{number}-r{citation.marker}", "") for citation in answer.related)
        parts.append(f'<p class="small">Related reading, does not answer the question</p>\n<ul class="sources">\n{rows}\n</ul>')
    said = [withheld_line(answer)] if answer.withheld else []
    said += [f"Note: {answer.note}."] if answer.note else []
    parts += [f'<p class="small">{escape(line)}</p>' for line in (*said, review_line(answer))]
    parts.append(f'<p class="disclaimer"><strong>Disclaimer</strong> {escape(answer.disclaimer)}</p>')
    return f"<section>\n{chr(10).join(parts)}\n</section>"


def _source(citation: Citation, anchor: str, number: str) -> str:
    line = f"{number}{escape(source_line(citation))}"
    if citation.url and re.match(r"https?://", citation.url):
        line += f' · <a href="{escape(citation.url)}" rel="noreferrer">{escape(citation.url)}</a>'
    place = f"{citation.source} {citation.start}–{citation.end}, sha256 {citation.sha256}"
    return f'<li id="{anchor}">{line}<blockquote>{escape(citation.passage)}</blockquote><code>{escape(place)}</code></li>'


def _writer() -> MarkdownIt:
    """Answers are written in a small Markdown: no HTML, no links and no pictures of theirs work here."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["link", "image", "autolink", "html_inline", "html_block"])


_STYLE = (
    "body{max-width:42rem;margin:2rem auto;padding:0 1rem;font:1.0625rem/1.55 Georgia,serif;color:#1d1f20;background:#fdfcfa;overflow-wrap:anywhere}"
    "section{border-top:1px solid #d9d5cc;padding:1rem 0}h1{font-size:1.75rem}h2{font-size:1.25rem}"
    ".small,.disclaimer,.sources{font-size:.875rem;color:#565b5c}.sources{list-style:none;padding:0}li:target{background:#e1efee}"
    "blockquote{margin:.25rem 0;padding-left:.75rem;border-left:2px solid #0b6b6f;white-space:pre-line;color:#1d1f20}"
    "code{font-size:.75rem}.disclaimer{border-top:1px solid #d9d5cc;padding-top:.5rem}table{border-collapse:collapse}td,th{border:1px solid #d9d5cc;padding:.25rem .5rem}"
    "@media(prefers-color-scheme:dark){body,blockquote{color:#e6e4df;background:#141616}a{color:#6fd0cd}.small,.disclaimer,.sources{color:#a9aeac}}"
)
