"""One answer as HTML: its sentences with chips, the evidence behind them, what was withheld, and always the disclaimer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sequitur.schema import Answer, Citation, CitedReference, Document, Outcome, short_name
from ui.markup import Markup, element, join, marked, source_address
from ui.prose import carrying, prose
from ui.words import STATUSES, Sign, kind_name, source_name, tier, updated

_CONFIDENCE = {"medium": "checked with medium confidence", "low": "checked with low confidence"}


def answer_html(answer: Answer, documents: Mapping[str, Document], turn: str, today: date) -> Markup:
    """Everything a reader is shown of an answer, in reading order."""
    cited = {citation.marker: citation for citation in answer.citations}
    words = element("div", prose(answer.answer, cited, turn), class_="sq-prose")
    parts = [
        _framed(answer, words),
        withheld(answer),
        evidence(answer, documents, turn),
        related(answer, documents, turn),
    ]
    return element("div", *parts, disclaimer(answer, today), class_="sq-answer")


def understood(answer: Answer) -> Markup:
    """How a follow-up was read, where that differs from what was asked."""
    if not answer.standalone or _same(answer.standalone, answer.question):
        return Markup()
    return element("p", "Understood as: ", element("span", answer.standalone), class_="sq-understood")


def _same(one: str, other: str) -> bool:
    return one.strip(" ?.!").casefold() == other.strip(" ?.!").casefold()


def _framed(answer: Answer, words: Markup) -> Markup:
    if answer.outcome is Outcome.URGENT:
        title = element("p", element("span", "✚", class_="sq-icon", aria_hidden="true"), "This may be an emergency", class_="sq-card-title")
        return element("div", title, words, class_="sq-card sq-urgent", role="alert")
    if answer.outcome is Outcome.ABSTAINED:
        title = element(
            "p",
            element("span", "∅", class_="sq-icon", aria_hidden="true"),
            "Not answered by this article or its references",
            class_="sq-card-title",
        )
        return element("div", title, words, class_="sq-card sq-abstained")
    return words


def withheld(answer: Answer) -> Markup:
    """How many sentences were written and not shown as answer, and why; opened, their words, marked as what they are."""
    if not answer.withheld:
        return Markup()
    reasons = "; ".join(dict.fromkeys(item.reason for item in answer.withheld))
    count = len(answer.withheld)
    summary = element("summary", f"{count} sentence{'' if count == 1 else 's'} not shown: {reasons}")
    warning = element("p", "No source carries these sentences. Do not rely on them.", class_="sq-withheld-warning")
    rows = [element("li", element("s", item.text), f" — {item.reason}") for item in answer.withheld]
    return element("details", summary, warning, element("ul", *rows), class_="sq-withheld")


def evidence(answer: Answer, documents: Mapping[str, Document], turn: str) -> Markup:
    """The passages behind the answer, each a click away and nothing else."""
    if not answer.citations:
        return Markup()
    said = {c.marker: [claim.text for claim in answer.claims if c.marker in claim.citations] for c in answer.citations}
    rows = [
        _entry(citation, answer, documents, f"{turn}-{citation.marker}", carrying(citation.passage, said[citation.marker]))
        for citation in answer.citations
    ]
    return element("section", element("h3", "Evidence"), *rows, class_="sq-evidence", aria_label="Evidence")


def related(answer: Answer, documents: Mapping[str, Document], turn: str) -> Markup:
    """The nearest passages of an abstention, labelled for what they are."""
    if not answer.related:
        return Markup()
    rows = [_entry(citation, answer, documents, f"{turn}-r{citation.marker}", (), numbered=False) for citation in answer.related]
    return element(
        "section",
        element("h3", "Related reading, does not answer the question"),
        *rows,
        class_="sq-evidence sq-related",
        aria_label="Related reading",
    )


def _entry(
    citation: Citation,
    answer: Answer,
    documents: Mapping[str, Document],
    anchor: str,
    ranges: tuple[tuple[int, int], ...],
    *,
    numbered: bool = True,
) -> Markup:
    number = element("span", str(citation.marker), class_="sq-number") if numbered else Markup()
    name = element("span", source_name(citation), class_="sq-label")
    place = " · ".join(filter(None, (citation.section, f"page {citation.page}" if citation.page else "")))
    section = element("span", place, class_="sq-section") if place else Markup()
    summary = element(
        "summary", number, element("span", name, badge(citation.kind, citation.year), section, *_flags(citation), class_="sq-sum")
    )
    quoted = element("blockquote", "“", marked(citation.passage, ranges), "”", id=anchor)
    title = element("p", element("cite", citation.title), class_="sq-title") if citation.title != source_name(citation) else Markup()
    chains = [_chain(link, answer, documents, anchor.rsplit("-", 1)[0]) for link in citation.cites]
    opened = element(
        "a",
        "Open the source at this passage",
        href=source_address(citation.source, citation.start, citation.end, answer.provenance.article),
        target="_blank",
        class_="sq-open",
    )
    checked = [element("p", citation.retraction_check.capitalize(), class_="sq-small")] if citation.retraction_check else []
    asked = element("button", "Ask about this", type="button", class_="sq-about")
    links = element("p", join([opened, asked], " "), class_="sq-links")
    return element("details", summary, quoted, title, *chains, *checked, links, class_="sq-source")


def badge(kind: str, year: int | None) -> Markup:
    """Kind and year; the outline tells guideline, review and trial apart, the word says it."""
    return element("span", " ".join(filter(None, (kind_name(kind), str(year or "")))), class_=f"sq-badge sq-tier-{tier(kind)}")


def _flags(citation: Citation) -> list[Markup]:
    flags = [flag for flag in citation.flags if flag != "related reading"]  # the heading says it
    said = [*flags, *([_CONFIDENCE[citation.confidence]] if citation.confidence in _CONFIDENCE else [])]
    return [element("span", flag, class_="sq-flag") for flag in said]


def _chain(link: CitedReference, answer: Answer, documents: Mapping[str, Document], turn: str) -> Markup:
    """One step of the evidence chain: Article cites 6 → Guimarães Pereira 2022 [2]."""
    sign = STATUSES.get(link.status, Sign("?", link.status))
    shown = next((citation for citation in answer.citations if citation.marker == link.marker), None)
    document = documents.get(link.document_id or "")
    name = source_name(shown) if shown else short_name(document) if document else "no source found"
    marker = element("a", f"[{link.marker}]", href=f"#{turn}-{link.marker}") if shown else Markup()
    status = element("span", f"{sign.icon} {sign.word}", class_=f"sq-status sq-status-{link.status}")
    return element("p", join([f"Article cites {link.number} → {name}", marker, status], " "), class_="sq-chain")


def disclaimer(answer: Answer, today: date) -> Markup:
    """The article's own disclaimer, in full, with the state of its review."""
    review = f"Article review status: {answer.review.status} · {updated(answer.review.last_updated, today)}"
    return disclaimer_line(answer.disclaimer, element("p", review, class_="sq-review-line"))


def disclaimer_line(words: str, *below: Markup) -> Markup:
    """The disclaimer as every answer, error and unfinished answer carries it."""
    return element("footer", element("p", element("strong", "Disclaimer"), " ", words), *below, class_="sq-disclaimer")
