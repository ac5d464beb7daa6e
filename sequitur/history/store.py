"""Conversations in a database. A question and its answer are stored together or not at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from sequitur.errors import HistoryError
from sequitur.history.tables import LONGEST_ID, ConversationRow, TurnRow
from sequitur.render import answer_from_record, record
from sequitur.schema import Answer

READS = "reads"  # execution option of a transaction that only reads, and so needs no write lock
_LONGEST_TITLE = 200
_CAUSES = (("locked", "another program holds them locked"), ("full", "the disk is full"), ("unable to open", "the file is gone"))


@dataclass(frozen=True, slots=True)
class Conversation:
    """A stored conversation as a list shows it; `title` is its first question until it is renamed."""

    id: str
    title: str
    created: datetime
    updated: datetime
    turns: int


class History:
    """Stored conversations. Every failure of the database is a `HistoryError` and leaves what was stored as it was."""

    def __init__(self, engine: Engine) -> None:
        """Use `open_history` instead."""
        self._engine = engine

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, the latest first."""
        counted = select(TurnRow.conversation_id, func.count().label("turns")).group_by(TurnRow.conversation_id).subquery()
        rows = (
            select(ConversationRow, func.coalesce(counted.c.turns, 0))
            .outerjoin(counted, counted.c.conversation_id == ConversationRow.id)
            .order_by(ConversationRow.updated.desc(), ConversationRow.id)
        )
        with self._session(reads=True) as session:
            return tuple(Conversation(row.id, row.title, row.created, row.updated, turns) for row, turns in session.execute(rows))

    def conversation(self, conversation_id: str) -> Conversation:
        """One conversation.

        Raises:
            HistoryError: there is none of that id.
        """
        check_id(conversation_id)
        with self._session(reads=True) as session:
            row = session.get(ConversationRow, conversation_id)
            turns = session.scalar(select(func.count()).where(TurnRow.conversation_id == conversation_id)) or 0
            if row is not None:
                return Conversation(row.id, row.title, row.created, row.updated, turns)
        raise _unknown(conversation_id)

    def answers(self, conversation_id: str) -> tuple[Answer, ...]:
        """The answers of a conversation in order; empty when there is none of that id.

        Raises:
            HistoryError: the database refused, or a stored answer is of another version.
        """
        check_id(conversation_id)
        with self._session(reads=True) as session:
            stored = list(
                session.scalars(select(TurnRow.answer).where(TurnRow.conversation_id == conversation_id).order_by(TurnRow.number))
            )
        try:
            return tuple(answer_from_record(json.loads(answer)) for answer in stored)
        except (ValueError, KeyError, TypeError) as error:
            message = f"the stored conversation {conversation_id!r} cannot be read by this version; begin a new one"
            raise HistoryError(message) from error

    def append(self, conversation_id: str, answer: Answer) -> None:
        """Store one turn; creates the conversation when it is new.

        Raises:
            HistoryError: the id is unusable or the database refused; nothing is half-written.
        """
        check_id(conversation_id)
        try:
            self._append(conversation_id, answer)
        except _TakenError:  # between our look and our write; now it is there
            self._append(conversation_id, answer)

    def _append(self, conversation_id: str, answer: Answer) -> None:
        now = datetime.now(UTC)
        with self._session() as session:
            row = session.get(ConversationRow, conversation_id, with_for_update=True)
            if row is None:
                row = ConversationRow(id=conversation_id, title=_title(answer.question) or "Untitled", created=now, updated=now)
                session.add(row)
                session.flush()
            row.updated = now
            last = session.scalar(select(func.max(TurnRow.number)).where(TurnRow.conversation_id == conversation_id)) or 0
            stored = json.dumps(record(answer), ensure_ascii=False)
            turn = TurnRow(conversation_id=conversation_id, number=last + 1, asked=now, article=answer.provenance.article, answer=stored)
            session.add(turn)
            session.commit()

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title.

        Raises:
            HistoryError: the title is empty or too long, or there is no such conversation.
        """
        said = " ".join(title.split())
        if not said or len(said) > _LONGEST_TITLE or not said.isprintable():
            message = f"a conversation's name has 1 to {_LONGEST_TITLE} printable characters"
            raise HistoryError(message)
        with self._session() as session:
            row = session.get(ConversationRow, conversation_id)
            if row is None:
                raise _unknown(conversation_id)
            row.title = said
            session.commit()

    def delete(self, conversation_id: str) -> bool:
        """Remove a conversation and all its turns from the database file; whether there was one."""
        with self._session() as session:
            session.execute(delete(TurnRow).where(TurnRow.conversation_id == conversation_id))
            row = session.get(ConversationRow, conversation_id)
            if row is not None:
                session.delete(row)
            session.commit()
        if self._engine.dialect.name == "sqlite":  # nor may the text stay in the write-ahead log
            with self._explained():
                raw = self._engine.raw_connection()
                try:
                    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    raw.close()
        return row is not None

    @contextmanager
    def _session(self, *, reads: bool = False) -> Iterator[Session]:
        with self._explained(), Session(self._engine.execution_options(**{READS: reads})) as session:
            yield session

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise _TakenError from error
        except (SQLAlchemyError, OSError) as error:
            said = str(error).split("\n", maxsplit=1)[0].lower()
            cause = next((cause for sign, cause in _CAUSES if sign in said), type(error).__name__)
            message = f"the conversations cannot be read or written ({cause}): check SEQUITUR_DATABASE_URL"
            raise HistoryError(message) from error


class _TakenError(HistoryError):
    """Another process wrote the same turn of the same conversation first."""

    def __init__(self) -> None:
        super().__init__("another program is writing the same conversation: ask again")


def _title(question: str) -> str:
    """The first question as a title: one line, no longer than one may be."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in question).split())[:_LONGEST_TITLE].rstrip()


def _unknown(conversation_id: str) -> HistoryError:
    return HistoryError(f"no conversation {conversation_id!r}: `sequitur conversations list` shows what is stored")


def check_id(conversation_id: str) -> None:
    """Refuse what cannot be an id.

    Raises:
        HistoryError: it is empty or too long.
    """
    if not conversation_id.strip() or len(conversation_id) > LONGEST_ID or "\x00" in conversation_id:
        message = f"a conversation's id has 1 to {LONGEST_ID} characters"
        raise HistoryError(message)


def new_conversation_id() -> str:
    """An id for a new conversation."""
    return uuid.uuid4().hex
