"""Attempts are numbered on PostgreSQL, as SQLite numbers its rows: the witness counts calls by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt

revision = "0013_attempt_position"
down_revision = "0012_attention_subject"
branch_labels = None
depends_on = None

_NUMBERED = sa.text("position IS NOT NULL")
_SEQUENCE = "attempts_position_seq"


def upgrade() -> None:
    """Add the column; on PostgreSQL a sequence fills it, for the rows that are there as well."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:
        op.execute(f"CREATE SEQUENCE {_SEQUENCE}")
    given = None if on_sqlite else sa.text(f"nextval('{_SEQUENCE}')")
    op.add_column("attempts", sa.Column("position", BigInt, nullable=True, server_default=given))
    op.create_index(
        "uq_attempts_position",
        "attempts",
        ["position"],
        unique=True,
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    )
    if not on_sqlite:
        op.execute(f"ALTER SEQUENCE {_SEQUENCE} OWNED BY attempts.position")
