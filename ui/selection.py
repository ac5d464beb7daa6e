"""Asking about words on the page: the script that notices a selection, and the line above the box that shows what is asked about."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.markup import element
from ui.session import current

_KEY = "selection"
_LONGEST_SHOWN = 160
_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_mount = st.components.v2.component("sequitur_selection", js=_SCRIPT)


def listen() -> None:
    """Notice selected words; shows nothing itself."""
    with st.container(key="script-selection"):
        _mount(key=_KEY, on_about_change=_chosen)


def _chosen() -> None:
    said = st.session_state[_KEY].get("about")
    if isinstance(said, str):
        current().about = " ".join(said.split())


def asked_about() -> None:
    """What the next question is about, and a way to leave that."""
    about = current().about
    if not about:
        return
    shown = about if len(about) <= _LONGEST_SHOWN else about[:_LONGEST_SHOWN].rsplit(" ", 1)[0] + " …"
    with st.container(horizontal=True, gap="small", vertical_alignment="center", wrap=False, key="about"):
        st.html(element("p", element("span", "Asking about", class_="sq-who"), f" “{shown}”", class_="sq-about-line"))
        st.button("Not about this", icon=":material/close:", key="about-leave", on_click=_leave, type="tertiary", help="Ask without it")


def _leave() -> None:
    current().about = ""
