"""Tables of API keys and of answers kept under callers' own idempotency keys."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("prefix", String(32), nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False),  # SHA-256; the text itself is nowhere
    Column("mode", String(8), nullable=False),
    Column("scopes", String(64), nullable=False),  # sorted, joined by commas
    Column("label", String(500), nullable=False),
    Column("installation_id", BigInt, ForeignKey("installations.id")),  # null: the operator's
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    CheckConstraint("mode IN ('live', 'test')", name="mode"),
    CheckConstraint("length(digest) = 32", name="digest"),
    CheckConstraint("installation_id IS NULL OR scopes NOT LIKE '%admin%'", name="admin_is_the_operators"),
    sqlite_autoincrement=True,
)
Index("ix_api_keys_installation", api_keys.c.installation_id, api_keys.c.id)

# One row: the name this bridge puts into references at panels. It goes with the database into every backup.
bridge = Table(
    "bridge",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("name", String(16), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("owner", String(64), primary_key=True),  # installation:<id> or operator
    Column("key", String(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", BigInt),  # null while no final answer was given
    Column("body", Text),  # without secrets
    Column("at", Instant, nullable=False),
    CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_whole"),
)
