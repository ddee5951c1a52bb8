"""Files of customers that were read, and their lines by digest, so that a second time changes nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt, Instant

revision = "0017_imports"
down_revision = "0016_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "imports",
        sa.Column("id", BigInt, primary_key=True),
        sa.Column(
            "reseller_id",
            BigInt,
            sa.ForeignKey("resellers.id", name="fk_imports_reseller_id"),
            nullable=False,
        ),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "import_rows",
        sa.Column(
            "reseller_id",
            BigInt,
            sa.ForeignKey("resellers.id", name="fk_import_rows_reseller_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column(
            "customer_id",
            BigInt,
            sa.ForeignKey("customers.id", name="fk_import_rows_customer_id"),
            nullable=False,
        ),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_import_rows_customer", "import_rows", ["customer_id"])
