"""The page for editors: each cited claim of the article with what its references say of it, and what the article leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

import streamlit as st

from sequitur.adapters.embedders import open_embedder
from sequitur.audit import Audit, AuditVerdict, Chain, Evidence, Omission, Remark, article_entry, audit_article
from sequitur.audit.record import STANDINGS, left_out
from sequitur.audit.report import ABOUT, SIGNS, html, markdown
from sequitur.errors import SequiturError
from sequitur.generations import current_generation
from sequitur.index import open_index
from sequitur.schema import Document
from sequitur.settings import Settings, load_settings
from ui.markup import Markup, element, join, source_address, text
from ui.page import cannot_open
from ui.session import current, shared_chat
from ui.sidebar import sidebar

_ALL = "All"


def audit_page() -> None:
    """The whole page, or what is wrong with the index."""
    try:
        chat = shared_chat()
        settings = load_settings()
        generation = None if "://" in settings.index else current_generation(Path(settings.index))
        audit = _audit(settings, generation.name if generation else "", current().article)
    except SequiturError as error:
        cannot_open(error)
    else:
        _page(audit, chat.documents)
    sidebar()


@st.cache_resource(
    show_spinner="Holding each claim against its references …", hash_funcs={Settings: Settings.model_dump_json}, max_entries=4
)
def _audit(settings: Settings, generation: str, article: str) -> Audit:  # noqa: ARG001 - part of the key
    index = open_index(settings.index)
    english = open_embedder(settings.embedder, settings.models).english()
    return audit_article(index, article_entry(index, article or None), english)


def _page(audit: Audit, documents: Mapping[str, Document]) -> None:
    st.html(
        element(
            "header",
            element("h1", "Audit"),
            element("p", audit.title, class_="sq-byline"),
            element("p", ABOUT, class_="sq-small"),
            class_="sq-head",
        )
    )
    counts = {verdict: audit.count(verdict) for verdict in AuditVerdict}
    names = {_ALL: f"All {len(audit.chains)}"} | {
        verdict.value: f"{SIGNS[verdict]} {counts[verdict]} {verdict.value}" for verdict in AuditVerdict if counts[verdict]
    }
    with st.container(key="audit-choice"):
        chosen = st.segmented_control(
            "Show claims",
            list(names),
            format_func=names.__getitem__,
            default=_ALL,
            required=True,
            key="audit-shown",
            label_visibility="collapsed",
        )
    shown = [chain for chain in audit.chains if chosen in {_ALL, None, chain.verdict.value}]
    st.html(join([*_sections(shown, audit.article, documents), *(_omissions(title, found, documents) for title, found in left_out(audit))]))
    with st.container(key="audit-reports", horizontal=True):
        st.download_button("Report as HTML", html(audit), f"audit-{audit.article}.html", "text/html", on_click="ignore")
        st.download_button("Report as Markdown", markdown(audit), f"audit-{audit.article}.md", "text/markdown", on_click="ignore")


def _sections(chains: Iterable[Chain], article: str, documents: Mapping[str, Document]) -> Iterable[Markup]:
    for heading, group in groupby(chains, key=lambda chain: chain.claim.section):
        title = element("h2", heading) if heading else Markup()
        yield element("section", title, *(_claim(chain, article, documents) for chain in group), class_="sq-prose sq-audit")


def _claim(chain: Chain, article: str, documents: Mapping[str, Document]) -> Markup:
    """A claim as the article has it, and beside it the verdict, the reason, and the passages a click away."""
    lead = element("span", f"{chain.lead} ", class_="sq-lead") if chain.lead else Markup()
    numbers = element("sup", ", ".join(link.number for link in chain.links), class_="sq-sup")
    verdict = element("span", f"{SIGNS[chain.verdict]} {chain.verdict.value.capitalize()}", class_="sq-verdict-word")
    reason = element("p", verdict, element("span", chain.reason), class_="sq-verdict")
    rows = [
        *(_passage(found, article, documents, "") for found in chain.evidence),
        *(_passage(found, article, documents, "not cited here, ") for found in chain.elsewhere),
        *(_remark(remark) for remark in chain.remarks),
    ]
    summary = element("summary", element("span", f"Passages and remarks ({len(rows)})", class_="sq-section"))
    passages = element("details", summary, *rows, class_="sq-source") if rows else Markup()
    kind = chain.verdict.value.split()[0]
    return element("article", element("p", lead, text(chain.text), numbers), reason, passages, class_=f"sq-claim sq-claim-{kind}")


def _passage(found: Evidence, article: str, documents: Mapping[str, Document], place: str) -> Markup:
    """A passage of a reference, with how it stands to the claim and a link to where it stands."""
    said = element("span", f"{place}{STANDINGS[found.standing]}", class_="sq-section")
    caution = element("span", found.caution, class_="sq-flag") if found.caution else Markup()
    label = element("span", found.label, class_="sq-label")
    head = element(
        "p",
        join(filter(None, [label, element("span", found.section, class_="sq-section"), said, caution]), " · "),
        class_="sq-title",
    )
    start, _, end = found.passage_id.rpartition(":")[2].partition("-")
    link = Markup()
    if found.document_id in documents:
        address = source_address(found.document_id, int(start), int(end), article)
        link = element("p", element("a", "Open in its source", href=address, target="_self"), class_="sq-links")
    return element("div", head, element("blockquote", found.text), link)


def _remark(remark: Remark) -> Markup:
    head = element("p", element("span", remark.label, class_="sq-label"), " · an editor’s remark, no evidence", class_="sq-title")
    return element("div", head, element("p", remark.text, class_="sq-remark"))


def _omissions(title: str, found: Iterable[Omission], documents: Mapping[str, Document]) -> Markup:
    rows = [
        element(
            "li",
            text(omission.said),
            " " if omission.caution else "",
            element("span", omission.caution, class_="sq-flag") if omission.caution else "",
        )
        for omission in found
        if omission.document_id in documents
    ]
    return element("section", element("h2", title), element("ul", *rows), class_="sq-prose sq-audit")
