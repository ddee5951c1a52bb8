"""The database refuses by itself: every attempt here comes through a plain connection that knows no rules."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from panelbridge.storage.audit import verify_ledger
from panelbridge.storage.engine import guards_sqlite
from tests.ledger.books import ANNA, Books, credits_of, sale

COLUMNS = "(kind, source_id, target_id, amount, released, at, resolves, corrects)"
BOOK = f"INSERT INTO ledger_transfers {COLUMNS} VALUES "
TABLES = ("accounts", "wallets", "transfers", "links", "texts", "floor_crossings")


@pytest.fixture
def plain(books: Books) -> Iterator[sqlite3.Connection]:
    """Transfers: 1 top-up of 100, 2 hold of 30, 3 post of it, 4 hold of 10 (open). Wallet 5 is Anna's."""
    with books.write() as ledger:
        ledger.set_limits(ANNA, overdraft=credits_of("0"), floor=credits_of("90"))
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="a", context=sale())
        ledger.post(hold.id)
        ledger.hold(ANNA, credits_of("10"), key="h2", actor="a", context=sale())
    connection = sqlite3.connect(books.path, isolation_level=None)
    yield connection
    connection.close()


def refused(connection: sqlite3.Connection, statement: str) -> None:
    before = contents(connection)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert before == contents(connection)


