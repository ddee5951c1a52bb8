"""The table of what only a person can decide."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, text

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

attention = Table(
    "attention",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("code", String(64), nullable=False),
    Column("message", String(1000), nullable=False),
    Column("advice", String(1000), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("operation_id", BigInt, ForeignKey("operations.id")),
    Column("subscription_id", BigInt, ForeignKey("subscriptions.id")),  # the subject, where it is one
    Column("panel_id", BigInt),
    Column("resolved_at", Instant),
    Column("resolution", String(1000)),
    Column("actor", String(100)),
    Column("subject_kind", String(16), nullable=False, server_default="bridge"),
    Column("subject_id", BigInt, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
Index("ix_attention_open", attention.c.resolved_at, attention.c.id)

# What is told twice is one item. Nulls are distinct in an index: items without an operation have their own.
_OPEN = text("resolved_at IS NULL")
_OPEN_ALONE = text("resolved_at IS NULL AND operation_id IS NULL")
Index("ix_attention_operation", attention.c.operation_id, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index(
    "uq_attention_open",
    attention.c.code,
    attention.c.subject_kind,
    attention.c.subject_id,
    attention.c.operation_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index(
    "uq_attention_open_alone",
    attention.c.code,
    attention.c.subject_kind,
    attention.c.subject_id,
    unique=True,
    sqlite_where=_OPEN_ALONE,
    postgresql_where=_OPEN_ALONE,
)
