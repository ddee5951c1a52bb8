"""API keys and the answers kept under callers' own idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0003_access"
down_revision = "0002_provisioning"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "api_keys",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column("prefix", sa.String(32), nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("label", sa.String(500), nullable=False),
        sa.Column("installation_id", BigInt, sa.ForeignKey("installations.id")),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("last_used_at", Instant),
        sa.CheckConstraint("mode IN ('live', 'test')", name="mode"),
        sa.CheckConstraint("length(digest) = 32", name="digest"),
        sa.CheckConstraint(
            "installation_id IS NULL OR scopes NOT LIKE '%admin%'", name="admin_is_the_operators"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_keys_installation", "api_keys", ["installation_id", "id"])
    op.create_table(
        "bridge",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column("name", sa.String(16), nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.create_table(
        "kept_answers",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", BigInt),
        sa.Column("body", sa.Text),
        sa.Column("at", Instant, nullable=False),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_whole"),
    )
