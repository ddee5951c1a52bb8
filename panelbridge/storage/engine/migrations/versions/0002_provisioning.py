"""Resellers, installations, panels, plans, subscriptions, and the provisioning journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0002_provisioning"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "panels",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=64), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("practice", sa.Boolean(), nullable=False),
        sa.Column("writes_enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panels")),
        sa.UniqueConstraint("code", name=op.f("uq_panels_code")),
    )
    op.create_table(
        "resellers",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", BigInt, nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["resellers.id"], name=op.f("fk_resellers_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resellers")),
        sa.UniqueConstraint("code", name=op.f("uq_resellers_code")),
    )
    op.create_table(
        "installations",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("reseller_id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("system_url", sa.String(length=500), nullable=True),
        sa.Column("module_id", sa.String(length=64), nullable=True),
        sa.Column("bound_at", Instant(), nullable=True),
        sa.CheckConstraint("mode IN ('live', 'test')", name=op.f("ck_installations_mode")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_installations_reseller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installations")),
        sa.UniqueConstraint("code", name=op.f("uq_installations_code")),
    )
    op.create_table(
        "plans",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("reseller_id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_plans_reseller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("reseller_id", "code", name=op.f("uq_plans_reseller_id_code")),
    )
    op.create_table(
        "plan_versions",
        sa.Column("plan_id", BigInt, nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("panel_id", BigInt, nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("connections", BigInt, nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("queue_without_credit", sa.Boolean(), nullable=False),
        sa.Column("allow_purchase", sa.Boolean(), nullable=False),
        sa.Column("allow_restart", sa.Boolean(), nullable=False),
        sa.Column("grace_hours", BigInt, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["panel_id"], ["panels.id"], name=op.f("fk_plan_versions_panel_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_versions_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "version", name=op.f("pk_plan_versions")),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("installation_id", BigInt, nullable=False),
        sa.Column("service_id", BigInt, nullable=False),
        sa.Column("reseller_id", BigInt, nullable=False),
        sa.Column("panel_id", BigInt, nullable=False),
        sa.Column("plan_id", BigInt, nullable=False),
        sa.Column("plan_version", BigInt, nullable=False),
        sa.Column("term", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("generation", BigInt, nullable=False),
        sa.Column("revision", BigInt, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("package", sa.String(length=100), nullable=False),
        sa.Column("anchor_start", Instant(), nullable=True),
        sa.Column("anchor_months", BigInt, nullable=False),
        sa.Column("period_from", Instant(), nullable=True),
        sa.Column("entitled_until", Instant(), nullable=True),
        sa.Column("panel_until", Instant(), nullable=True),
        sa.Column("account_id", sa.String(length=200), nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("password", sa.String(length=1000), nullable=True),
        sa.Column("connections", BigInt, nullable=True),
        sa.Column("mac", sa.String(length=17), nullable=True),
        sa.Column("suspensions", sa.JSON(), nullable=False),
        sa.Column("next_change", sa.JSON(), nullable=True),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'suspended', 'terminated')", name=op.f("ck_subscriptions_state")
        ),
        sa.CheckConstraint("generation >= 1", name=op.f("ck_subscriptions_generation")),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installations.id"], name=op.f("fk_subscriptions_installation_id")
        ),
        sa.ForeignKeyConstraint(["panel_id"], ["panels.id"], name=op.f("fk_subscriptions_panel_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_subscriptions_plan_id")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_subscriptions_reseller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint(
            "installation_id", "service_id", name=op.f("uq_subscriptions_installation_id_service_id")
        ),
    )
    op.create_index(
        "ix_subscriptions_state_until", "subscriptions", ["state", "entitled_until"], unique=False
    )
    op.create_index(
        "uq_subscriptions_account",
        "subscriptions",
        ["panel_id", "account_id"],
        unique=True,
        sqlite_where=sa.text("account_id IS NOT NULL AND state != 'terminated'"),
        postgresql_where=sa.text("account_id IS NOT NULL AND state != 'terminated'"),
    )
    op.create_table(
        "operations",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("subscription_id", BigInt, nullable=False),
        sa.Column("installation_id", BigInt, nullable=False),
        sa.Column("reseller_id", BigInt, nullable=False),
        sa.Column("panel_id", BigInt, nullable=False),
        sa.Column("service_id", BigInt, nullable=False),
        sa.Column("generation", BigInt, nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("price", BigInt, nullable=False),
        sa.Column("plan_id", BigInt, nullable=False),
        sa.Column("plan_version", BigInt, nullable=False),
        sa.Column("term", sa.String(length=8), nullable=False),
        sa.Column("hold", BigInt, nullable=True),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("password", sa.String(length=1000), nullable=True),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("attempts", BigInt, nullable=False),
        sa.Column("failures", BigInt, nullable=False),
        sa.Column("admitted_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=1000), nullable=True),
        sa.Column("advice", sa.String(length=1000), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("reported_pending", sa.Boolean(), nullable=False),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["installation_id"], ["installations.id"], name=op.f("fk_operations_installation_id")
        ),
        sa.ForeignKeyConstraint(["panel_id"], ["panels.id"], name=op.f("fk_operations_panel_id")),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name=op.f("fk_operations_reseller_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_operations_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_operations_due",
        "operations",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('ready', 'sent')"),
        postgresql_where=sa.text("state IN ('ready', 'sent')"),
    )
    op.create_index("ix_operations_subscription", "operations", ["subscription_id", "id"], unique=False)
    op.create_index(
        "ix_operations_unreported",
        "operations",
        ["installation_id", "id"],
        unique=False,
        sqlite_where=sa.text("reported_pending AND NOT acknowledged"),
        postgresql_where=sa.text("reported_pending AND NOT acknowledged"),
    )
    op.create_index("ix_operations_username", "operations", ["panel_id", "username"], unique=False)
    op.create_index(
        "uq_operations_key",
        "operations",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('refused', 'superseded', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('refused', 'superseded', 'withdrawn')"),
    )
    op.create_index(
        "uq_operations_one_sent",
        "operations",
        ["subscription_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('sent', 'attention')"),
        postgresql_where=sa.text("state IN ('sent', 'attention')"),
    )
    op.create_table(
        "attempts",
        sa.Column("operation_id", BigInt, nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.Column("panel_id", BigInt, nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("deadline", Instant(), nullable=False),
        sa.Column("quiet_until", Instant(), nullable=False),
        sa.Column("fence", sa.JSON(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("code", sa.String(length=64), nullable=True),
        sa.Column("evidence", sa.String(length=1000), nullable=True),
        sa.Column("cleared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_attempts_operation_id")),
        sa.PrimaryKeyConstraint("operation_id", "number", name=op.f("pk_attempts")),
    )
    op.create_index(
        "ix_attempts_in_flight",
        "attempts",
        ["panel_id", "deadline"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "attention",
        sa.Column("id", BigInt, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("message", sa.String(length=1000), nullable=False),
        sa.Column("advice", sa.String(length=1000), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("operation_id", BigInt, nullable=True),
        sa.Column("subscription_id", BigInt, nullable=True),
        sa.Column("panel_id", BigInt, nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("resolution", sa.String(length=1000), nullable=True),
        sa.Column("actor", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_attention_operation_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_attention_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attention_open", "attention", ["resolved_at", "id"], unique=False)
