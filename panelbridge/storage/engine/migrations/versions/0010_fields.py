"""Which member of an order was refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_fields"
down_revision = "0009_usage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what was refused before, it is not known."""
    op.add_column("operations", sa.Column("field", sa.String(100)))
