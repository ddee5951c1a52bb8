"""Books that cannot lie: whatever somebody does to the file, ``ledger verify`` names it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from panelbridge.service.compose import compose
from tests.cli.conftest import Shell


@pytest.fixture
def sold(selling: Shell) -> Shell:
    """Two accounts sold, and a top-up after the first of them."""
    selling.order(9301)
    selling.done("credits", "top-up", "5", "--reason", "second")
    selling.order(9302)
    return selling


@contextmanager
def opened(shell: Shell, *, foreign_keys: bool = False) -> Iterator[sqlite3.Connection]:
    """The file as a careful cheat opens it: guards off, and put back afterwards."""
    with closing(sqlite3.connect(shell.folder / "panelbridge.db", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, statement in guards:
            connection.execute(statement)


def verified(shell: Shell, *words: str) -> tuple[bool, str]:
    """Whether the books are said to be whole, and everything that is said against them."""
    ran = shell("ledger", "verify", *words, "--json")
    assert ran.code in (0, 8), ran.err
    report: dict[str, Any] = ran.json
    return report["whole"], "; ".join(f"[{item['code']}] {item['message']}" for item in report["problems"])


def cut_newest(connection: sqlite3.Connection, wallet: int, count: int) -> None:
    """The newest ``count`` transfers of the wallet never happened, and its row fits what is left."""
    rows = connection.execute(
        "SELECT transfer_id, sequence FROM ledger_links WHERE wallet_id = ? ORDER BY sequence DESC LIMIT ?",
        (wallet, count),
    ).fetchall()
    for transfer, sequence in rows:
        connection.execute(
            "DELETE FROM ledger_links WHERE wallet_id = ? AND sequence = ?", (wallet, sequence)
        )
        connection.execute("DELETE FROM ledger_texts WHERE transfer_id = ?", (transfer,))
        connection.execute("DELETE FROM ledger_transfers WHERE id = ?", (transfer,))
    balance, held, sequence, tail = connection.execute(
        "SELECT balance, held, sequence, link FROM ledger_links WHERE wallet_id = ?"
        " ORDER BY sequence DESC LIMIT 1",
        (wallet,),
    ).fetchone()
    connection.execute(
        "UPDATE ledger_wallets SET balance = ?, held = ?, sequence = ?, tail = ? WHERE id = ?",
        (balance, held, sequence, tail, wallet),
    )


def test_books_that_nobody_touched_are_whole(sold: Shell) -> None:
    assert verified(sold) == (True, "")


def test_the_newest_transfers_cut_and_the_wallet_set_back(sold: Shell) -> None:
    with opened(sold) as connection:
        cut_newest(connection, 5, 2)

    whole, said = verified(sold)

    assert not whole
    assert "[not_posted] operation 2 is done and owes its price" in said
    assert "[witness] the witness saw more: link 5 of wallet 5" in said


def test_a_cut_that_no_operation_knows_of_is_seen_in_the_log_of_heads(sold: Shell, tmp_path: Path) -> None:
    sold.done("credits", "top-up", "7", "--reason", "third")
    with closing(sqlite3.connect(sold.folder / "panelbridge.db")) as connection:
        sequence, tail = connection.execute("SELECT sequence, tail FROM ledger_wallets").fetchone()
    log = tmp_path / "serve.log"
    head = {"event": "chain head", "reseller": 1, "sequence": sequence, "tail": tail, "level": "info"}
    log.write_text(f"no JSON at all\nNov 30 host panelbridge[7]: {json.dumps(head)}\n")
    assert sold("ledger", "verify", "--heads", str(log)).code == 0
    with opened(sold) as cheat:
        cut_newest(cheat, 5, 1)

    whole, said = verified(sold, "--heads", str(log))

    assert not whole
    assert f"link {sequence} was logged once and is gone" in said


def test_a_wallet_removed_with_its_chain(sold: Shell) -> None:
    with opened(sold) as connection:
        for table in ("ledger_links", "ledger_texts", "ledger_transfers", "ledger_wallets"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM ledger_accounts WHERE id = 5")

    whole, said = verified(sold)

    assert not whole
    assert "[no_wallet] reseller 1 has no wallet" in said


def test_all_tables_of_the_ledger_emptied(sold: Shell) -> None:
    with opened(sold) as connection:
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'ledger_%'"
        ).fetchall():
            connection.execute(f"DELETE FROM {table}")

    whole, said = verified(sold)

    assert not whole
    assert "[accounts] account 1 of the ledger itself is gone" in said
    assert "[no_wallet]" in said


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("price = 1", "[hold_differs] operation 1"),
        ("hold = 4", "[hold_differs] operation 1"),
        ("hold = NULL", "[hold_stray] hold 2 was taken for operation 1"),
        ("hold = NULL, price = 0", "[hold_stray] hold 2 was taken for operation 1"),
        ("state = 'refused'", "[not_voided] operation 1"),
        ("\"after\" = json_set(\"after\", '$.charged', '0')", "[posted] operation 1"),
    ],
)
def test_what_an_operation_says_of_its_price(sold: Shell, change: str, expected: str) -> None:
    with opened(sold) as connection:
        connection.execute(f"UPDATE operations SET {change} WHERE id = 1")

    whole, said = verified(sold)

    assert not whole
    assert expected in said


def test_what_metrics_tell_of_operations_is_what_the_journal_has(sold: Shell) -> None:
    services = compose(sold.config, migrate=False)
    try:
        told = [figure for figure in services.figures() if figure.name == "panelbridge_operations"]
        assert [({"verb": "create", "state": "done"}, 2.0)] == [(one.labels, one.value) for one in told]
        with services.units.write() as unit:
            assert 2 == unit.journal.add_counts_up(1)
            assert 1 == unit.journal.add_counts_up(1)
        assert told == [figure for figure in services.figures() if figure.name == "panelbridge_operations"]
    finally:
        services.close()
    assert verified(sold) == (True, "")
    with opened(sold) as connection:
        connection.execute("UPDATE operation_counts SET count = 3")

    whole, said = verified(sold)

    assert not whole
    assert "[counts] 3 operations create are counted as done, and the journal has 2" in said


def test_a_constraint_taken_off_a_wallet(sold: Shell) -> None:
    with opened(sold) as connection:
        (made,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'ledger_wallets'").fetchone()
        without = re.sub(r",\s*CONSTRAINT ck_ledger_wallets_available CHECK \([^)]*\)", "", made)
        assert without != made
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'ledger_wallets'", (without,))
        connection.execute("PRAGMA writable_schema=OFF")

    whole, said = verified(sold)

    assert not whole
    assert "[schema]" in said
    assert "table ledger_wallets differs from what the migrations make" in said


def test_a_foreign_trigger(sold: Shell) -> None:
    with closing(sqlite3.connect(sold.folder / "panelbridge.db")) as connection:
        connection.execute(
            "CREATE TRIGGER helpful AFTER INSERT ON operations BEGIN"
            " UPDATE operations SET price = 0 WHERE id = NEW.id; END"
        )
        connection.commit()

    whole, said = verified(sold)

    assert not whole
    assert "trigger helpful on operations is none of ours" in said


def test_a_deleted_text_is_told_from_an_erased_one(sold: Shell) -> None:
    with closing(sqlite3.connect(sold.folder / "panelbridge.db")) as connection:
        connection.execute(
            "UPDATE ledger_texts SET salt = NULL, actor = NULL, reason = NULL, note = NULL"
            " WHERE transfer_id = 1"
        )
        connection.commit()
    assert verified(sold) == (True, "")
    with opened(sold) as cheat:
        cheat.execute("DELETE FROM ledger_texts WHERE transfer_id = 1")

    whole, said = verified(sold)

    assert not whole
    assert "[text_gone] the text of transfer 1 was deleted" in said


def test_rows_that_say_less_block_no_restore(sold: Shell, tmp_path: Path) -> None:
    """As an early release wrote them: nothing on what was charged, and no text."""
    with opened(sold) as connection:
        connection.execute('UPDATE operations SET "after" = json_remove("after", \'$.charged\')')
        connection.execute("DELETE FROM ledger_texts WHERE transfer_id = 1")
    backup = tmp_path / "old.db"
    sold.done("backup", str(backup))

    ran = sold.done("restore", str(backup), "--replace", "--yes", "--json").json

    assert ran.get("doubts") == ["the text of transfer 1 was deleted; an erased one leaves its row"]
