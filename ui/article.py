"""The article as its page tells it: head, review steps, text with its citation numbers, references, ledger and disclaimer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from sequitur.schema import Article, Block, Document, LedgerEntry, Section, Span, short_name
from ui.markup import Markup, element, hidden, join, text
from ui.words import STATUSES, Sign, step_states, updated

_STEP_WORDS = {"done": "done", "current": "current step", "ahead": "not reached", "unmarked": "not marked"}
_GLUED = re.compile(r"(?<=[a-z])(?=[A-Z])")


def head(article: Article, today: date) -> Markup:
    """Title, board line, date, review steps and the educational-purpose notice."""
    board = " · ".join(_GLUED.split(article.board, maxsplit=1)) if article.board else ""
    lines = [element("span", part) for part in (board, updated(article.last_updated, today)) if part]
    return element(
        "header",
        element("h1", article.title),
        element("p", *lines, class_="sq-byline"),
        stepper(article),
        notice(article),
        class_="sq-head",
    )


def stepper(article: Article) -> Markup:
    """The review steps; which one is reached comes from the article's status and from nothing else."""
    states = step_states(article.steps, article.status)
    steps = [
        element(
            "li",
            element("span", class_="sq-dot", aria_hidden="true"),
            name,
            hidden(f" ({_STEP_WORDS[state]})"),
            class_=f"sq-step sq-{state}",
        )
        for name, state in states
    ]
    unknown = article.status == "unknown" or all(state == "unmarked" for _, state in states)
    word = "Review status unknown" if article.status == "unknown" else f"Review status: {article.status}" if unknown else ""
    label = element("span", word, class_="sq-review-word") if word else Markup()
    listed = element("ol", *steps, class_="sq-steps", aria_label="Article review status") if steps else Markup()
    return element("div", listed, label, class_="sq-review")


def notice(article: Article) -> Markup:
    """The amber banner, in the page's own words."""
    if not article.notice:
        return Markup()
    return element(
        "p", element("span", "⚠", class_="sq-icon", aria_hidden="true"), element("span", article.notice), class_="sq-banner", role="note"
    )


def body(article: Article, ledger: Mapping[str, LedgerEntry], marks: Sequence[Span]) -> Markup:
    """The sections with nested bullets and steps; each citation number leads to what it stands for."""
    return element("article", *(_section(section, ledger, marks) for section in article.sections), class_="sq-prose sq-article", lang="en")


def _section(section: Section, ledger: Mapping[str, LedgerEntry], marks: Sequence[Span]) -> Markup:
    title = element("h3" if section.level > 2 else "h2", section.heading) if section.heading else Markup()
    return element("section", title, _blocks(section.blocks, ledger, marks))


def _blocks(blocks: Sequence[Block], ledger: Mapping[str, LedgerEntry], marks: Sequence[Span]) -> Markup:
    parts: list[Markup] = []
    for is_item, group in groupby(blocks, key=lambda block: block.kind in {"bullet", "step"}):
        run = tuple(group)
        parts += [_items(run, ledger, marks)] if is_item else [element("p", _content(block, ledger, marks)) for block in run]
    return join(parts)


def _items(items: Sequence[Block], ledger: Mapping[str, LedgerEntry], marks: Sequence[Span]) -> Markup:
    """A list; deeper items go inside the item above them."""
    level = items[0].level
    rows: list[Markup] = []
    at = 0
    while at < len(items):
        below = at + 1
        while below < len(items) and items[below].level > level:
            below += 1
        nested = _items(items[at + 1 : below], ledger, marks) if below > at + 1 else Markup()
        rows.append(element("li", _content(items[at], ledger, marks), nested))
        at = below
    return element("ol" if items[0].kind == "step" else "ul", *rows)


