"""Conversations that are kept: SQLite embedded (WAL), PostgreSQL by its URL; the schema is brought up to date when the store is opened."""

from sequitur.history.database import open_history
from sequitur.history.store import Conversation, History, check_id, new_conversation_id

__all__ = ["Conversation", "History", "check_id", "new_conversation_id", "open_history"]
