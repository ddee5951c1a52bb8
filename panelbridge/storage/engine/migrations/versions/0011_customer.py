"""Whose order a subscription is, where the accounts of one customer share a login."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_customer"
down_revision = "0010_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what was ordered before, it is not known."""
    op.add_column("subscriptions", sa.Column("customer", sa.String(64)))
    op.create_index("ix_subscriptions_customer", "subscriptions", ["customer"])