def _content(block: Block, ledger: Mapping[str, LedgerEntry], marks: Sequence[Span]) -> Markup:
    """The block's words; numbers inside a sentence are raised where they stand, those behind it follow."""
    parts: list[Markup] = []
    at = block.span.start
    for mark in marks:
        if block.span.start <= mark.start and mark.end <= block.span.end and mark.start >= at:
            before = block.text[at - block.span.start : mark.start - block.span.start]
            numbers = re.findall(r"\d+", block.text[mark.start - block.span.start : mark.end - block.span.start])
            parts += [text(before.rstrip()), _numbers(numbers, ledger)]
            at = mark.end
    return join([*parts, text(block.text[at - block.span.start :]), _numbers(block.citations, ledger)])


def _numbers(numbers: Sequence[str], ledger: Mapping[str, LedgerEntry]) -> Markup:
    return element("sup", join([_number(number, ledger) for number in numbers], ", "), class_="sq-sup") if numbers else Markup()


def _number(number: str, ledger: Mapping[str, LedgerEntry]) -> Markup:
    entry = ledger.get(number)
    sign = _sign(entry.status) if entry else STATUSES["unresolved"]
    said = (entry.title or "No source found") if entry else "Not in the ledger"
    dated = f"{said} ({entry.year})" if entry and entry.year else said
    tip = element(
        "span",
        element("span", f"{sign.icon} {sign.word}", class_="sq-tip-head"),
        element("span", dated, class_="sq-tip-body"),
        class_="sq-tip",
        role="tooltip",
    )
    link = element("a", number, class_="sq-ref", href=f"#ref-{number}", aria_label=f"Reference {number}: {sign.word}")
    return element("span", link, tip, class_="sq-cite")


def references(article: Article) -> Markup:
    """The reference list as the page prints it, grouped by kind."""
    parts: list[Markup] = []
    for kind, group in groupby(article.references, key=lambda entry: entry.kind):
        rows = [
            element(
                "li",
                f"{entry.label}. " if entry.label else "",
                element("span", entry.title, class_="sq-cited"),
                " ",
                element("em", ", ".join(filter(None, (entry.source, str(entry.year or ""))))),
            )
            for entry in group
        ]
        parts += [element("h3", kind or "Other"), element("ul", *rows, class_="sq-plain")]
    title = element("h2", "References")
    return element("section", title, *parts, class_="sq-prose") if parts else Markup()


def ledger_list(article: Article, ledger: Sequence[LedgerEntry], documents: Mapping[str, Document]) -> Markup:
    """What each citation number of the text stands for, and how sure that is."""
    if not ledger:
        return Markup()
    rows = [
        element("li", element("span", entry.number, class_="sq-number", id=f"ref-{entry.number}"), _entry(entry, documents))
        for entry in ledger
    ]
    numbered = any(entry.label for entry in article.references)
    intro = "This is what each number in the text was found to stand for, and how."
    intro = intro if numbered else f"The reference list prints no numbers. {intro}"
    return element(
        "section",
        element("h2", "What the numbers stand for"),
        element("p", intro, class_="sq-small"),
        element("ul", *rows, class_="sq-ledger"),
        class_="sq-prose",
    )


def _entry(entry: LedgerEntry, documents: Mapping[str, Document]) -> Markup:
    sign = _sign(entry.status)
    names = [short_name(documents[key]) for key in entry.document_ids if key in documents]
    title = entry.title or ", ".join(names) or "No source found"
    dated = f"{title} ({entry.year})" if entry.year and str(entry.year) not in title else title
    label = element("span", f"{sign.icon} {sign.word}", class_=f"sq-status sq-status-{entry.status}")
    traced = f": {', '.join(names)}" if entry.title and (len(names) > 1 or entry.status == "self-citation") and names else ""
    reason = (
        element("span", f"{entry.reason[:1].upper()}{entry.reason[1:].rstrip('.')}{traced}.", class_="sq-reason")
        if entry.reason
        else Markup()
    )
    return element("div", element("span", dated, class_="sq-cited"), " ", label, reason)


def _sign(status: str) -> Sign:
    return STATUSES.get(status, Sign("?", status))


def disclaimer(article: Article) -> Markup:
    """The professional disclaimer, in full."""
    if not article.disclaimer:
        return Markup()
    return element(
        "section",
        element("h2", "Professional Medical Disclaimer"),
        element("p", article.disclaimer),
        class_="sq-prose sq-disclaimer-article",
    )
