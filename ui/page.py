"""The frame of every page: the style sheet, and what is shown when there is no index."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ingest.build import build_index
from sequitur.errors import SequiturError, StoreError
from sequitur.settings import load_settings
from ui.markup import Markup, element, join, text
from ui.session import forget_chat

_ANCHOR = re.compile(r"[a-z]+(?:-\d+)?")
_STYLE = Path(__file__).with_name("page.css")


def style() -> None:
    """Inject the style sheet, once a run."""
    st.html(_STYLE)


def bring_into_view(anchor: str) -> None:
    """Scroll once to an element of the page. `anchor` is a name of ours, and checked to be one."""
    if not _ANCHOR.fullmatch(anchor):
        message = f"{anchor!r} is no anchor"
        raise ValueError(message)
    script = f"<span class='sq-script'></span><script>document.getElementById('{anchor}')?.scrollIntoView()</script>"
    st.html(script, unsafe_allow_javascript=True)


def cannot_open(error: SequiturError) -> None:
    """What is wrong in one sentence and, where it is the index, one button that mends it."""
    missing = isinstance(error, StoreError)
    title = element(
        "p",
        element("span", "!", class_="sq-icon", aria_hidden="true"),
        "The index cannot be opened" if missing else "The page cannot be opened",
        class_="sq-card-title",
    )
    st.html(element("div", title, element("p", _sentence(error)), class_="sq-card sq-error", role="alert"))
    failed = st.session_state.pop("build-failed", "")
    if failed:
        st.html(element("p", f"Building failed: {failed}", class_="sq-small", role="alert"))
    if missing and st.button("Build the index", type="primary", key="build"):
        _build()


def _build() -> None:
    bar = st.progress(0.0, "Reading the corpus …")
    try:
        build_index(load_settings(), lambda what, done, total: _advance(bar, what, done, total))
    except SequiturError as error:
        st.session_state["build-failed"] = str(error)
    forget_chat()
    st.rerun()


def _advance(bar: DeltaGenerator, what: str, done: int, total: int) -> None:
    bar.progress(min(1.0, done / max(total, 1)), f"{what.capitalize()}: {done:,} of {total:,}")


def _sentence(error: SequiturError) -> Markup:
    """The message as a sentence; what stands in backticks is a command."""
    said = str(error)
    parts = (said[:1].upper() + said[1:]).split("`")
    return join(element("code", part) if number % 2 else text(part) for number, part in enumerate(parts))
