"""Tables of what the books know of the world around them: marks, and the stops of all effects outside."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, text

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

# What must be known of the world outside the database: the witness's name, the key file's id, what lost books
# gave out.
marks = Table(
    "bridge_marks",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(64), nullable=False),
)

SPENT_SUBSCRIPTIONS = "spent_subscriptions"  # a mark: no subscription gets an id up to this one

write_stops = Table(
    "write_stops",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("bridge_id", BigInt, nullable=False),  # of the one row of ``bridge``: one open stop at most
    Column("code", String(32), nullable=False),
    Column("message", String(1000), nullable=False),
    Column("since", Instant, nullable=False),
    Column("highest_operation", BigInt),
    Column("lifted_at", Instant),
    Column("actor", String(100)),
    sqlite_autoincrement=True,
)
_OPEN = text("lifted_at IS NULL")
Index(
    "uq_write_stops_open",
    write_stops.c.bridge_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
