"""The mark that an adopted account bears at its panel, where it is not ours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_adopted"
down_revision = "0004_queued"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was never adopted has none."""
    op.add_column("subscriptions", sa.Column("adopted_reference", sa.String(200)))
