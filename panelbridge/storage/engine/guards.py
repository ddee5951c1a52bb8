# ruff: noqa: S608 - statements made of our own table names
"""What the database itself refuses: triggers on the ledger's tables, made anew after every migration.

SQLite facts behind them: ``INSERT OR REPLACE`` deletes without firing delete triggers unless the connection
asked for it, so a replace is caught by an insert trigger; a column declared INTEGER takes a fraction, so
types are checked; a rebuilt table has lost its triggers, so all are made anew each time.
"""

from __future__ import annotations

from sqlalchemy import Connection

_FROZEN = ("ledger_accounts", "ledger_transfers", "ledger_links", "ledger_floor_crossings")
_UNDELETABLE = (*_FROZEN, "ledger_wallets", "ledger_texts")


def _refuse(message: str, condition: str) -> str:
    return f"SELECT RAISE(ABORT, 'ledger guard: {message}') WHERE {condition};"


def _trigger(name: str, event: str, table: str, *refusals: str) -> tuple[str, str]:
    body = "\n  ".join(refusals)
    return name, f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN\n  {body}\nEND"


def _always(table: str, event: str) -> tuple[str, str]:
    refusal = f"SELECT RAISE(ABORT, 'ledger guard: {table} refuses {event.lower()}');"
    return _trigger(f"guard_{table}_{event.lower()}", event, table, refusal)


def _exists(table: str, *columns: str) -> str:
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {column} = NEW.{column})" for column in columns)


_ACCOUNTS = _trigger(
    "guard_ledger_accounts_insert",
    "INSERT",
    "ledger_accounts",
    _refuse("an account is never replaced", _exists("ledger_accounts", "id")),
    _refuse("only wallets are added", "NEW.kind <> 'wallet'"),
)

_WALLET_INSERT = _trigger(
    "guard_ledger_wallets_insert",
    "INSERT",
    "ledger_wallets",
    _refuse("a wallet is never replaced", _exists("ledger_wallets", "id", "reseller_id")),
    _refuse(
        "a wallet begins empty",
        "NEW.balance IS NOT 0 OR NEW.held IS NOT 0 OR NEW.sequence IS NOT 0"
        " OR NEW.tail <> printf('%064d', 0)",
    ),
    _refuse("limits are integers", "typeof(NEW.overdraft) <> 'integer' OR typeof(NEW.floor) = 'real'"),
)

# A wallet's row moves by one link at a time, to exactly what that link says.
_WALLET_UPDATE = _trigger(
    "guard_ledger_wallets_update",
    "UPDATE",
    "ledger_wallets",
    _refuse(
        "a wallet keeps its owner",
        "NEW.id IS NOT OLD.id OR NEW.reseller_id IS NOT OLD.reseller_id"
        " OR NEW.opened_at IS NOT OLD.opened_at",
    ),
    _refuse("limits are integers", "typeof(NEW.overdraft) <> 'integer' OR typeof(NEW.floor) = 'real'"),
    _refuse(
        "a wallet moves only with its chain",
        "CASE WHEN NEW.sequence IS OLD.sequence"
        " THEN NEW.balance IS NOT OLD.balance OR NEW.held IS NOT OLD.held OR NEW.tail IS NOT OLD.tail"
        " ELSE NEW.sequence IS NOT OLD.sequence + 1 OR NOT EXISTS (SELECT 1 FROM ledger_links l"
        " WHERE l.wallet_id = NEW.id AND l.sequence = NEW.sequence AND l.balance = NEW.balance"
        " AND l.held = NEW.held AND l.link = NEW.tail) END",
    ),
)

