"""Tables of the ledger. Rows are inserted, never changed; only a wallet's row moves, and only with its chain.

Instants are UTC microseconds as plain integers here: this is the one place where a row is written at
every sale, so its statements run without type processing (see prepared.py).

These tables are never rebuilt by a migration: a rebuilt table loses its triggers and its history of rows.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from panelbridge.storage.engine.schema import BigInt, metadata

accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("kind", String(16), nullable=False),  # stock, consumed, adjustment, debt, wallet
)

wallets = Table(
    "ledger_wallets",
    metadata,
    Column("id", BigInt, ForeignKey("ledger_accounts.id"), primary_key=True, autoincrement=False),
    Column("reseller_id", BigInt, nullable=False, unique=True),
    Column("balance", BigInt, nullable=False),
    Column("held", BigInt, nullable=False),
    Column("overdraft", BigInt, nullable=False),
    Column("floor", BigInt),
    Column("sequence", BigInt, nullable=False),
    Column("tail", String(64), nullable=False),
    Column("opened_at", BigInt, nullable=False),
    CheckConstraint("balance - held + overdraft >= 0", name="available"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("overdraft >= 0", name="overdraft"),
)

transfers = Table(
    "ledger_transfers",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("source_id", BigInt, ForeignKey("ledger_accounts.id"), nullable=False),
    Column("target_id", BigInt, ForeignKey("ledger_accounts.id"), nullable=False),
    Column("amount", BigInt, nullable=False),
    Column("released", BigInt, nullable=False),
    Column("at", BigInt, nullable=False),
    Column("key", String(200), unique=True),
    Column("resolves", BigInt, ForeignKey("ledger_transfers.id"), unique=True),
    Column("corrects", BigInt, ForeignKey("ledger_transfers.id")),
    Column("subscription_id", BigInt),
    Column("operation_id", BigInt),
    Column("plan", String(64)),
    Column("term", String(16)),
    Column("period_from", BigInt),
    Column("period_to", BigInt),
    Column("expiry_before", BigInt),
    Column("expiry_after", BigInt),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("released >= 0", name="released"),
    CheckConstraint("source_id <> target_id", name="ends"),
)
Index(
    "ix_ledger_transfers_corrects",
    transfers.c.corrects,
    sqlite_where=transfers.c.corrects.is_not(None),
    postgresql_where=transfers.c.corrects.is_not(None),
)
Index(
    "ix_ledger_transfers_subscription_id",
    transfers.c.subscription_id,
    sqlite_where=transfers.c.subscription_id.is_not(None),
    postgresql_where=transfers.c.subscription_id.is_not(None),
)
_CHARGE = text("kind = 'charge'")  # late proof of an effect: a verification asks each operation for it
Index(
    "ix_ledger_transfers_charge",
    transfers.c.operation_id,
    sqlite_where=_CHARGE,
    postgresql_where=_CHARGE,
)
_RARE = text("kind NOT IN ('hold', 'post')")  # those two are most of every wallet's lines
Index(
    "ix_ledger_transfers_rare",
    transfers.c.kind,
    transfers.c.id,
    sqlite_where=_RARE,
    postgresql_where=_RARE,
)

links = Table(
    "ledger_links",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("wallet_id", BigInt, ForeignKey("ledger_wallets.id"), nullable=False),
    Column("sequence", BigInt, nullable=False),
    Column("transfer_id", BigInt, ForeignKey("ledger_transfers.id"), nullable=False),
    Column("balance", BigInt, nullable=False),  # after the transfer
    Column("held", BigInt, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("text_digest", String(64), nullable=False),
    Column("link", String(64), nullable=False),
    UniqueConstraint("wallet_id", "sequence"),
    UniqueConstraint("transfer_id", "wallet_id"),
)

texts = Table(
    "ledger_texts",
    metadata,
    # Free text beside the chain. Erasing sets every column but the first to NULL.
    Column("transfer_id", BigInt, ForeignKey("ledger_transfers.id"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(16)),
    Column("actor", String(200)),
    Column("reason", Text),
    Column("note", Text),
)

crossings = Table(
    "ledger_floor_crossings",
    metadata,
    Column("id", BigInt, primary_key=True),
    Column("wallet_id", BigInt, ForeignKey("ledger_wallets.id"), nullable=False),
    Column("at", BigInt, nullable=False),
    Column("available", BigInt, nullable=False),
    Column("floor", BigInt, nullable=False),
    Column("transfer_id", BigInt, ForeignKey("ledger_transfers.id")),
)
