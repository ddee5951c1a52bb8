"""Lists page by key from an index, /metrics reads figures kept as they change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt

revision = "0016_lists"
down_revision = "0015_customers"
branch_labels = None
depends_on = None

_COUNT = """
INSERT INTO operation_counts (verb, state, count)
SELECT verb, state, count(*) FROM operations
WHERE state NOT IN ('queued', 'ready', 'sent', 'attention') GROUP BY verb, state
"""
_INDEXES = {
    "ix_subscriptions_state": ("subscriptions", ["state", "refused", "id"]),
    "ix_subscriptions_installation": ("subscriptions", ["installation_id", "id"]),
    "ix_subscriptions_installation_state": ("subscriptions", ["installation_id", "state", "refused", "id"]),
    "ix_subscriptions_panel": ("subscriptions", ["panel_id", "id"]),
    "ix_subscriptions_hour": ("subscriptions", ["entitled_hour", "id"]),
    "ix_subscriptions_installation_hour": ("subscriptions", ["installation_id", "entitled_hour", "id"]),
    "ix_operations_state": ("operations", ["state", "id"]),
    "ix_operations_installation": ("operations", ["installation_id", "id"]),
    "ix_operations_installation_state": ("operations", ["installation_id", "state", "id"]),
    "ix_plans_reseller": ("plans", ["reseller_id", "id"]),
}
_PARTIAL = {  # those that hold few of the rows
    "ix_subscriptions_customer": ("subscriptions", ["customer"], "customer IS NOT NULL"),
    "ix_subscriptions_cancelled": (
        "subscriptions",
        ["installation_id", "service_id"],
        "cancelled_at IS NOT NULL AND state != 'terminated'",
    ),
    "ix_subscriptions_ended_account": (
        "subscriptions",
        ["panel_id", "account_id"],
        "account_id IS NOT NULL AND state = 'terminated'",
    ),
    "ix_operations_watched": ("operations", ["settled_at"], "code = 'released' OR attempts > 1"),
    "ix_attention_operation": ("attention", ["operation_id"], "resolved_at IS NULL"),
    "ix_ledger_transfers_charge": ("ledger_transfers", ["operation_id"], "kind = 'charge'"),
    "ix_ledger_transfers_rare": ("ledger_transfers", ["kind", "id"], "kind NOT IN ('hold', 'post')"),
}


def upgrade() -> None:
    """Add what lists and figures are read from; indexes that nothing needs any more go."""
    stored = op.get_bind().dialect.name != "sqlite"  # which adds none that it would have to write
    hour = sa.Computed("entitled_until / 3600000000", persisted=stored or None)
    op.add_column("subscriptions", sa.Column("entitled_hour", BigInt, hour))
    op.drop_index("ix_subscriptions_state_until", "subscriptions")
    op.drop_index("ix_subscriptions_customer", "subscriptions")
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    for name, (table, columns, where) in _PARTIAL.items():
        only = sa.text(where)
        op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
    op.create_table(
        "operation_counts",
        sa.Column("verb", sa.String(24), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("count", BigInt, nullable=False),
    )
    op.execute(_COUNT)
