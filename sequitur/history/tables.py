"""The tables of the conversation store as the newest migration leaves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

HEAD = "0002"  # revision of the newest script in migrations/versions
FIRST = "0001"  # what a database has that was made before revisions were recorded
LONGEST_ID = 100


class Moment(TypeDecorator[datetime]):
    """A time in UTC; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002 - a driver's value
        """The stored time with its zone."""
        if value is None:
            return None
        stored: datetime = value
        return stored if stored.tzinfo else stored.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """All tables."""


class ConversationRow(Base):
    """A conversation; its title is the first question until it is renamed."""

    __tablename__ = "conversations"
    id: Mapped[str] = mapped_column(String(LONGEST_ID), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment)
    updated: Mapped[datetime] = mapped_column(Moment)


class TurnRow(Base):
    """One question with its answer, never changed once it is stored."""

    __tablename__ = "turns"
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    asked: Mapped[datetime] = mapped_column(Moment)
    article: Mapped[str] = mapped_column(String(200))  # slug of the article asked about; "" for turns stored before it was kept
    answer: Mapped[str] = mapped_column(Text)  # the record of the answer, JSON
