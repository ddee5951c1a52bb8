"""What an item of attention is about has columns of its own; ids of resellers and shops stood in codes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.schema import BigInt

revision = "0012_attention_subject"
down_revision = "0011_customer"
branch_labels = None
depends_on = None

_ATTENTION = sa.table(
    "attention",
    sa.column("code", sa.String),
    sa.column("subject_kind", sa.String),
    sa.column("subject_id", BigInt),
)
_PREFIXES = {"credits_low": "reseller", "shop_settings": "installation", "late_creates": "installation"}
_OF_AN_ORDER = "UPDATE attention SET subject_kind = 'subscription', subject_id = subscription_id"
_OF_A_PANEL = "UPDATE attention SET subject_kind = 'panel', subject_id = panel_id"
_REPEATED = """
UPDATE attention SET resolved_at = opened_at, actor = 'panelbridge', resolution = 'told in an earlier item'
WHERE resolved_at IS NULL AND EXISTS (
  SELECT 1 FROM attention AS earlier
  WHERE earlier.resolved_at IS NULL AND earlier.id < attention.id AND earlier.code = attention.code
    AND earlier.subject_kind = attention.subject_kind AND earlier.subject_id = attention.subject_id
    AND coalesce(earlier.operation_id, 0) = coalesce(attention.operation_id, 0)
)
"""
_OPEN = sa.text("resolved_at IS NULL")
_OPEN_ALONE = sa.text("resolved_at IS NULL AND operation_id IS NULL")


def upgrade() -> None:
    """Add the columns, give each row its subject, and let one subject be told of once."""
    kind = sa.Column("subject_kind", sa.String(16), nullable=False, server_default="bridge")
    op.add_column("attention", kind)
    op.add_column("attention", sa.Column("subject_id", BigInt, nullable=False, server_default="0"))
    op.execute(f"{_OF_AN_ORDER} WHERE subscription_id IS NOT NULL")
    op.execute(f"{_OF_A_PANEL} WHERE subscription_id IS NULL AND panel_id IS NOT NULL")
    for code, about in _PREFIXES.items():
        _take_id_out(code, about)
    op.execute(_REPEATED)
    subject = ["code", "subject_kind", "subject_id"]
    for name, columns, where in (
        ("uq_attention_open", [*subject, "operation_id"], _OPEN),
        ("uq_attention_open_alone", subject, _OPEN_ALONE),
    ):
        op.create_index(name, "attention", columns, unique=True, sqlite_where=where, postgresql_where=where)


def _take_id_out(code: str, about: str) -> None:
    """``credits_low_7`` becomes ``credits_low`` of reseller 7."""
    prefix = f"{code}_"
    number = sa.cast(sa.func.substr(_ATTENTION.c.code, len(prefix) + 1), BigInt)
    op.execute(
        _ATTENTION.update()
        .where(_ATTENTION.c.code.startswith(prefix, autoescape=True))
        .values(code=code, subject_kind=about, subject_id=number)
    )
