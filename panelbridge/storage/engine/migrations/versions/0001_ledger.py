"""The ledger: accounts, wallets, transfers, their chain links, texts and floor crossings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from panelbridge.storage.engine.identities import continue_after_seeds

revision = "0001_ledger"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables and the four accounts without a limit."""
    _accounts_and_wallets()
    _transfers()
    _links()
    _beside_the_chain()


def _accounts_and_wallets() -> None:
    accounts = op.create_table(
        "ledger_accounts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_accounts"),
    )
    kinds = ("stock", "consumed", "adjustment", "debt")
    op.bulk_insert(accounts, [{"id": at, "kind": kind} for at, kind in enumerate(kinds, start=1)])
    continue_after_seeds(op.get_bind(), "ledger_accounts")
    op.create_table(
        "ledger_wallets",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("reseller_id", BIG, nullable=False),
        sa.Column("balance", BIG, nullable=False),
        sa.Column("held", BIG, nullable=False),
        sa.Column("overdraft", BIG, nullable=False),
        sa.Column("floor", BIG),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("tail", sa.String(64), nullable=False),
        sa.Column("opened_at", BIG, nullable=False),
        sa.CheckConstraint("balance - held + overdraft >= 0", name=op.f("ck_ledger_wallets_available")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_ledger_wallets_held")),
        sa.CheckConstraint("overdraft >= 0", name=op.f("ck_ledger_wallets_overdraft")),
        sa.ForeignKeyConstraint(["id"], ["ledger_accounts.id"], name="fk_ledger_wallets_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_wallets"),
        sa.UniqueConstraint("reseller_id", name="uq_ledger_wallets_reseller_id"),
    )


def _transfers() -> None:
    op.create_table(
        "ledger_transfers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("target_id", BIG, nullable=False),
        sa.Column("amount", BIG, nullable=False),
        sa.Column("released", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("resolves", BIG),
        sa.Column("corrects", BIG),
        sa.Column("subscription_id", BIG),
        sa.Column("operation_id", BIG),
        sa.Column("plan", sa.String(64)),
        sa.Column("term", sa.String(16)),
        sa.Column("period_from", BIG),
        sa.Column("period_to", BIG),
        sa.Column("expiry_before", BIG),
        sa.Column("expiry_after", BIG),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_transfers_amount")),
        sa.CheckConstraint("released >= 0", name=op.f("ck_ledger_transfers_released")),
        sa.CheckConstraint("source_id <> target_id", name=op.f("ck_ledger_transfers_ends")),
        sa.ForeignKeyConstraint(["source_id"], ["ledger_accounts.id"], name="fk_ledger_transfers_source_id"),
        sa.ForeignKeyConstraint(["target_id"], ["ledger_accounts.id"], name="fk_ledger_transfers_target_id"),
        sa.ForeignKeyConstraint(["resolves"], ["ledger_transfers.id"], name="fk_ledger_transfers_resolves"),
        sa.ForeignKeyConstraint(["corrects"], ["ledger_transfers.id"], name="fk_ledger_transfers_corrects"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_transfers"),
        sa.UniqueConstraint("key", name="uq_ledger_transfers_key"),
        sa.UniqueConstraint("resolves", name="uq_ledger_transfers_resolves"),
    )
    for column in ("corrects", "subscription_id"):
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_ledger_transfers_{column}",
            "ledger_transfers",
            [column],
            sqlite_where=known,
            postgresql_where=known,
        )


def _links() -> None:
    op.create_table(
        "ledger_links",
        sa.Column("id", BIG, nullable=False),
        sa.Column("wallet_id", BIG, nullable=False),
        sa.Column("sequence", BIG, nullable=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("balance", BIG, nullable=False),
        sa.Column("held", BIG, nullable=False),
        sa.Column("key_id", sa.String(32), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["wallet_id"], ["ledger_wallets.id"], name="fk_ledger_links_wallet_id"),
        sa.ForeignKeyConstraint(["transfer_id"], ["ledger_transfers.id"], name="fk_ledger_links_transfer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_links"),
        sa.UniqueConstraint("wallet_id", "sequence", name="uq_ledger_links_wallet_id_sequence"),
        sa.UniqueConstraint("transfer_id", "wallet_id", name="uq_ledger_links_transfer_id_wallet_id"),
    )


def _beside_the_chain() -> None:
    op.create_table(
        "ledger_texts",
        sa.Column("transfer_id", BIG, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(16)),
        sa.Column("actor", sa.String(200)),
        sa.Column("reason", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.ForeignKeyConstraint(["transfer_id"], ["ledger_transfers.id"], name="fk_ledger_texts_transfer_id"),
        sa.PrimaryKeyConstraint("transfer_id", name="pk_ledger_texts"),
    )
    op.create_table(
        "ledger_floor_crossings",
        sa.Column("id", BIG, nullable=False),
        sa.Column("wallet_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("available", BIG, nullable=False),
        sa.Column("floor", BIG, nullable=False),
        sa.Column("transfer_id", BIG),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["ledger_wallets.id"], name="fk_ledger_floor_crossings_wallet_id"
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["ledger_transfers.id"], name="fk_ledger_floor_crossings_transfer_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_floor_crossings"),
    )


def downgrade() -> None:
    """The books are never taken down."""
    raise NotImplementedError("the ledger's tables are never dropped; restore a backup instead")
