# ruff: noqa: S608, ISC004 - the statements are ours; only numbers are bound
"""Tries to break every guard inside a savepoint that is rolled back: what is not refused is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from panelbridge.storage.engine import guards

_RESELLER = -1  # no real reseller has a negative id
_ZEROS = "0" * 64
_NEVER_REACHED = 2**62
_TRIAL_LOCK = 0x747269616C  # any number; the same in all releases
_NO_RIGHT = "42501"  # SQLSTATE insufficient_privilege

_LINK = "ledger_links (id, wallet_id, sequence, transfer_id, balance, held, key_id, text_digest, link)"
_WALLET = "ledger_wallets (id, reseller_id, balance, held, overdraft, sequence, tail, opened_at)"

# A wallet of 100 units with 60 of them held, built by the rules.
_SAMPLE = (
    "INSERT INTO ledger_accounts (id, kind) VALUES (:w, 'wallet')",
    f"INSERT INTO {_WALLET} VALUES (:w, {_RESELLER}, 0, 0, 0, 0, '{_ZEROS}', 1)",
    "INSERT INTO ledger_transfers (id, kind, source_id, target_id, amount, released, at, key)"
    " VALUES (:t, 'top_up', 1, :w, 100, 0, 1, 'guard-trial')",
    f"INSERT INTO {_LINK} VALUES (:l, :w, 1, :t, 100, 0, 'k', 'd', 'a')",
    "UPDATE ledger_wallets SET balance = 100, sequence = 1, tail = 'a' WHERE id = :w",
    "INSERT INTO ledger_transfers (id, kind, source_id, target_id, amount, released, at)"
    " VALUES (:t + 1, 'hold', :w, 2, 60, 0, 1)",
    f"INSERT INTO {_LINK} VALUES (:l + 1, :w, 2, :t + 1, 100, 60, 'k', 'd', 'b')",
    "UPDATE ledger_wallets SET held = 60, sequence = 2, tail = 'b' WHERE id = :w",
    "INSERT INTO ledger_texts (transfer_id, salt, actor, reason) VALUES (:t, x'00', 'guard', 'trial')",
    "INSERT INTO ledger_floor_crossings (id, wallet_id, at, available, floor) VALUES (:c, :w, 1, 0, 1)",
    f"INSERT INTO resellers (id, code, name) VALUES ({_RESELLER}, 'Guard Trial', 'guard')",
    f"INSERT INTO customers (id, reseller_id, origin, created_at, erased_at, revision)"
    f" VALUES (:p, {_RESELLER}, 'native', 1, 1, 1)",
    f"INSERT INTO events (id, at, reseller_id, customer_id, kind, actor, before, after)"
    f" VALUES (:e, 1, {_RESELLER}, :p, 'customer_added', 'guard', '{{}}', '{{}}')",
    "INSERT INTO event_texts (event_id, text) VALUES (:e, 'guard')",
    "INSERT INTO consents (id, customer_id, purpose, given, at, source, wording_version)"
    " VALUES (:e, :p, 'guard', false, 1, 'guard', '1')",
)

_NEW_TRANSFER = "ledger_transfers (kind, source_id, target_id, amount, released, at, resolves, corrects)"
_NEW_LINK = "ledger_links (wallet_id, sequence, transfer_id, balance, held, key_id, text_digest, link)"

_COMMON: dict[str, str] = {
    "change an account": "UPDATE ledger_accounts SET kind = 'stock' WHERE id = :w",
    "delete an account": "DELETE FROM ledger_accounts WHERE id = :w",
    "add a second stock": "INSERT INTO ledger_accounts (kind) VALUES ('stock')",
    "change an amount": "UPDATE ledger_transfers SET amount = 1 WHERE id = :t",
    "delete a transfer": "DELETE FROM ledger_transfers WHERE id = :t",
    "empty the transfers": "DELETE FROM ledger_transfers",
    "book zero": f"INSERT INTO {_NEW_TRANSFER} VALUES ('top_up', 1, :w, 0, 0, 1, NULL, NULL)",
    "book a negative amount": f"INSERT INTO {_NEW_TRANSFER} VALUES ('top_up', 1, :w, -5, 0, 1, NULL, NULL)",
    "book an unknown kind": f"INSERT INTO {_NEW_TRANSFER} VALUES ('gift', 1, :w, 5, 0, 1, NULL, NULL)",
    "post without a hold": f"INSERT INTO {_NEW_TRANSFER} VALUES ('post', :w, 2, 5, 0, 1, NULL, NULL)",
    "post more than held": f"INSERT INTO {_NEW_TRANSFER} VALUES ('post', :w, 2, 70, 0, 1, :t + 1, NULL)",
    "correct too much": f"INSERT INTO {_NEW_TRANSFER} VALUES ('correction', :w, 1, 101, 0, 1, NULL, :t)",
    "change a link": "UPDATE ledger_links SET balance = 1 WHERE id = :l",
    "delete a link": "DELETE FROM ledger_links WHERE id = :l",
    "link a transfer twice": f"INSERT INTO {_NEW_LINK} VALUES (:w, 3, :t, 200, 60, 'k', 'd', 'c')",
    "raise a balance": "UPDATE ledger_wallets SET balance = 1000 WHERE id = :w",
    "free a hold": "UPDATE ledger_wallets SET held = 0 WHERE id = :w",
    "move without a link": "UPDATE ledger_wallets SET balance = 101, sequence = 3, tail = 'c' WHERE id = :w",
    "overdraw a wallet": "UPDATE ledger_wallets SET overdraft = -50 WHERE id = :w",
    "give a wallet away": "UPDATE ledger_wallets SET reseller_id = -2 WHERE id = :w",
    "delete a wallet": "DELETE FROM ledger_wallets WHERE id = :w",
    "open a full wallet": f"INSERT INTO {_WALLET} VALUES (4, -3, 9, 0, 0, 0, '{_ZEROS}', 1)",
    "change a text": "UPDATE ledger_texts SET actor = 'another' WHERE transfer_id = :t",
    "delete a text": "DELETE FROM ledger_texts WHERE transfer_id = :t",
    "change a crossing": "UPDATE ledger_floor_crossings SET available = 5 WHERE id = :c",
    "delete a crossing": "DELETE FROM ledger_floor_crossings WHERE id = :c",
    "delete a customer": "DELETE FROM customers WHERE id = :p",
    "give a customer away": "UPDATE customers SET reseller_id = reseller_id - 1 WHERE id = :p",
    "bring an erased customer back": "UPDATE customers SET erased_at = NULL WHERE id = :p",
    "change an event": "UPDATE events SET kind = 'note_added' WHERE id = :e",
    "delete an event": "DELETE FROM events WHERE id = :e",
    "change an event's text": "UPDATE event_texts SET text = 'another' WHERE event_id = :e",
    "delete an event's text": "DELETE FROM event_texts WHERE event_id = :e",
    "change a consent": "UPDATE consents SET given = true WHERE id = :e",
    "delete a consent": "DELETE FROM consents WHERE id = :e",
}

# Facts of SQLite: rows are replaced without a word, and any column takes a fraction.
_SQLITE: dict[str, str] = {
    "replace an account": "INSERT OR REPLACE INTO ledger_accounts (id, kind) VALUES (:w, 'wallet')",
    "replace a transfer by id": "REPLACE INTO ledger_transfers (id, kind, source_id, target_id, amount,"
    " released, at) VALUES (:t, 'top_up', 1, :w, 999, 0, 1)",
    "replace a transfer by key": "REPLACE INTO ledger_transfers (kind, source_id, target_id, amount,"
    " released, at, key) VALUES ('top_up', 1, :w, 9, 0, 1, 'guard-trial')",
    "book a fraction": f"INSERT INTO {_NEW_TRANSFER} VALUES ('top_up', 1, :w, 1.5, 0, 1, NULL, NULL)",
    "replace a link": f"REPLACE INTO {_LINK} VALUES (:l + 1, :w, 2, :t + 1, 100, 60, 'k', 'd', 'z')",
    "replace a wallet": f"REPLACE INTO {_WALLET} VALUES (:w, {_RESELLER}, 0, 0, 0, 0, '{_ZEROS}', 1)",
    "replace a text": "REPLACE INTO ledger_texts (transfer_id, actor) VALUES (:t, 'another')",
    "replace a crossing": "REPLACE INTO ledger_floor_crossings (id, wallet_id, at, available, floor)"
    " VALUES (:c, :w, 1, 5, 6)",
    "replace a customer": "REPLACE INTO customers (id, reseller_id, origin, created_at, revision)"
    f" VALUES (:p, {_RESELLER}, 'native', 1, 1)",
    "replace an event": "REPLACE INTO events (id, at, reseller_id, kind, actor, before, after)"
    f" VALUES (:e, 1, {_RESELLER}, 'note_added', 'guard', '{{}}', '{{}}')",
    "replace an event's text": "REPLACE INTO event_texts (event_id, text) VALUES (:e, 'another')",
    "replace a consent": "REPLACE INTO consents (id, customer_id, purpose, given, at, source,"
    " wording_version) VALUES (:e, :p, 'guard', true, 1, 'guard', '1')",
}

_INSTEAD = "ON CONFLICT ({}) DO UPDATE SET {}".format
_POSTGRES: dict[str, str] = {
    "replace an account": "INSERT INTO ledger_accounts (id, kind) VALUES (:w, 'wallet') "
    + _INSTEAD("id", "kind = 'stock'"),
    "replace a transfer by id": "INSERT INTO ledger_transfers (id, kind, source_id, target_id, amount,"
    " released, at) VALUES (:t, 'top_up', 1, :w, 999, 0, 1) " + _INSTEAD("id", "amount = 999"),
    "replace a transfer by key": "INSERT INTO ledger_transfers (kind, source_id, target_id, amount,"
    " released, at, key) VALUES ('top_up', 1, :w, 9, 0, 1, 'guard-trial') " + _INSTEAD("key", "amount = 9"),
    "replace a wallet": f"INSERT INTO {_WALLET} VALUES (:w, {_RESELLER}, 0, 0, 0, 0, '{_ZEROS}', 1) "
    + _INSTEAD("id", "balance = 1000"),
    "replace a text": "INSERT INTO ledger_texts (transfer_id, actor) VALUES (:t, 'another') "
    + _INSTEAD("transfer_id", "actor = 'another'"),
    "replace a crossing": "INSERT INTO ledger_floor_crossings (id, wallet_id, at, available, floor)"
    " VALUES (:c, :w, 1, 5, 6) " + _INSTEAD("id", "available = 5"),
    "truncate everything from its root": "TRUNCATE ledger_accounts CASCADE",
    "truncate the links": "TRUNCATE ledger_links",
    "truncate the texts": "TRUNCATE ledger_texts",
    "truncate the crossings": "TRUNCATE ledger_floor_crossings",
    "truncate the customers": "TRUNCATE customers CASCADE",
    "truncate the events": "TRUNCATE events CASCADE",
    "truncate the events' texts": "TRUNCATE event_texts",
    "truncate the consents": "TRUNCATE consents",
    "restart the numbers": "TRUNCATE ledger_transfers RESTART IDENTITY CASCADE",
}


def trials(dialect: str) -> Mapping[str, str]:
    """What the guards must refuse on the database of this ``dialect``."""
    return _COMMON | (_SQLITE if dialect == "sqlite" else _POSTGRES)


def broken(connection: Connection) -> Sequence[str] | None:
    """What the database did not refuse, and guards that differ from ours. ``None`` when it is read-only."""
    if _read_only(connection):
        return None
    found = [f"guard {name} is missing or altered" for name in guards.altered(connection)]
    outer = connection.begin_nested()
    try:
        places = _build_sample(connection)
        found.extend(
            name
            for name, statement in trials(connection.dialect.name).items()
            if not _refused(connection, statement, places)
        )
    except IntegrityError as error:
        found.append(f"a rightful booking ({error.orig})")
    finally:
        outer.rollback()
    return found


def _read_only(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return bool(connection.exec_driver_sql("PRAGMA query_only").scalar_one())
    return bool(connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on")


def _build_sample(connection: Connection) -> dict[str, int]:
    places = _free_places(connection)
    for statement in _SAMPLE:
        _execute(connection, statement, places)
    return places


def _free_places(connection: Connection) -> dict[str, int]:
    if connection.dialect.name != "sqlite":
        # Others book meanwhile and take the next numbers; these are never reached. One trial at a time.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TRIAL_LOCK})")
        return dict.fromkeys("wtlcpe", _NEVER_REACHED)
    tables = {
        "w": "ledger_accounts",
        "t": "ledger_transfers",
        "l": "ledger_links",
        "c": "ledger_floor_crossings",
        "p": "customers",
        "e": "events",
    }
    return {
        name: connection.exec_driver_sql(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").scalar_one()
        for name, table in tables.items()
    }


def _refused(connection: Connection, statement: str, places: dict[str, int]) -> bool:
    trial = connection.begin_nested()
    try:
        _execute(connection, statement, places)
    except IntegrityError:
        return True
    except ProgrammingError as error:  # a right that the service's role was never given
        if getattr(error.orig, "sqlstate", None) != _NO_RIGHT:
            raise
        return True
    else:
        return False
    finally:
        trial.rollback()


def _execute(connection: Connection, statement: str, places: dict[str, int]) -> None:
    if connection.dialect.name != "sqlite":
        statement = statement.replace("x'00'", r"'\x00'::bytea").replace("::", r"\:\:")
    connection.execute(text(statement), {name: at for name, at in places.items() if f":{name}" in statement})
