"""Stored conversations: SQLite embedded (WAL), any other database by its SQLAlchemy URL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Engine, ForeignKey, Integer, String, Text, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sequitur.errors import HistoryError
from sequitur.render import answer_from_record, record
from sequitur.schema import Answer
from sequitur.settings import Settings

_LONGEST_ID = 100


class _Base(DeclarativeBase):
    pass


class _Conversation(_Base):
    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(_LONGEST_ID), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    updated: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class _Turn(_Base):
    __tablename__ = "turns"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    answer: Mapped[str] = mapped_column(Text)  # the record of the answer, JSON


@dataclass(frozen=True, slots=True)
class Conversation:
    """A stored conversation as a list shows it; `title` is its first question."""

    id: str
    title: str
    updated: datetime


class History:
    """Conversations in a database. A question and its answer are stored together or not at all."""

    def __init__(self, engine: Engine) -> None:
        """Use `open_history` instead."""
        self._engine = engine

    def conversations(self) -> tuple[Conversation, ...]:
        """All conversations, the latest first."""
        with self._session() as session:
            rows = session.scalars(select(_Conversation).order_by(_Conversation.updated.desc(), _Conversation.id))
            return tuple(Conversation(row.id, row.title, row.updated) for row in rows)

    def answers(self, conversation_id: str) -> tuple[Answer, ...]:
        """The answers of a conversation in order; empty when there is none of that id.

        Raises:
            HistoryError: the database refused, or a stored answer is of another version.
        """
        _check_id(conversation_id)
        with self._session() as session:
            rows = session.scalars(select(_Turn).where(_Turn.conversation_id == conversation_id).order_by(_Turn.number))
            stored = [row.answer for row in rows]
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
        _check_id(conversation_id)
        with self._session() as session:
            row = session.get(_Conversation, conversation_id)
            if row is None:
                row = _Conversation(id=conversation_id, title=answer.question[:200], updated=datetime.now(UTC))
                session.add(row)
                session.flush()
            row.updated = datetime.now(UTC)
            last = session.scalar(select(func.max(_Turn.number)).where(_Turn.conversation_id == conversation_id)) or 0
            session.add(_Turn(conversation_id=conversation_id, number=last + 1, answer=json.dumps(record(answer), ensure_ascii=False)))
            session.commit()

    def delete(self, conversation_id: str) -> None:
        """Remove a conversation and all its turns from the database file."""
        with self._session() as session:
            for turn in session.scalars(select(_Turn).where(_Turn.conversation_id == conversation_id)):
                session.delete(turn)
            row = session.get(_Conversation, conversation_id)
            if row is not None:
                session.delete(row)
            session.commit()
        if self._engine.dialect.name == "sqlite":  # nor may the text stay in the write-ahead log
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with Session(self._engine) as session:
                yield session
        except SQLAlchemyError as error:
            message = f"the conversations cannot be read or written ({type(error).__name__}): check SEQUITUR_DATABASE_URL"
            raise HistoryError(message) from error


def _check_id(conversation_id: str) -> None:
    if not conversation_id.strip() or len(conversation_id) > _LONGEST_ID:
        message = f"a conversation's id has 1 to {_LONGEST_ID} characters"
        raise HistoryError(message)


def new_conversation_id() -> str:
    """An id for a new conversation."""
    return uuid.uuid4().hex


def open_history(settings: Settings) -> History:
    """The conversation store that the settings name, its tables created where missing.

    Raises:
        HistoryError: the URL is wrong or the database cannot be reached.
    """
    try:
        url = make_url(settings.database_url)
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _sqlite_options)
            event.listen(engine, "begin", _begin_immediate)
        _Base.metadata.create_all(engine)
    except (SQLAlchemyError, ArgumentError, OSError, ImportError) as error:
        message = f"the conversation store cannot be opened ({type(error).__name__}): check SEQUITUR_DATABASE_URL"
        raise HistoryError(message) from error
    return History(engine)


def _sqlite_options(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection
    connection.isolation_level = None  # transactions are begun below, before the first read
    for pragma in ("journal_mode=WAL", "busy_timeout=10000", "foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
    """A read that later writes would fail at once when another session wrote; taking the write lock first waits instead."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
