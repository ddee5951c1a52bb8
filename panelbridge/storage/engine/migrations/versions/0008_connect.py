"""What a panel reports with an account of how to connect to it, sealed as its password is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_connect"
down_revision = "0007_witness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the next settled operation of an account fills it."""
    op.add_column("subscriptions", sa.Column("connect", sa.String(16000)))
