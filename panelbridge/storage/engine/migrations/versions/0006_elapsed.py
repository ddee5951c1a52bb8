"""Waits are counted by the clock of a boot, not by dates, and how long something fails is written down.

Attempts from before name no boot, so a whole quiet time begins when they are first looked at. Orders that
were refused for good say so in their subscription, and no longer wait for ever.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import Instant

revision = "0006_elapsed"
down_revision = "0005_adopted"
branch_labels = None
depends_on = None

_DUE = sa.text("state IN ('ready', 'sent')")
_REFUSED = """
UPDATE subscriptions SET refused = TRUE
WHERE state = 'pending' AND account_id IS NULL AND (
    SELECT operations.state FROM operations
    WHERE operations.subscription_id = subscriptions.id AND operations.verb = 'create'
    ORDER BY operations.id DESC LIMIT 1
) = 'refused'
"""


def upgrade() -> None:
    """Add the columns, and mark refused orders."""
    op.add_column("operations", sa.Column("due_set_at", Instant(), nullable=True))
    op.add_column("operations", sa.Column("failing_since", Instant(), nullable=True))
    op.create_index(
        "ix_operations_due_set", "operations", ["due_set_at"], sqlite_where=_DUE, postgresql_where=_DUE
    )
    op.add_column("attempts", sa.Column("boot", sa.String(64), nullable=False, server_default=""))
    op.add_column("attempts", sa.Column("ends", sa.Float(), nullable=False, server_default="0"))
    op.add_column("attempts", sa.Column("looks", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column(
        "subscriptions", sa.Column("refused", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(_REFUSED)
