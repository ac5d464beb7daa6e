"""The only place where HTML is written: every value is escaped here, so nothing a document, question or answer says can act on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, urlencode

_VOID = frozenset({"br", "hr"})
_HREF = re.compile(r"\A(?:#|https?://|[a-z]+\?)[^\s]*", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#~$:|!&])")


class Markup(str):
    """HTML that this module wrote."""

    __slots__ = ()


def text(value: str) -> Markup:
    """A value as inert HTML text."""
    return value if isinstance(value, Markup) else Markup(escape(value))


def element(name: str, *children: str, **attributes: str) -> Markup:
    """One element; children and attribute values are escaped unless they are `Markup`. `class_`, `aria_label` lose and turn underscores."""
    written = "".join(f' {_attribute(key)}="{escape(_checked(key, value))}"' for key, value in attributes.items() if value)
    opening = f"<{name}{written}>"
    return Markup(opening) if name in _VOID else Markup(f"{opening}{join(children)}</{name}>")


def join(parts: Iterable[str], separator: str = "") -> Markup:
    """Parts side by side, each escaped unless it is `Markup`."""
    return Markup(text(separator).join(text(part) for part in parts))


def marked(value: str, ranges: Iterable[tuple[int, int]], **attributes: str) -> Markup:
    """A value with the given ascending, disjoint character ranges inside `<mark>`."""
    parts: list[Markup] = []
    at = 0
    for start, end in ranges:
        parts += [text(value[at:start]), element("mark", value[start:end], **attributes)]
        at = end
    return join([*parts, value[at:]])


def hidden(value: str) -> Markup:
    """Words for screen readers only."""
    return element("span", value, class_="sq-sr")


def source_address(document_id: str, start: int, end: int, article: str = "") -> str:
    """The address of a passage on the sources page of an article."""
    subject = {"article": article} if article else {}
    return "sources?" + urlencode({**subject, "document": document_id, "start": start, "end": end}, quote_via=quote)


def inert(value: str) -> str:
    """A value as Markdown that shows itself: no link, image, formula, icon or colour of Streamlit's dialect works in it."""
    return _MARKDOWN.sub(r"\\\1", " ".join(value.split()))


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _checked(key: str, value: str) -> str:
    return value if key != "href" or _HREF.fullmatch(value) else "#"