_TRANSFER = _trigger(
    "guard_ledger_transfers_insert",
    "INSERT",
    "ledger_transfers",
    _refuse("a transfer is never replaced", _exists("ledger_transfers", "id", "key", "resolves")),
    _refuse(
        "amounts are integers above zero",
        "typeof(NEW.amount) <> 'integer' OR NEW.amount <= 0"
        " OR typeof(NEW.released) <> 'integer' OR NEW.released < 0 OR typeof(NEW.at) <> 'integer'",
    ),
    _refuse(
        "the ends do not fit the kind",
        "NOT CASE NEW.kind"
        " WHEN 'top_up' THEN NEW.source_id = 1 AND NEW.target_id >= 5"
        " WHEN 'transfer' THEN NEW.source_id >= 5 AND NEW.target_id >= 5"
        " WHEN 'adjustment' THEN (NEW.source_id = 3 AND NEW.target_id >= 5)"
        " OR (NEW.source_id >= 5 AND NEW.target_id = 3)"
        " WHEN 'correction' THEN NEW.corrects IS NOT NULL"
        " WHEN 'hold' THEN NEW.source_id >= 5 AND NEW.target_id = 2"
        " WHEN 'charge' THEN NEW.source_id >= 5 AND NEW.target_id = 2"
        " WHEN 'post' THEN NEW.resolves IS NOT NULL"
        " WHEN 'void' THEN NEW.resolves IS NOT NULL"
        " ELSE 0 END",
    ),
    _refuse(
        "it does not resolve a hold of its size",
        "(NEW.released <> 0 AND NEW.kind <> 'post') OR (NEW.resolves IS NOT NULL AND ("
        "NEW.kind NOT IN ('post', 'void') OR NOT EXISTS (SELECT 1 FROM ledger_transfers h"
        " WHERE h.id = NEW.resolves AND h.kind = 'hold' AND h.source_id = NEW.source_id"
        " AND h.target_id = NEW.target_id AND h.amount = NEW.amount + NEW.released)))",
    ),
    _refuse(
        "it does not correct what is left of a transfer",
        "NEW.corrects IS NOT NULL AND (NEW.kind <> 'correction' OR NOT EXISTS ("
        "SELECT 1 FROM ledger_transfers t WHERE t.id = NEW.corrects"
        " AND t.kind IN ('post', 'charge', 'top_up', 'adjustment', 'transfer')"
        " AND t.source_id = NEW.target_id AND t.target_id = NEW.source_id AND t.amount >= NEW.amount"
        " + (SELECT coalesce(sum(c.amount), 0) FROM ledger_transfers c WHERE c.corrects = t.id)))",
    ),
)

# The arithmetic of ledger/rules.py, once more, where nobody can leave it out.
_LINK = _trigger(
    "guard_ledger_links_insert",
    "INSERT",
    "ledger_links",
    _refuse(
        "a link is never replaced",
        "EXISTS (SELECT 1 FROM ledger_links WHERE id = NEW.id)"
        " OR EXISTS (SELECT 1 FROM ledger_links WHERE transfer_id = NEW.transfer_id"
        " AND wallet_id = NEW.wallet_id)",
    ),
    _refuse(
        "a link follows the wallet and adds its transfer",
        "NOT EXISTS (SELECT 1 FROM ledger_wallets w JOIN ledger_transfers t ON t.id = NEW.transfer_id"
        " WHERE w.id = NEW.wallet_id AND w.id IN (t.source_id, t.target_id)"
        " AND NEW.sequence = w.sequence + 1"
        " AND NEW.balance = w.balance + CASE WHEN t.kind IN ('hold', 'void') THEN 0"
        " WHEN t.target_id = w.id THEN t.amount ELSE -t.amount END"
        " AND NEW.held = w.held + CASE WHEN t.source_id <> w.id THEN 0 WHEN t.kind = 'hold' THEN t.amount"
        " WHEN t.kind IN ('post', 'void') THEN -(t.amount + t.released) ELSE 0 END)",
    ),
)

_CROSSING = _trigger(
    "guard_ledger_floor_crossings_insert",
    "INSERT",
    "ledger_floor_crossings",
    _refuse("a crossing is never replaced", _exists("ledger_floor_crossings", "id")),
)

_TEXT_INSERT = _trigger(
    "guard_ledger_texts_insert",
    "INSERT",
    "ledger_texts",
    _refuse("a text is never replaced", _exists("ledger_texts", "transfer_id")),
)
_TEXT_UPDATE = _trigger(
    "guard_ledger_texts_update",
    "UPDATE",
    "ledger_texts",
    _refuse(
        "a text is erased whole or kept",
        "NEW.transfer_id IS NOT OLD.transfer_id OR coalesce(NEW.salt, NEW.actor, NEW.reason, NEW.note)"
        " IS NOT NULL",
    ),
)

GUARDS: dict[str, str] = dict(
    (
        *(_always(table, "UPDATE") for table in _FROZEN),
        *(_always(table, "DELETE") for table in _UNDELETABLE),
        _ACCOUNTS,
        _WALLET_INSERT,
        _WALLET_UPDATE,
        _TRANSFER,
        _LINK,
        _CROSSING,
        _TEXT_INSERT,
        _TEXT_UPDATE,
    )
)


def install(connection: Connection) -> None:
    """Every guard is there as written here, whatever was there before. Commits nothing."""
    for name, statement in GUARDS.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql(statement)


def altered(connection: Connection) -> list[str]:
    """Names of guards that are missing or read otherwise than here."""
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    stored = dict(tuple(row) for row in rows)
    return [name for name, statement in GUARDS.items() if stored.get(name) != statement]
