"""What one browser tab remembers between reruns, and the chat and history that all tabs share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from sequitur.chat import Chat, Library, about, open_library
from sequitur.errors import HistoryError, SequiturError
from sequitur.generations import current_generation
from sequitur.history import History, new_conversation_id, open_history
from sequitur.schema import Answer
from sequitur.settings import Settings, load_settings

_KEY = "sequitur"
_ADDRESS = "conversation"
_SUBJECT = "article"  # in the address, where there are several
_WANTED = "article-wanted"


class Asked(NamedTuple):
    """A question on its way; `standalone` is set where the reader mended how it was understood."""

    question: str
    standalone: str | None = None


@dataclass(slots=True)
class Session:
    """The open conversation; `article` is empty until one is chosen among several."""

    article: str = ""
    id: str = field(default_factory=new_conversation_id)
    answers: list[Answer] = field(default_factory=list)
    pending: Asked | None = None
    problem: tuple[str, str] | None = None  # a question that could not be asked, and why
    unsaved: str = ""  # why the conversation is not kept
    notice: str = ""  # what else went wrong with stored conversations
    unstored: list[Answer] = field(default_factory=list)  # answers that the store has not taken yet
    about: str = ""  # words that the next question is about
    whole: bool = False  # whether all turns of a long conversation are shown

    @property
    def begun(self) -> bool:
        """Whether anything was asked."""
        return bool(self.answers or self.pending or self.problem)


def current() -> Session:
    """This tab's session; an address that names a stored conversation opens it."""
    found = st.session_state.get(_KEY)
    if isinstance(found, Session):
        return found
    st.session_state[_KEY] = Session(article=st.query_params.get(_SUBJECT, ""))
    named = st.query_params.get(_ADDRESS)
    if named:
        open_conversation(named)
    return current()


def ask(question: str, standalone: str | None = None) -> None:
    """Queue a question for the run that follows; the run itself asks it, once. Words chosen to ask about become part of it."""
    session = current()
    if session.about and standalone is None and question.strip():
        standalone = about(question, session.about)
    session.pending, session.problem, session.about = Asked(question, standalone), None, ""


def ask_suggested(question: str) -> None:
    """Queue a question that was offered; it stands alone, whatever was chosen to ask about."""
    current().about = ""
    ask(question)


def stop_asking() -> None:
    """Drop the question on its way; nothing of its answer is kept."""
    session = current()
    if session.pending:
        session.problem = (session.pending.question, "you stopped it, and nothing of the answer is kept; ask again whenever you like")
        session.pending = None


def start_anew() -> None:
    """Leave the open conversation, which stays stored, and stay with its article."""
    choose_article(current().article)


def choose_article(slug: str) -> None:
    """Begin a new conversation about an article."""
    st.session_state[_KEY] = Session(article=slug)
    st.session_state[_WANTED] = True
    st.query_params.pop(_ADDRESS, None)


def open_conversation(conversation_id: str) -> None:
    """Show a stored conversation; one that cannot be read leaves a new one open, which says why."""
    history, reason = shared_history()
    answers: list[Answer] = []
    try:
        answers = list(history.answers(conversation_id)) if history else []
    except HistoryError as error:
        reason = str(error)
    if answers:
        subject = next((answer.provenance.article for answer in answers if answer.provenance.article), current().article)
        st.session_state[_KEY] = Session(article=subject, id=conversation_id, answers=answers)
        st.session_state[_WANTED] = True
    else:
        start_anew()
        current().notice = f"The conversation cannot be opened: {reason}" if reason else ""


def article_wanted() -> bool:
    """Whether a conversation was opened or begun since the last run, which only the article page shows."""
    return bool(st.session_state.pop(_WANTED, False))


def delete_conversation(conversation_id: str) -> None:
    """Delete a stored conversation, and leave it if it is the open one."""
    history, _ = shared_history()
    if history:
        try:
            history.delete(conversation_id)
        except HistoryError as error:
            current().notice = f"The conversation is not deleted: {error}"
            return
    if current().id == conversation_id:
        start_anew()


def keep(session: Session, answer: Answer) -> None:
    """Store an answer, after those that could not be stored before; a failing store is told on the page and stops nothing."""
    session.unstored.append(answer)
    history, session.unsaved = shared_history()
    if history is None:
        return
    try:
        while session.unstored:
            history.append(session.id, session.unstored[0])
            session.unstored.pop(0)
    except HistoryError as error:
        session.unsaved = str(error)
        _history.clear()  # opened afresh for the next answer


def rename_conversation(conversation_id: str, title: str) -> str:
    """Give a stored conversation another name; why that failed, else "" ."""
    history, reason = shared_history()
    if history is None:
        return reason
    try:
        history.rename(conversation_id, title)
    except HistoryError as error:
        return str(error)
    return ""


def show_address(session: Session) -> None:
    """Let the address name a stored conversation, so that reloading the page brings it back."""
    if session.answers and not session.unsaved and st.query_params.get(_ADDRESS) != session.id:
        st.query_params[_ADDRESS] = session.id


def shared_library() -> Library:
    """The articles of the index in force; a new generation is opened on the first run that finds one.

    Raises:
        StoreError: the index is missing or damaged.
        SequiturError: a setting or a model is not usable.
    """
    settings = load_settings()
    generation = None if "://" in settings.index else current_generation(Path(settings.index))
    return _library(settings, generation.name if generation else "")


def shared_chat() -> Chat:
    """The chat about this tab's article; where none is chosen, or it is gone, about the settings' one or the first.

    Raises:
        SequiturError: as `shared_library`.
    """
    library, session = shared_library(), current()
    names = list(library.articles)
    wanted = (session.article, load_settings().article, *names)
    session.article = next((name for name in wanted if name in names), "")
    return library.chat(session.article)


def shared_history() -> tuple[History | None, str]:
    """The conversation store, or None and the reason why there is none."""
    try:
        return _history(load_settings()), ""
    except SequiturError as error:
        return None, str(error)


def forget_chat() -> None:
    """Open the index afresh on the next run."""
    _library.clear()


@st.cache_resource(show_spinner="Opening the article …", hash_funcs={Settings: Settings.model_dump_json}, max_entries=2)
def _library(settings: Settings, generation: str) -> Library:  # noqa: ARG001 - part of the key
    return open_library(settings)


@st.cache_resource(show_spinner=False, hash_funcs={Settings: Settings.model_dump_json})
def _history(settings: Settings) -> History:
    return open_history(settings)
