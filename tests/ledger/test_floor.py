from __future__ import annotations

import contextlib

from tests.ledger.books import ANNA, Books, credits_of, sale


def test_each_fall_below_the_floor_is_recorded_once(books: Books) -> None:
    with books.write() as ledger:
        ledger.set_limits(ANNA, overdraft=credits_of("0"), floor=credits_of("50"))
        ledger.charge(ANNA, credits_of("50"), key="c1", actor="a", context=sale())
        assert [] == list(ledger.floor_crossings())
        second = ledger.charge(ANNA, credits_of("1"), key="c2", actor="a", context=sale())
        ledger.charge(ANNA, credits_of("1"), key="c3", actor="a", context=sale())
        [crossing] = ledger.floor_crossings()
        assert ("49", "50", second.id) == (str(crossing.available), str(crossing.floor), crossing.transfer)
        ledger.top_up(ANNA, credits_of("2"), key="t", actor="a", reason="r")
        ledger.hold(ANNA, credits_of("1"), key="h", actor="a", context=sale())
        assert 2 == len(ledger.floor_crossings())
        assert [crossing.id + 1] == [one.id for one in ledger.floor_crossings(since=crossing.id)]


def test_a_rolled_back_fall_was_none(books: Books) -> None:
    with books.write() as ledger:
        ledger.set_limits(ANNA, overdraft=credits_of("0"), floor=credits_of("50"))
    with contextlib.suppress(KeyError), books.write() as ledger:
        ledger.charge(ANNA, credits_of("60"), key="c1", actor="a", context=sale())
        raise KeyError
    with books.read() as ledger:
        assert [] == list(ledger.floor_crossings())


def test_a_floor_set_above_the_credit_is_a_crossing(books: Books) -> None:
    with books.write() as ledger:
        for _ in range(2):
            ledger.set_limits(ANNA, overdraft=credits_of("0"), floor=credits_of("200"))
        [crossing] = ledger.floor_crossings()
    assert (None, "100") == (crossing.transfer, str(crossing.available))
