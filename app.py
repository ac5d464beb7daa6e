"""Sequitur's page: `streamlit run app.py`."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.article_page import article_page
from ui.audit_page import audit_page
from ui.page import style
from ui.session import article_wanted
from ui.sources_page import sources_page

st.set_page_config(
    page_title="Sequitur", page_icon=Path(__file__).parent / "static" / "icon.png", layout="centered", initial_sidebar_state="auto"
)
style()
article = st.Page(article_page, title="Article", url_path="article", default=True)
sources = st.Page(sources_page, title="Sources", url_path="sources")
audit = st.Page(audit_page, title="Audit", url_path="audit")
page = st.navigation([article, sources, audit], position="top")
if article_wanted() and page != article:
    st.switch_page(article)
page.run()
