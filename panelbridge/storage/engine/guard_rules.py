# ruff: noqa: S608 - conditions made of our own table names
"""What the tables of ledger, customers and timeline refuse. ``guards_sqlite`` and ``guards_postgres``
make the triggers.

Conditions are spelled as SQLite spells them: ``IS NOT`` compares two values of which either may be NULL.
"""

from __future__ import annotations

from dataclasses import dataclass

FROZEN = (
    "ledger_accounts",
    "ledger_transfers",
    "ledger_links",
    "ledger_floor_crossings",
    "consents",
    "events",
)
UNDELETABLE = (*FROZEN, "ledger_wallets", "ledger_texts", "customers", "event_texts")
# Each database spells these its own way.
BLANK_TAIL = "<a tail of 64 zeros>"
NO = "<false>"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A row for which ``condition`` is true is refused with ``message``."""

    message: str
    condition: str
    on_postgres: str | None = None  # where its spelling is another
    # Facts of SQLite: rows are replaced without a word, and any column takes a fraction. PostgreSQL knows
    # neither; its keys and the types of its columns hold.
    sqlite_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The rules for one event of one table."""

    table: str
    event: str  # INSERT or UPDATE
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        return f"guard_{self.table}_{self.event.lower()}"


def _refuse(message: str, condition: str) -> Rule:
    return Rule(message=message, condition=condition)


def _refuse_on_sqlite(message: str, condition: str) -> Rule:
    return Rule(message=message, condition=condition, sqlite_only=True)


def _exists(table: str, *columns: str) -> str:
    return " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {column} = NEW.{column})" for column in columns)


_ACCOUNTS = Guard(
    event="INSERT",
    table="ledger_accounts",
    rules=(
        _refuse_on_sqlite("an account is never replaced", _exists("ledger_accounts", "id")),
        _refuse("only wallets are added", "NEW.kind <> 'wallet'"),
    ),
)

_WALLET_INSERT = Guard(
    event="INSERT",
    table="ledger_wallets",
    rules=(
        _refuse_on_sqlite("a wallet is never replaced", _exists("ledger_wallets", "id", "reseller_id")),
        _refuse(
            "a wallet begins empty",
            "NEW.balance IS NOT 0 OR NEW.held IS NOT 0 OR NEW.sequence IS NOT 0 OR NEW.tail <> " + BLANK_TAIL,
        ),
        _refuse_on_sqlite(
            "limits are integers", "typeof(NEW.overdraft) <> 'integer' OR typeof(NEW.floor) = 'real'"
        ),
    ),
)

# A wallet's row moves by one link at a time, to exactly what that link says.
_WALLET_UPDATE = Guard(
    event="UPDATE",
    table="ledger_wallets",
    rules=(
        _refuse(
            "a wallet keeps its owner",
            "NEW.id IS NOT OLD.id OR NEW.reseller_id IS NOT OLD.reseller_id"
            " OR NEW.opened_at IS NOT OLD.opened_at",
        ),
        _refuse_on_sqlite(
            "limits are integers", "typeof(NEW.overdraft) <> 'integer' OR typeof(NEW.floor) = 'real'"
        ),
        _refuse(
            "a wallet moves only with its chain",
            "CASE WHEN NEW.sequence IS OLD.sequence"
            " THEN NEW.balance IS NOT OLD.balance OR NEW.held IS NOT OLD.held OR NEW.tail IS NOT OLD.tail"
            " ELSE NEW.sequence IS NOT OLD.sequence + 1 OR NOT EXISTS (SELECT 1 FROM ledger_links l"
            " WHERE l.wallet_id = NEW.id AND l.sequence = NEW.sequence AND l.balance = NEW.balance"
            " AND l.held = NEW.held AND l.link = NEW.tail) END",
        ),
    ),
)

