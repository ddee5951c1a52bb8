"""An index for what waits for credit: asked at every sale, and else a walk over every operation ever."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_queued"
down_revision = "0003_access"
branch_labels = None
depends_on = None

_QUEUED = sa.text("state = 'queued'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_operations_queued",
        "operations",
        ["reseller_id", "id"],
        sqlite_where=_QUEUED,
        postgresql_where=_QUEUED,
    )
