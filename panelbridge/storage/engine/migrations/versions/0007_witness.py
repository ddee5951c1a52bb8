"""The witness the books know of, and why writes are off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0007_witness"
down_revision = "0006_elapsed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bridge_marks",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(64), nullable=False),
    )
    op.create_table(
        "write_stops",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column("bridge_id", BigInt, nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("message", sa.String(1000), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("highest_operation", BigInt),
        sa.Column("lifted_at", Instant),
        sa.Column("actor", sa.String(100)),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_write_stops_open",
        "write_stops",
        ["bridge_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
