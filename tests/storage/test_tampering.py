# ruff: noqa: ISC004 - statements too long for one line
"""Somebody edits the file with the guards taken off: verification finds it, and money stops moving."""

from __future__ import annotations

import sqlite3

import pytest

from panelbridge.ledger import ChainKeys, LedgerBroken
from panelbridge.storage.engine import guards_sqlite
from tests.ledger.books import ANNA, BORIS, Books, credits_of, sale


@pytest.fixture
def sold(books: Books) -> Books:
    with books.write() as ledger:
        for number in range(3):
            hold = ledger.hold(ANNA, credits_of("10"), key=f"h{number}", actor="a", context=sale())
            ledger.post(hold.id)
        ledger.transfer(ANNA, BORIS, credits_of("5"), key="t", actor="a", reason="r")
    return books


def edit(books: Books, *statements: str) -> None:
    """Change the file without guards, then put them back, as a careful cheat would."""
    connection = sqlite3.connect(books.path)
    for name in guards_sqlite.TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement
    for statement in guards_sqlite.TRIGGERS.values():
        connection.execute(statement)
    connection.commit()
    connection.close()


TAMPERINGS = {
    "an amount": ("link", ["UPDATE ledger_transfers SET amount = amount - 1 WHERE id = 3"]),
    "a subscription": ("link", ["UPDATE ledger_transfers SET subscription_id = 9 WHERE id = 3"]),
    "a time": ("link", ["UPDATE ledger_transfers SET at = at + 1 WHERE id = 3"]),
    "a price and its sums": (
        "link",
        [
            "UPDATE ledger_transfers SET amount = 1 WHERE id IN (2, 3)",
            "UPDATE ledger_links SET balance = balance + 99999 WHERE id >= 3",
            "UPDATE ledger_wallets SET balance = balance + 99999 WHERE id = 5",
        ],
    ),
    "a balance": ("wallet", ["UPDATE ledger_wallets SET balance = balance + 1 WHERE id = 5"]),
    "a reason": ("text", ["UPDATE ledger_texts SET reason = 'gift' WHERE transfer_id = 1"]),
    "an actor": ("text", ["UPDATE ledger_texts SET actor = 'other' WHERE transfer_id = 1"]),
    "a link": ("link", ["UPDATE ledger_links SET link = 'aa' WHERE id = 2"]),
    "a missing link": ("gap", ["DELETE FROM ledger_links WHERE id = 3"]),
    "a missing transfer": (
        "gap",
        ["DELETE FROM ledger_links WHERE id IN (2, 3)", "DELETE FROM ledger_transfers WHERE id IN (2, 3)"],
    ),
    "a transfer in no chain": (
        "unlinked",
        [
            "INSERT INTO ledger_transfers (kind, source_id, target_id, amount, released, at)"
            " VALUES ('top_up', 1, 5, 9, 0, 1)"
        ],
    ),
    "a wallet's owner": ("link", ["UPDATE ledger_wallets SET reseller_id = 99 WHERE id = 6"]),
    "a cut end": (
        "tail",
        ["DELETE FROM ledger_links WHERE transfer_id = 8", "DELETE FROM ledger_transfers WHERE id = 8"],
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_verify_finds(sold: Books, what: str) -> None:
    code, statements = TAMPERINGS[what]
    assert sold.verify().whole
    edit(sold, *statements)
    assert code in sold.problems()


def test_a_chain_cut_back_neatly_is_found_by_the_heads_logged_before(sold: Books) -> None:
    with sold.read() as ledger:
        heads = ledger.wallets()
    edit(
        sold,
        "DELETE FROM ledger_links WHERE transfer_id = 8",
        "DELETE FROM ledger_texts WHERE transfer_id = 8",
        "DELETE FROM ledger_transfers WHERE id = 8",
        "UPDATE ledger_wallets SET sequence = 7, balance = 700000, tail = (SELECT link FROM ledger_links"
        " WHERE wallet_id = 5 AND sequence = 7) WHERE id = 5",
        f"UPDATE ledger_wallets SET sequence = 0, balance = 0, tail = '{'0' * 64}' WHERE id = 6",
    )
    with sold.write() as ledger:
        assert ledger.verify().whole
        assert {"head"} == {problem.code for problem in ledger.verify(heads=heads).problems}


def test_no_money_moves_on_a_wallet_that_contradicts_its_chain(sold: Books) -> None:
    edit(sold, "UPDATE ledger_wallets SET balance = balance + 1000000 WHERE id = 5")
    with sold.write() as ledger, pytest.raises(LedgerBroken):
        ledger.hold(ANNA, credits_of("1"), key="h", actor="a", context=sale())
    with sold.write() as ledger:
        ledger.charge(BORIS, credits_of("1"), key="c", actor="a", context=sale())


def test_links_of_a_key_we_do_not_have_cannot_be_vouched_for(sold: Books) -> None:
    stranger = Books(sold.path, ChainKeys(current="k2", keys={"k2": b"2" * 32}))
    assert {"key"} == set(stranger.problems())
    stranger.database.close()
    forged = Books(sold.path, ChainKeys(current="k1", keys={"k1": b"2" * 32}))
    assert {"link"} == set(forged.problems())
    forged.database.close()


def test_a_changed_key_goes_on_with_the_same_chain(sold: Books) -> None:
    keys = {"k2": b"2" * 32, **sold.keys.keys}
    rotated = Books(sold.path, ChainKeys(current="k2", keys=keys))
    with rotated.write() as ledger:
        ledger.top_up(ANNA, credits_of("1"), key="t2", actor="a", reason="r")
    assert rotated.verify().whole
    rotated.database.close()


def test_a_refusal_of_the_database_poisons_the_transaction(books: Books) -> None:
    # Were a guard to refuse half-way, a caller that swallows the error must not commit the first half, nor
    # leave believing that it did.
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("1"), key="h", actor="a", context=sale())
    connection = sqlite3.connect(books.path)
    connection.execute(
        "CREATE TRIGGER trip BEFORE UPDATE ON ledger_wallets BEGIN SELECT RAISE(ABORT, 'trip'); END"
    )
    connection.commit()
    connection.close()
    with (
        pytest.raises(RuntimeError, match="nothing was committed"),
        books.write() as ledger,
        pytest.raises(LedgerBroken),
    ):
        ledger.hold(ANNA, credits_of("1"), key="h2", actor="a", context=sale())
    with books.read() as ledger:
        assert ledger.keyed("h2") is None
