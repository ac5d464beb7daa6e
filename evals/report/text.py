"""Texts of answers, made fit for a page."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": False}).disable(
    ["image", "link", "autolink", "heading", "lheading", "fence", "code", "html_block"]
)


def one_line(text: str) -> str:
    """Without line breaks."""
    return " ".join(text.split())


def as_html(answer: str, anchor: str) -> str:
    """An answer's Markdown as HTML: paragraphs, lists and emphasis alone, its markers linked to the citations below it."""
    rendered = str(_READER.render(answer))
    return re.sub(r"\[(\d{1,3})\]", rf'<a href="#{anchor}-\1">[\1]</a>', rendered)
