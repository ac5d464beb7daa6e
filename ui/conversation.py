"""The conversation below the article: turns, the answer that is being written, and what can be asked next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sequitur.chat import Chat, Stage
from sequitur.errors import ModelError, SequiturError
from sequitur.render import markdown
from sequitur.schema import Answer, CheckedClaim, Role
from ui.answer import answer_html, disclaimer_line, understood
from ui.background import Background
from ui.markup import Markup, element, inert, join
from ui.page import bring_into_view
from ui.prose import claims_so_far
from ui.selection import asked_about
from ui.session import Asked, Session, ask, ask_suggested, current, keep, stop_asking
from ui.words import STAGES

_BOX = "question"
_LONGEST_SHOWN = 600
_TURNS_SHOWN = 30  # the page of a long conversation opens at its end
_POLL = 0.15  # seconds between looks at whether the reader has stopped
_PATIENCE = 0.5  # seconds from which there is something to stop


def conversation(chat: Chat, session: Session, role: Role) -> None:
    """All turns so far, then the pending one; only the newest answer suggests what to ask next."""
    today = date.today()
    with st.container(key="conversation"):
        last = len(session.answers) - 1
        first = 0 if session.whole else max(0, last + 1 - _TURNS_SHOWN)
        if first:
            st.button(f"Show {first} earlier answers", key="earlier", on_click=_show_all, type="tertiary")
        for number, answer in enumerate(session.answers[first:], first):
            with st.container(key=f"turn-{number}"):
                newest = number == last and not session.pending and not session.problem
                _turn(chat, number, answer, today, newest=newest)
                _below(session, number, answer, newest=newest)
        if session.pending:
            number = last + 1
            with st.container(key=f"turn-{number}"):
                answered = _ask_pending(chat, session, session.pending, role, today)
                if answered:
                    _below(session, number, answered, newest=True)
        elif session.problem:
            with st.container(key=f"turn-{last + 1}"):
                question, reason = session.problem
                _asked(question, last + 1)
                with st.chat_message("assistant"):
                    st.html(_problem(chat, reason))


def starters(chat: Chat, *, begun: bool) -> None:
    """Four questions that the corpus answers, until one is asked; their place stays, so that the box below them keeps its focus."""
    with st.container(key="first"):
        if not begun:
            _suggestions(chat.starters, "starter", "Have a follow-up question? For example")


def question_box(chat: Chat, session: Session) -> None:
    """The box that stays below everything, named as the article names it; Streamlit's own bottom would scroll past the article at once."""
    invitation = chat.article.invitation.split("\n", maxsplit=1)[0].strip() or "Have a follow-up question?"
    with st.container(key="box"):
        asked_about()
        st.chat_input(invitation, key=_BOX, on_submit=_ask_from_box)
        unsaved = f"History is not saved: {session.unsaved}" if session.unsaved else ""
        for said in filter(None, (unsaved, session.notice)):
            st.html(element("p", said, class_="sq-unsaved", role="status"))


def _ask_from_box() -> None:
    ask(str(st.session_state[_BOX] or ""))


def _show_all() -> None:
    current().whole = True


def _turn(chat: Chat, number: int, answer: Answer, today: date, *, newest: bool) -> None:
    _asked(answer.question, number)
    with st.chat_message("assistant"):
        _whole(chat, answer, number, today, newest=newest)


def _asked(question: str, number: int) -> None:
    shown = question if len(question) <= _LONGEST_SHOWN else question[:_LONGEST_SHOWN] + " …"
    with st.chat_message("user"):
        st.html(element("div", element("p", "You", class_="sq-who"), element("p", shown), class_="sq-asked", id=f"turn-{number}"))


def _meta(*beside: Markup) -> Markup:
    return element("div", element("p", "Sequitur", class_="sq-who"), *beside, class_="sq-meta")


def _whole(chat: Chat, answer: Answer, number: int, today: date, *, newest: bool) -> None:
    """How the question was understood, with a way to mend it while the answer is the newest, and the answer."""
    if newest and understood(answer):
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"meta-{number}"):
            st.html(_meta(understood(answer)), width="stretch")
            _reword(number, answer)
    else:
        st.html(_meta(understood(answer)))
    st.html(answer_html(answer, chat.documents, f"e{number}", today))


def _working(stage: str, claims: Sequence[CheckedClaim], chat: Chat) -> Markup:
    """The stage by name and the claims that have passed, above the disclaimer that will stay."""
    at = list(STAGES).index(stage) if stage in STAGES else -1
    steps = [_stage(name, place - at) for place, name in enumerate(STAGES.values())]
    stages = element("ol", *steps, class_="sq-stages", role="status")
    words = element("div", claims_so_far(claims), class_="sq-prose")
    return join([_meta(stages), element("div", words, disclaimer_line(chat.article.disclaimer), class_="sq-answer")])


