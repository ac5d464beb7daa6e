"""The article page: the article on top, its follow-up box below."""

from __future__ import annotations

from datetime import date

import streamlit as st

from sequitur.chat import Chat
from sequitur.errors import SequiturError
from sequitur.schema import Role, Span
from ui.article import body, disclaimer, head, ledger_list, references
from ui.conversation import conversation, question_box, starters
from ui.markup import element, inert, join
from ui.page import cannot_open
from ui.selection import listen
from ui.session import Session, choose_article, current, shared_chat, shared_library, show_address
from ui.sidebar import sidebar
from ui.words import ROLES

_FOR_PATIENTS = "Answers report what the literature says. What it means for you is a question for the clinician who treats you."


def article_page() -> None:
    """The whole page, or the one button that builds the index; the sidebar comes last, so that it lists a conversation just begun."""
    try:
        chat = shared_chat()
    except SequiturError as error:
        cannot_open(error)
    else:
        _page(chat)
    sidebar()


def _page(chat: Chat) -> None:
    session = current()
    _shelf(session)
    st.html(head(chat.article, date.today()))
    listen()
    role = _role()
    _article(chat, begun=session.begun)
    conversation(chat, session, role)
    starters(chat, begun=session.begun)
    question_box(chat, session)
    show_address(session)


def _shelf(session: Session) -> None:
    """Which article is read and asked about, where there are several; another one begins another conversation."""
    articles = shared_library().articles
    if len(articles) < 2:
        return
    names = list(articles)
    key = f"subject-{session.id}"
    st.selectbox(
        "Article",
        names,
        index=names.index(session.article),
        format_func=lambda name: inert(articles[name].title),
        key=key,
        on_change=_choose,
        args=(key,),
    )


def _choose(key: str) -> None:
    choose_article(str(st.session_state[key]))


def _role() -> Role:
    """Who is asking: changes wording, never the facts."""
    with st.container(key="role-choice"):
        chosen = st.segmented_control(
            "I am a", list(Role), format_func=ROLES.__getitem__, default=Role.CLINICIAN, required=True, key="role"
        )
        role = Role(chosen or Role.CLINICIAN)
        if role is Role.PATIENT:
            icon = element("span", "ℹ", class_="sq-icon", aria_hidden="true")
            st.html(element("p", icon, element("span", _FOR_PATIENTS), class_="sq-note", role="note"))
    return role


def _article(chat: Chat, *, begun: bool) -> None:
    """In full until something is asked, then folded away."""
    article = chat.article
    ledger = {entry.number: entry for entry in chat.ledger}
    html = join(
        [body(article, ledger, _marks(chat)), references(article), ledger_list(article, chat.ledger, chat.documents), disclaimer(article)]
    )
    if begun:
        with st.expander("Read the article", key="article-folded"):
            st.html(html)
    else:
        st.html(html)


def _marks(chat: Chat) -> tuple[Span, ...]:
    """Citation numbers that stand inside the article's sentences, in order."""
    return tuple(
        sorted({mark for passage in chat.passages.values() if passage.document_id == chat.article.document_id for mark in passage.marks})
    )
