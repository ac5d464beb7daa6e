"""The sidebar: the product's name, a new question, and the conversations that were kept."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby

import streamlit as st

from sequitur.errors import HistoryError
from sequitur.history import Conversation
from ui.markup import element, inert
from ui.session import current, delete_conversation, open_conversation, shared_history, start_anew

_LONGEST_TITLE = 60
_SHOWN = 30


def sidebar() -> None:
    """Name, `New question`, and stored conversations by day; nothing else."""
    with st.sidebar:
        st.html(element("p", "Sequitur", class_="sq-name"))
        st.button("New question", icon=":material/add:", key="new", on_click=start_anew, width="stretch")
        for day, group in groupby(_stored(), key=lambda conversation: _day(conversation.updated)):
            st.html(element("p", day, class_="sq-day"))
            for conversation in group:
                _row(conversation)


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
            "Delete",
            icon=":material/delete:",
            key=f"delete-{conversation.id}",
            on_click=delete_conversation,
            args=(conversation.id,),
            type="tertiary",
            help="Delete this conversation",
        )


def _stored() -> tuple[Conversation, ...]:
    history, _ = shared_history()
    try:
        return history.conversations()[:_SHOWN] if history else ()
    except HistoryError:
        return ()


def _day(updated: datetime) -> str:
    stored = updated if updated.tzinfo else updated.replace(tzinfo=UTC)  # SQLite keeps no time zone
    days = (date.today() - stored.astimezone().date()).days
    return "Today" if days <= 0 else "Yesterday" if days == 1 else "Earlier"