def _stage(name: str, ahead: int) -> Markup:
    return element(
        "li", name, class_="sq-now" if ahead == 0 else "sq-later" if ahead > 0 else "sq-then", aria_current="" if ahead else "step"
    )


def _ask_pending(chat: Chat, session: Session, asked: Asked, role: Role, today: date) -> Answer | None:
    """Ask once: the question leaves the queue when it is answered or refused, so that a rerun in between loses and doubles nothing."""
    number = len(session.answers)
    _asked(asked.question, number)
    with st.chat_message("assistant"):
        place = st.empty()
    bring_into_view(f"turn-{number}")  # once; nothing scrolls while the answer arrives
    try:
        answer = _streamed(chat, session, asked, role, place)
    except SequiturError as error:
        place.html(_problem(chat, str(error)))
        session.pending, session.problem = None, (asked.question, str(error))
        return None
    except Exception:
        session.pending = None
        raise
    with place.container():
        _whole(chat, answer, number, today, newest=True)
    session.answers.append(answer)
    session.pending = None
    keep(session, answer)
    return answer


def _streamed(chat: Chat, session: Session, asked: Asked, role: Role, place: DeltaGenerator) -> Answer:
    """Show the stages and each claim that has passed; return the answer they end in."""
    turns = tuple(chat.turn(answer) for answer in session.answers)
    claims: list[CheckedClaim] = []
    stage = next(iter(STAGES))
    place.html(_working(stage, claims, chat))
    stop, offered = st.empty(), False
    with Background(chat.stream(asked.question, turns=turns, role=role, standalone=asked.standalone)) as events:
        for event in events.until_done(_POLL):
            if isinstance(event, Answer):
                stop.empty()
                return event
            if isinstance(event, Stage):
                stage = event.name
            elif event is not None:
                claims.append(event)
            elif events.seconds > _PATIENCE and not offered:
                offered = True
                stop.button("Stop", icon=":material/stop_circle:", key=f"stop-{len(session.answers)}", on_click=stop_asking)
            place.html(_working(stage, claims, chat))  # also where Streamlit leaves this run once the reader has stopped it
    message = "no answer came back: please ask again"
    raise ModelError(message, retryable=True)


def _problem(chat: Chat, reason: str) -> Markup:
    """Why a question was not answered, in one sentence; the disclaimer stands here too."""
    icon = element("span", "!", class_="sq-icon", aria_hidden="true")
    title = element("p", icon, "This question was not answered", class_="sq-card-title")
    card = element("div", title, element("p", reason[:1].upper() + reason[1:]), class_="sq-card sq-error", role="alert")
    return join([_meta(), element("div", card, disclaimer_line(chat.article.disclaimer), class_="sq-answer")])


def _below(session: Session, number: int, answer: Answer, *, newest: bool) -> None:
    """Copy and download, citations and disclaimer included; and, below the newest answer, what to ask next."""
    written = markdown(answer)
    with st.container(horizontal=True, gap="small", key=f"actions-{number}"):
        with st.popover("Copy", icon=":material/content_copy:", key=f"copy-{session.id}-{number}"):
            st.code(written, language=None, wrap_lines=True, height=320)
        st.download_button(
            "Download",
            written,
            file_name=f"sequitur-answer-{number + 1}.md",
            mime="text/markdown",
            icon=":material/download:",
            on_click="ignore",
            key=f"download-{session.id}-{number}",
        )
    if newest:
        _suggestions(answer.suggestions, f"next-{number}", "Ask next")


def _reword(number: int, answer: Answer) -> None:
    """Let the reader say what was meant, where a follow-up was understood as something else."""
    key = f"reword-{number}"
    with st.popover("Not what you meant?", icon=":material/edit:", type="tertiary", key=f"{key}-box"):
        st.text_area("The question as it should be understood", answer.standalone, key=key)
        st.button("Ask again", key=f"{key}-ask", on_click=_ask_reworded, args=(answer.question, key))


def _ask_reworded(question: str, key: str) -> None:
    ask(question, str(st.session_state[key]).strip() or None)


def _suggestions(questions: Sequence[str], key: str, title: str) -> None:
    if not questions:
        return
    with st.container(key=f"pills-{key}", gap="small"):
        st.html(element("p", title, class_="sq-pills-title"))
        with st.container(horizontal=True, gap="small"):
            for number, question in enumerate(questions):
                st.button(inert(question), key=f"{key}-{number}", on_click=ask_suggested, args=(question,))
