"""When a conversation began, when a question was asked, and of which article."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_UNKNOWN = "1970-01-01 00:00:00"  # replaced below by the only time that is known


def upgrade() -> None:
    """Times that were not kept become the conversation's last change."""
    op.add_column(
        "conversations", sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=sa.text(f"'{_UNKNOWN}'"))
    )
    op.add_column("turns", sa.Column("asked", sa.DateTime(timezone=True), nullable=False, server_default=sa.text(f"'{_UNKNOWN}'")))
    op.add_column("turns", sa.Column("article", sa.String(200), nullable=False, server_default=""))
    op.execute("UPDATE conversations SET created = updated")
    op.execute("UPDATE turns SET asked = (SELECT updated FROM conversations WHERE conversations.id = turns.conversation_id)")
