"""Tables of resellers, installations, panels, plans and subscriptions."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from panelbridge.storage.engine.schema import BigInt, Instant, metadata

resellers = Table(
    "resellers",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("parent_id", BigInt, ForeignKey("resellers.id")),
)

installations = Table(
    "installations",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("code", String(64), nullable=False, unique=True),
    Column("mode", String(8), nullable=False),
    Column("system_url", String(500)),
    Column("module_id", String(64)),
    Column("bound_at", Instant),
    CheckConstraint("mode IN ('live', 'test')", name="mode"),
)

panels = Table(
    "panels",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("code", String(64), nullable=False, unique=True),
    Column("backend", String(64), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("secrets", JSON, nullable=False),  # field -> sealed text
    Column("practice", Boolean, nullable=False),
    Column("writes_enabled", Boolean, nullable=False),
)

# A plan is its versions; a version never changes, so a price quoted once can always be shown again.
plans = Table(
    "plans",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("version", BigInt, nullable=False),
    UniqueConstraint("reseller_id", "code"),
)
Index("ix_plans_reseller", plans.c.reseller_id, plans.c.id)

plan_versions = Table(
    "plan_versions",
    metadata,
    Column("plan_id", BigInt, ForeignKey("plans.id"), primary_key=True),
    Column("version", BigInt, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("panel_id", BigInt, ForeignKey("panels.id"), nullable=False),
    Column("terms", JSON, nullable=False),
    Column("connections", BigInt),
    Column("options", JSON, nullable=False),
    Column("queue_without_credit", Boolean, nullable=False),
    Column("allow_purchase", Boolean, nullable=False),
    Column("allow_restart", Boolean, nullable=False),
    Column("grace_hours", BigInt, nullable=False),
    Column("active", Boolean, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("installation_id", BigInt, ForeignKey("installations.id"), nullable=False),
    Column("service_id", BigInt, nullable=False),
    Column("reseller_id", BigInt, ForeignKey("resellers.id"), nullable=False),
    Column("panel_id", BigInt, ForeignKey("panels.id"), nullable=False),
    Column("plan_id", BigInt, ForeignKey("plans.id"), nullable=False),
    Column("plan_version", BigInt, nullable=False),
    Column("term", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("refused", Boolean, nullable=False, server_default=false()),  # a pending order that was refused
    Column("generation", BigInt, nullable=False),
    Column("revision", BigInt, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("package", String(100), nullable=False),
    Column("anchor_start", Instant),
    Column("anchor_months", BigInt, nullable=False),
    Column("period_from", Instant),
    Column("entitled_until", Instant),
    Column("entitled_hour", BigInt, Computed("entitled_until / 3600000000")),  # since 1970: see ``places``
    Column("panel_until", Instant),
    Column("account_id", String(200)),
    Column("username", String(200)),
    Column("password", String(1000)),  # sealed
    Column("connect", String(16000)),  # sealed
    Column("connections", BigInt),
    Column("mac", String(17)),
    Column("suspensions", JSON, nullable=False),
    Column("next_change", JSON),
    Column("cancelled_at", Instant),
    Column("adopted_reference", String(200)),
    Column("customer", String(64)),
    Column("customer_id", BigInt, ForeignKey("customers.id")),  # whose it is, as the room of customers knows
    UniqueConstraint("installation_id", "service_id"),
    CheckConstraint("generation >= 1", name="generation"),
    CheckConstraint("state IN ('pending', 'active', 'suspended', 'terminated')", name="state"),
)
Index(
    "ix_subscriptions_customer_id",
    subscriptions.c.customer_id,
    sqlite_where=subscriptions.c.customer_id.is_not(None),
    postgresql_where=subscriptions.c.customer_id.is_not(None),
)
# One for each way a list is asked for, in the order of its pages: see ``tests/service/test_growth.py``.
_state = (subscriptions.c.state, subscriptions.c.refused)
_hour = subscriptions.c.entitled_hour
Index("ix_subscriptions_state", *_state, subscriptions.c.id)
Index("ix_subscriptions_installation", subscriptions.c.installation_id, subscriptions.c.id)
Index("ix_subscriptions_installation_state", subscriptions.c.installation_id, *_state, subscriptions.c.id)
Index("ix_subscriptions_panel", subscriptions.c.panel_id, subscriptions.c.id)
Index("ix_subscriptions_hour", _hour, subscriptions.c.id)
Index("ix_subscriptions_installation_hour", subscriptions.c.installation_id, _hour, subscriptions.c.id)
_WITH_CUSTOMER = text("customer IS NOT NULL")
Index(
    "ix_subscriptions_customer",
    subscriptions.c.customer,
    sqlite_where=_WITH_CUSTOMER,
    postgresql_where=_WITH_CUSTOMER,
)
CANCELLED = text("cancelled_at IS NOT NULL AND state != 'terminated'")
Index(
    "ix_subscriptions_cancelled",
    subscriptions.c.installation_id,
    subscriptions.c.service_id,
    sqlite_where=CANCELLED,
    postgresql_where=CANCELLED,
)
ENDED = text("account_id IS NOT NULL AND state = 'terminated'")
Index(
    "ix_subscriptions_ended_account",
    subscriptions.c.panel_id,
    subscriptions.c.account_id,
    sqlite_where=ENDED,
    postgresql_where=ENDED,
)
# One panel account belongs to one subscription that is not terminated.
Index(
    "uq_subscriptions_account",
    subscriptions.c.panel_id,
    subscriptions.c.account_id,
    unique=True,
    sqlite_where=(subscriptions.c.account_id.is_not(None)) & (subscriptions.c.state != "terminated"),
    postgresql_where=(subscriptions.c.account_id.is_not(None)) & (subscriptions.c.state != "terminated"),
)
