"""Samples of what accounts use, one a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0009_usage"
down_revision = "0008_connect"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; it begins empty."""
    op.create_table(
        "usage_samples",
        sa.Column(
            "subscription_id",
            BigInt,
            sa.ForeignKey("subscriptions.id", name="fk_usage_samples_subscription_id"),
            primary_key=True,
        ),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("generation", BigInt, nullable=False),
        sa.Column("taken_at", Instant, nullable=False),
        sa.Column("last_seen", Instant),
        sa.Column("never_seen", sa.Boolean, nullable=False),
        sa.Column("connections", BigInt),
        sa.Column("network", sa.String(64)),
        sa.Column("player", sa.String(200)),
        sa.PrimaryKeyConstraint("subscription_id", "day", name="pk_usage_samples"),
    )
    op.create_index("ix_usage_samples_day", "usage_samples", ["day"])
