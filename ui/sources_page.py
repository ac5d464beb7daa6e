"""The sources page: every document that may be cited, with its text; an address can point at one passage."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

import streamlit as st

from sequitur.errors import SequiturError
from sequitur.schema import Document, retraction_check, short_name
from ui.answer import badge
from ui.markup import Markup, element, join, marked
from ui.page import bring_into_view, cannot_open
from ui.session import shared_chat
from ui.sidebar import sidebar
from ui.words import tier

_METADATA = re.compile(r"\A---\n.*?\n---\s*\n", re.DOTALL)
_TIERS = ("article", "guideline", "review", "trial", "other")
_TITLES = {
    "article": "The article",
    "guideline": "Guidelines and consensus",
    "review": "Reviews and meta-analyses",
    "trial": "Trials",
    "other": "Other studies",
}


def sources_page() -> None:
    """All sources by kind; the passage that the address names comes first."""
    _sources()
    sidebar()


def _sources() -> None:
    try:
        documents = shared_chat().documents
    except SequiturError as error:
        cannot_open(error)
        return
    named = documents.get(st.query_params.get("document", ""))
    if named:
        start, end = _range(named)
        st.html(_named(named, start, end))
        if end > start:
            bring_into_view("passage")
    rows = sorted(documents.values(), key=lambda document: (_TIERS.index(tier(document.kind)), -(document.year or 0), document.title))
    title = element(
        "header",
        element("h1", "Sources"),
        element("p", f"{len(rows)} documents may be cited, and nothing else.", class_="sq-byline"),
        class_="sq-head",
    )
    st.html(join([title if not named else element("h2", "All sources", class_="sq-all"), *_groups(rows)]))


def _groups(rows: Iterable[Document]) -> Iterable[Markup]:
    for name, group in groupby(rows, key=lambda document: tier(document.kind)):
        yield element("section", element("h3", _TITLES[name]), *(_row(document) for document in group), class_="sq-evidence sq-library")


def _row(document: Document) -> Markup:
    title = element("span", document.title, class_="sq-section")
    summary = element(
        "summary",
        element("span", element("span", _name(document), class_="sq-label"), badge(document.kind, document.year), title, class_="sq-sum"),
    )
    return element("details", summary, _about(document), _text(document.text, 0, 0), class_="sq-source")


def _named(document: Document, start: int, end: int) -> Markup:
    head = element(
        "header",
        element("h1", _name(document)),
        element("p", document.title, class_="sq-byline"),
        badge(document.kind, document.year),
        class_="sq-head",
    )
    return element("section", head, _about(document), _text(document.text, start, end))


def _about(document: Document) -> Markup:
    """What is known of a document; how well a note was checked is said, not hidden."""
    confidence = f"Checked with {document.confidence} confidence" if document.confidence else ""
    pmid = f"PMID {document.pmid}" if document.pmid else ""
    about = (document.journal, document.population, confidence, pmid, retraction_check(document).capitalize(), *document.notes)
    lines = [line for line in about if line]
    link = element("a", document.url, href=document.url, target="_blank") if document.url else Markup()
    return element("p", join([*lines, *([link] if link else [])], " · "), class_="sq-small") if lines or link else Markup()


def _text(stored: str, start: int, end: int) -> Markup:
    """The stored text as it is, without the metadata block that stands above it already, and with the passage marked."""
    head = _METADATA.match(stored)
    begin = head.end() if head and not 0 < end <= head.end() else 0
    ranges = [(start - begin, end - begin)] if begin <= start < end else []
    return element("div", marked(stored[begin:], ranges, id="passage"), class_="sq-stored")


def _range(document: Document) -> tuple[int, int]:
    values = [st.query_params.get(name, "") for name in ("start", "end")]
    if not all(re.fullmatch(r"\d{1,9}", value) for value in values):
        return 0, 0
    start, end = (int(value) for value in values)
    return (start, end) if start < end <= len(document.text) else (0, 0)


def _name(document: Document) -> str:
    return "This article" if document.kind == "article" else short_name(document)
