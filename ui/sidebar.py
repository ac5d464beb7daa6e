"""The sidebar: the product's name, a new question, and the conversations that were kept, each with what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby

import streamlit as st

from sequitur.errors import HistoryError, SequiturError
from sequitur.export import as_html, as_json, as_markdown
from sequitur.history import Conversation
from sequitur.schema import Answer
from ui.markup import element, inert
from ui.session import (
    current,
    delete_conversation,
    open_conversation,
    rename_conversation,
    shared_chat,
    shared_history,
    start_anew,
)

_LONGEST_TITLE = 60
_SHOWN = 30
_MANAGED = "managed"
_ALL = "all-conversations"


def sidebar() -> None:
    """Name, `New question`, and stored conversations by day; nothing else."""
    with st.sidebar:
        st.html(element("p", "Sequitur", class_="sq-name"))
        st.button("New question", icon=":material/add:", key="new", on_click=start_anew, width="stretch")
        everything = _stored()
        stored = everything if st.session_state.get(_ALL) else everything[:_SHOWN]
        for day, group in groupby(stored, key=lambda conversation: _day(conversation.updated)):
            st.html(element("p", day, class_="sq-day"))
            for conversation in group:
                _row(conversation)
        if len(stored) < len(everything):
            st.button(f"Show all {len(everything)}", key="all", on_click=st.session_state.__setitem__, args=(_ALL, True), type="tertiary")
    managed = st.session_state.get(_MANAGED)
    for conversation in stored:
        if conversation.id == managed:
            _manage(conversation)


def _row(conversation: Conversation) -> None:
    title = conversation.title if len(conversation.title) <= _LONGEST_TITLE else conversation.title[: _LONGEST_TITLE - 2].rstrip() + " …"
    open_now = conversation.id == current().id
    with st.container(
        horizontal=True, gap=None, vertical_alignment="center", wrap=False, key=f"row-{'open-' if open_now else ''}{conversation.id}"
    ):
        st.button(
            inert(title) or "Untitled",
            key=f"open-{conversation.id}",
            on_click=open_conversation,
            args=(conversation.id,),
            type="tertiary",
            width="stretch",
        )
        st.button(
            "Manage",
            icon=":material/more_horiz:",
            key=f"manage-{conversation.id}",
            on_click=st.session_state.__setitem__,
            args=(_MANAGED, conversation.id),
            type="tertiary",
            help="Rename, export or delete",
        )


def _close() -> None:
    st.session_state.pop(_MANAGED, None)


@st.dialog("Conversation", on_dismiss=_close)
def _manage(conversation: Conversation) -> None:
    """Rename, export, delete; a deletion is asked for twice."""
    name = st.text_input("Name", conversation.title, key=f"name-{conversation.id}", max_chars=200)
    if st.button("Rename", key=f"rename-{conversation.id}", disabled=not name.strip()):
        problem = rename_conversation(conversation.id, name)
        if not problem:
            _close()
            st.rerun()
        st.error(inert(problem))
    _exports(conversation)
    st.markdown("**Delete**")
    sure = st.checkbox("Delete it and everything said in it. It cannot be brought back.", key=f"sure-{conversation.id}")
    if st.button("Delete for good", type="primary", key=f"delete-{conversation.id}", disabled=not sure):
        delete_conversation(conversation.id)
        _close()
        st.rerun()


def _exports(conversation: Conversation) -> None:
    st.markdown("**Export**")
    try:
        answers = _answers(conversation.id)
    except HistoryError as error:
        st.error(inert(str(error)))
        return
    forms = (
        ("Markdown", "md", "text/markdown", as_markdown(conversation, answers)),
        ("HTML", "html", "text/html", as_html(conversation, answers)),
        ("JSON", "json", "application/json", _record(conversation, answers)),
    )
    with st.container(horizontal=True, gap="small"):
        for form, ending, kind, written in forms:
            st.download_button(
                form,
                written,
                file_name=f"sequitur-{conversation.updated:%Y-%m-%d}.{ending}",
                mime=kind,
                icon=":material/download:",
                on_click="ignore",
                key=f"export-{ending}-{conversation.id}",
            )


def _record(conversation: Conversation, answers: Sequence[Answer]) -> str:
    try:
        documents = shared_chat().documents
    except SequiturError:
        documents = None
    return json.dumps(as_json(conversation, answers, documents), ensure_ascii=False, indent=1)


def _answers(conversation_id: str) -> tuple[Answer, ...]:
    history, reason = shared_history()
    if history is None:
        raise HistoryError(reason)
    return history.answers(conversation_id)


def _stored() -> tuple[Conversation, ...]:
    history, _ = shared_history()
    try:
        return history.conversations() if history else ()
    except HistoryError:
        return ()


def _day(updated: datetime) -> str:
    days = (date.today() - updated.astimezone().date()).days
    return "Today" if days <= 0 else "Yesterday" if days == 1 else "Earlier"
