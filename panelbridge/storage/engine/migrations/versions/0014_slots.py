"""An attempt has a slot among those in flight on its panel, so that two cannot count the same free one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt

revision = "0014_slots"
down_revision = "0013_attempt_position"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Attempts of before have none; those that are in flight still count."""
    op.add_column("attempts", sa.Column("slot", BigInt))
