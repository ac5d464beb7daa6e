"""What is evaluated: the system as a reader meets it, the same without its memory, and the same asked in a human's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from evals.cases import Case
from evals.retrieval import Ranked
from sequitur.chat import Chat, Stage
from sequitur.errors import ModelError, QuestionError
from sequitur.schema import Answer, Role, Turn

OURS = "sequitur"


class Predicted(NamedTuple):
    """An answer, and the passages found for it, best first."""

    answer: Answer
    ranked: Ranked


class System(Protocol):
    """Anything that answers the last turn of a case."""

    @property
    def name(self) -> str:
        """As it stands in tables and folder names."""
        ...

    def predict(self, case: Case) -> Predicted:
        """Its answer to a case."""
        ...


def history(chat: Chat, turns: Sequence[str], role: Role) -> tuple[Turn, ...]:
    """Earlier turns with the system's own answers; a turn that cannot be asked is passed over."""
    past: list[Turn] = []
    for turn in turns:
        try:
            past.append(chat.turn(chat.ask(turn, tuple(past), role)))
        except QuestionError:
            continue
    return tuple(past)


def predict(chat: Chat, case: Case) -> Answer:
    """The system's answer to the last turn, after its own answers to the earlier ones."""
    role = Role(case.role)
    return answered(chat, case.turns[-1], history(chat, case.turns[:-1], role), role).answer


def answered(chat: Chat, asked: str, past: tuple[Turn, ...], role: Role) -> Predicted:
    """One answer with what was found for it; a question that cannot be asked is answered by its error."""
    ranked: Ranked = ()
    try:
        for event in chat.stream(asked, past, role):
            if isinstance(event, Stage) and event.hits:
                ranked = tuple(hit.passage.id for hit in event.hits)
            elif isinstance(event, Answer):
                return Predicted(event, ranked)
    except QuestionError as error:
        return Predicted(chat.refused(asked, str(error), role), ())
    message = "no answer came out of the stages"
    raise ModelError(message)


class Asked:
    """Asks the chat and says what it retrieved; the same conversation is asked once."""

    def __init__(self, chat: Chat) -> None:
        """`chat`: as a reader opens it."""
        self.chat = chat
        self._known: dict[tuple[tuple[str, ...], str], Predicted] = {}

    def __call__(self, turns: tuple[str, ...], role: str) -> Predicted:
        """The answer to the last of these turns."""
        if (turns, role) not in self._known:
            self._known[turns, role] = answered(self.chat, turns[-1], history(self.chat, turns[:-1], Role(role)), Role(role))
        return self._known[turns, role]


class Whole(NamedTuple):
    """The system as it is."""

    ask: Asked
    name: str = OURS

    def predict(self, case: Case) -> Predicted:
        """Its answer with the conversation behind it."""
        return self.ask(case.turns, case.role)


class LastTurn(NamedTuple):
    """The system without its memory."""

    ask: Asked
    name: str = "last-turn"

    def predict(self, case: Case) -> Predicted:
        """Its answer to the last turn alone."""
        return self.ask(case.turns[-1:], case.role)


class Standalone(NamedTuple):
    """The system asked in a human's words that need no history: what understanding the conversation perfectly would bring."""

    ask: Asked
    name: str = "human-rewrite"

    def predict(self, case: Case) -> Predicted:
        """Its answer to the human's rewrite; an emergency stays in its own words."""
        return self.ask((case.standalone,) if case.standalone.strip() else case.turns, case.role)
