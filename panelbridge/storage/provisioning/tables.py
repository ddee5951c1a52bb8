"""Tables of the provisioning journal. The database itself holds the two rules that everything rests on.

One *sent* operation a subscription, and one live owner of an idempotency key: partial unique indexes.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, String, Table, text

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

operations = Table(
    "operations",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("subscription_id", BigInt, ForeignKey("subscriptions.id"), nullable=False),
    Column("installation_id", BigInt, ForeignKey("installations.id"), nullable=False),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("panel_id", BigInt, ForeignKey("panels.id"), nullable=False),
    Column("service_id", BigInt, nullable=False),
    Column("generation", BigInt, nullable=False),
    Column("verb", String(24), nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("key", String(200), nullable=False),
    Column("target", JSON, nullable=False),
    Column("price", BigInt, nullable=False),  # units of 1/10,000 credit
    Column("plan_id", BigInt, nullable=False),
    Column("plan_version", BigInt, nullable=False),
    Column("term", String(8), nullable=False),
    Column("hold", BigInt),
    Column("username", String(200)),
    Column("password", String(1000)),  # sealed
    Column("actor", String(100), nullable=False),
    Column("attempts", BigInt, nullable=False),
    Column("failures", BigInt, nullable=False),
    Column("failing_since", Instant),
    Column("admitted_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("due_set_at", Instant),
    Column("settled_at", Instant),
    Column("code", String(64)),
    Column("message", String(1000)),
    Column("advice", String(1000)),
    Column("field", String(100)),
    Column("before", JSON),
    Column("after", JSON),
    Column("reported_pending", Boolean, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    sqlite_autoincrement=True,  # an operation's id is never used twice
)

_SENT = text("state IN ('sent', 'attention')")
Index(
    "uq_operations_one_sent",
    operations.c.subscription_id,
    unique=True,
    sqlite_where=_SENT,
    postgresql_where=_SENT,
)
_OWNS_KEY = text("state NOT IN ('refused', 'superseded', 'withdrawn')")
Index("uq_operations_key", operations.c.key, unique=True, sqlite_where=_OWNS_KEY, postgresql_where=_OWNS_KEY)
_DUE = text("state IN ('ready', 'sent')")
Index("ix_operations_due", operations.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)
Index("ix_operations_due_set", operations.c.due_set_at, sqlite_where=_DUE, postgresql_where=_DUE)
Index("ix_operations_subscription", operations.c.subscription_id, operations.c.id)
Index("ix_operations_username", operations.c.panel_id, operations.c.username)
_QUEUED = text("state = 'queued'")
Index(
    "ix_operations_queued",
    operations.c.reseller_id,
    operations.c.id,
    sqlite_where=_QUEUED,
    postgresql_where=_QUEUED,
)
Index("ix_operations_state", operations.c.state, operations.c.id)
Index("ix_operations_installation", operations.c.installation_id, operations.c.id)
Index(
    "ix_operations_installation_state",
    operations.c.installation_id,
    operations.c.state,
    operations.c.id,
)
_WATCHED = text("code = 'released' OR attempts > 1")
Index("ix_operations_watched", operations.c.settled_at, sqlite_where=_WATCHED, postgresql_where=_WATCHED)
_UNREPORTED = text("reported_pending AND NOT acknowledged")
Index(
    "ix_operations_unreported",
    operations.c.installation_id,
    operations.c.id,
    sqlite_where=_UNREPORTED,
    postgresql_where=_UNREPORTED,
)

# How many operations of each verb ended in each state: a row for each as it settles, added up now and then
# (``operation_counts.py``). What is not settled is counted from its index.
operation_counts = Table(
    "operation_counts",
    metadata,
    Column("verb", String(24), nullable=False),
    Column("state", String(16), nullable=False),
    Column("count", BigInt, nullable=False),
)

attempts = Table(
    "attempts",
    metadata,
    Column("operation_id", BigInt, ForeignKey("operations.id"), primary_key=True),
    Column("number", BigInt, primary_key=True),
    Column("panel_id", BigInt, nullable=False),
    Column("slot", BigInt),  # its place among the panel's attempts in flight; null: of before there were any
    Column("owner", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("quiet_until", Instant, nullable=False),
    Column("boot", String(64), nullable=False, server_default=""),
    Column("ends", Float, nullable=False, server_default="0"),
    Column("looks", JSON, nullable=False, server_default="{}"),
    Column("fence", JSON),
    Column("finished_at", Instant),
    Column("outcome", String(16)),
    Column("code", String(64)),
    Column("evidence", String(1000)),
    Column("cleared", Boolean, nullable=False),
    # Counts the calls ever begun, for the witness. Given out by a sequence of PostgreSQL; SQLite's rows have
    # a number of their own, and leave this empty.
    Column("position", BigInt),
)
_NUMBERED = text("position IS NOT NULL")
Index(
    "uq_attempts_position",
    attempts.c.position,
    unique=True,
    sqlite_where=_NUMBERED,
    postgresql_where=_NUMBERED,
)
_FLYING = text("finished_at IS NULL")
Index(
    "ix_attempts_in_flight",
    attempts.c.panel_id,
    attempts.c.deadline,
    sqlite_where=_FLYING,
    postgresql_where=_FLYING,
)