_TRANSFER = Guard(
    event="INSERT",
    table="ledger_transfers",
    rules=(
        _refuse_on_sqlite(
            "a transfer is never replaced", _exists("ledger_transfers", "id", "key", "resolves")
        ),
        Rule(
            message="amounts are integers above zero",
            condition="typeof(NEW.amount) <> 'integer' OR NEW.amount <= 0"
            " OR typeof(NEW.released) <> 'integer' OR NEW.released < 0 OR typeof(NEW.at) <> 'integer'",
            on_postgres="NEW.amount <= 0 OR NEW.released < 0",
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
            f" ELSE {NO} END",
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
    ),
)

# The arithmetic of ledger/rules.py, once more, where nobody can leave it out.
_LINK = Guard(
    event="INSERT",
    table="ledger_links",
    rules=(
        _refuse_on_sqlite(
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
    ),
)

_CROSSING = Guard(
    event="INSERT",
    table="ledger_floor_crossings",
    rules=(_refuse_on_sqlite("a crossing is never replaced", _exists("ledger_floor_crossings", "id")),),
)

_TEXT_INSERT = Guard(
    event="INSERT",
    table="ledger_texts",
    rules=(_refuse_on_sqlite("a text is never replaced", _exists("ledger_texts", "transfer_id")),),
)
_TEXT_UPDATE = Guard(
    event="UPDATE",
    table="ledger_texts",
    rules=(
        Rule(
            message="a text is erased whole or kept",
            condition="NEW.transfer_id IS NOT OLD.transfer_id"
            " OR coalesce(NEW.salt, NEW.actor, NEW.reason, NEW.note) IS NOT NULL",
            on_postgres="NEW.transfer_id <> OLD.transfer_id"
            " OR num_nonnulls(NEW.salt, NEW.actor, NEW.reason, NEW.note) > 0",
        ),
    ),
)

_CUSTOMER_INSERT = Guard(
    event="INSERT",
    table="customers",
    rules=(
        _refuse_on_sqlite(
            "a customer is never replaced",
            "EXISTS (SELECT 1 FROM customers WHERE id = NEW.id) OR EXISTS (SELECT 1 FROM customers"
            " WHERE installation_id = NEW.installation_id AND client_id = NEW.client_id)",
        ),
    ),
)
_CUSTOMER_UPDATE = Guard(
    event="UPDATE",
    table="customers",
    rules=(
        _refuse(
            "a customer keeps its id, its reseller and what was done to it for good",
            "NEW.id <> OLD.id OR NEW.reseller_id <> OLD.reseller_id"
            " OR (OLD.merged_into IS NOT NULL AND NEW.merged_into IS NULL)"
            " OR (OLD.erased_at IS NOT NULL AND NEW.erased_at IS NULL)",
        ),
    ),
)
_EVENT_INSERT = Guard(
    event="INSERT",
    table="events",
    rules=(_refuse_on_sqlite("an event is never replaced", _exists("events", "id")),),
)
_CONSENT_INSERT = Guard(
    event="INSERT",
    table="consents",
    rules=(_refuse_on_sqlite("a consent is never replaced", _exists("consents", "id")),),
)
_EVENT_TEXT_INSERT = Guard(
    event="INSERT",
    table="event_texts",
    rules=(_refuse_on_sqlite("a text is never replaced", _exists("event_texts", "event_id")),),
)
_EVENT_TEXT_UPDATE = Guard(
    event="UPDATE",
    table="event_texts",
    rules=(_refuse("a text is erased or kept", "NEW.event_id <> OLD.event_id OR NEW.text IS NOT NULL"),),
)

GUARDS = (
    _ACCOUNTS,
    _WALLET_INSERT,
    _WALLET_UPDATE,
    _TRANSFER,
    _LINK,
    _CROSSING,
    _TEXT_INSERT,
    _TEXT_UPDATE,
    _CUSTOMER_INSERT,
    _CUSTOMER_UPDATE,
    _EVENT_INSERT,
    _CONSENT_INSERT,
    _EVENT_TEXT_INSERT,
    _EVENT_TEXT_UPDATE,
)