def contents(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [
        row
        for table in TABLES
        for row in connection.execute(f"SELECT * FROM ledger_{table} ORDER BY 1").fetchall()
    ]


@pytest.mark.parametrize("table", TABLES)
def test_delete_and_truncate_are_refused(plain: sqlite3.Connection, table: str) -> None:
    refused(plain, f"DELETE FROM ledger_{table}")
    refused(plain, f"DELETE FROM ledger_{table} WHERE rowid = (SELECT max(rowid) FROM ledger_{table})")


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("table", TABLES)
def test_replace_is_refused(plain: sqlite3.Connection, table: str, recursive: str) -> None:
    plain.execute(f"PRAGMA recursive_triggers={recursive}")
    refused(
        plain, f"INSERT OR REPLACE INTO ledger_{table} SELECT * FROM ledger_{table} ORDER BY 1 DESC LIMIT 1"
    )
    refused(plain, f"REPLACE INTO ledger_{table} SELECT * FROM ledger_{table} ORDER BY 1 LIMIT 1")


@pytest.mark.parametrize("key", ["id", "key"])
def test_a_transfer_is_not_replaced_through_any_of_its_keys(plain: sqlite3.Connection, key: str) -> None:
    value = {"id": "1", "key": "'first'"}[key]
    refused(
        plain,
        f"REPLACE INTO ledger_transfers ({key}, kind, source_id, target_id, amount, released, at)"
        f" VALUES ({value}, 'top_up', 1, 5, 7, 0, 1)",
    )


@pytest.mark.parametrize(
    "change",
    [
        "ledger_accounts SET kind = 'stock'",
        "ledger_transfers SET amount = amount + 1",
        "ledger_transfers SET at = 0",
        "OR REPLACE ledger_transfers SET id = 2 WHERE id = 1",
        "ledger_links SET balance = balance + 1",
        "ledger_links SET link = 'x'",
        "ledger_floor_crossings SET available = 0",
        "ledger_texts SET actor = 'somebody else'",
        "ledger_texts SET reason = NULL",
        "ledger_wallets SET balance = balance + 1",
        "ledger_wallets SET held = 0",
        "ledger_wallets SET sequence = sequence + 1",
        "ledger_wallets SET tail = 'x'",
        "ledger_wallets SET reseller_id = reseller_id + 100",
        "ledger_wallets SET overdraft = -1",
        "ledger_wallets SET overdraft = 1.5",
    ],
)
def test_updates_are_refused(plain: sqlite3.Connection, change: str) -> None:
    refused(plain, f"UPDATE {change}")


@pytest.mark.parametrize(
    "values",
    [
        "('top_up', 1, 5, 0, 0, 1, NULL, NULL)",
        "('top_up', 1, 5, -1, 0, 1, NULL, NULL)",
        "('top_up', 1, 5, 1.5, 0, 1, NULL, NULL)",
        "('top_up', 1, 5, 'many', 0, 1, NULL, NULL)",
        "('top_up', 1, 5, 1, 0, 'now', NULL, NULL)",
        "('top_up', 1, 5, NULL, 0, 1, NULL, NULL)",
        "('top_up', 5, 1, 1, 0, 1, NULL, NULL)",
        "('hold', 5, 3, 1, 0, 1, NULL, NULL)",
        "('hold', 5, 2, 1, 1, 1, NULL, NULL)",
        "('transfer', 5, 5, 1, 0, 1, NULL, NULL)",
        "('gift', 1, 5, 1, 0, 1, NULL, NULL)",
        "('charge', 5, 99, 1, 0, 1, NULL, NULL)",
        "('post', 5, 2, 10000, 0, 1, NULL, NULL)",
        "('post', 5, 2, 100001, 0, 1, 4, NULL)",
        "('post', 5, 2, 1, 0, 1, 4, NULL)",
        "('post', 6, 2, 100000, 0, 1, 4, NULL)",
        "('void', 5, 2, 300000, 0, 1, 2, NULL)",
        "('void', 5, 2, 10000, 90000, 1, 4, NULL)",
        "('post', 1, 5, 1000000, 0, 1, 1, NULL)",
        "('correction', 2, 5, 300001, 0, 1, NULL, 3)",
        "('correction', 5, 2, 1, 0, 1, NULL, 3)",
        "('correction', 2, 5, 1, 0, 1, NULL, 2)",
        "('correction', 2, 5, 1, 0, 1, NULL, NULL)",
        "('charge', 5, 2, 1, 0, 1, NULL, 3)",
    ],
)
def test_transfers_against_the_rules_are_refused(plain: sqlite3.Connection, values: str) -> None:
    plain.execute("PRAGMA foreign_keys=ON")
    refused(plain, BOOK + values)


def test_the_open_hold_could_be_voided_by_a_rightful_row(plain: sqlite3.Connection) -> None:
    # The counter-proof: what is refused above is refused for its fault alone.
    plain.execute("BEGIN")
    plain.execute(BOOK + "('void', 5, 2, 100000, 0, 1, 4, NULL)")
    plain.execute(BOOK + "('correction', 2, 5, 300000, 0, 1, NULL, 3)")
    plain.execute("ROLLBACK")


@pytest.mark.parametrize(
    "link",
    [
        "(5, 6, 4, 700000, 100000, 'k', 'd', 'x')",
        "(5, 5, 4, 700000, 200000, 'k', 'd', 'x')",
        "(6, 1, 4, 0, 0, 'k', 'd', 'x')",
        "(5, 5, 99, 700000, 100000, 'k', 'd', 'x')",
    ],
)
def test_links_that_do_not_add_up_are_refused(plain: sqlite3.Connection, link: str) -> None:
    columns = "(wallet_id, sequence, transfer_id, balance, held, key_id, text_digest, link)"
    refused(plain, f"INSERT INTO ledger_links {columns} VALUES {link}")


@pytest.mark.parametrize("name", sorted(guards_sqlite.TRIGGERS))
def test_a_guard_that_is_gone_or_weakened_is_found(books: Books, name: str) -> None:
    with books.database.write() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    report = books.verify()
    assert report.guards_tried
    assert any(name in problem.message for problem in report.problems)


def test_a_read_transaction_says_that_guards_were_not_tried(books: Books) -> None:
    with books.read() as ledger:
        report = ledger.verify()
    assert report.whole
    assert not report.guards_tried


def test_the_full_verification_walks_in_a_snapshot_and_tries_the_guards(books: Books) -> None:
    report = verify_ledger(books.database, books.keys)
    assert (True, True, 1) == (report.whole, report.guards_tried, report.transfers)
    with books.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER guard_ledger_wallets_update")
    found = {problem.message for problem in verify_ledger(books.database, books.keys).problems}
    assert {
        "the database did not refuse: guard guard_ledger_wallets_update is missing or altered",
        "the database did not refuse: raise a balance",
        "the database did not refuse: free a hold",
        "the database did not refuse: move without a link",
        "the database did not refuse: give a wallet away",
        "the schema was changed: trigger guard_ledger_wallets_update is gone",
    } == found


def test_trying_the_guards_leaves_no_trace(books: Books) -> None:
    connection = sqlite3.connect(books.path)
    before = contents(connection)
    assert books.verify().whole
    assert before == contents(connection)
    connection.close()
