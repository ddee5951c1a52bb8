from __future__ import annotations

import pytest

from panelbridge.ledger import (
    InsufficientCredit,
    KeyMismatch,
    TransferKind,
    TransferRefused,
)
from tests.ledger.books import ANNA, BORIS, Books, credits_of, sale


def test_a_top_up_with_the_same_key_arrives_once(books: Books) -> None:
    with books.write() as ledger:
        again = ledger.top_up(ANNA, credits_of("100"), key="first", actor="operator", reason="paid twice?")
        assert "100" == str(ledger.wallet(ANNA).balance)
        with pytest.raises(KeyMismatch):
            ledger.top_up(ANNA, credits_of("101"), key="first", actor="operator", reason="other")
    assert "paid invoice 7" == again.context.reason


def test_opening_a_wallet_twice_keeps_it(books: Books) -> None:
    with books.write() as ledger:
        assert ledger.wallet(ANNA) == ledger.open_wallet(ANNA, overdraft=credits_of("50"))


def test_an_adjustment_goes_both_ways_and_needs_a_reason(books: Books) -> None:
    with books.write() as ledger:
        ledger.adjust(ANNA, credits_of("5"), key="a1", actor="operator", reason="goodwill")
        ledger.adjust(ANNA, credits_of("-2"), key="a2", actor="operator", reason="booked twice")
        assert "103" == str(ledger.wallet(ANNA).balance)
        for amount, reason in (("1", " "), ("0", "nothing")):
            with pytest.raises(TransferRefused):
                ledger.adjust(ANNA, credits_of(amount), key="a3", actor="operator", reason=reason)
        with pytest.raises(InsufficientCredit):
            ledger.adjust(ANNA, credits_of("-104"), key="a3", actor="operator", reason="all")
    assert books.verify().whole


def test_a_charge_consumes_at_once(books: Books) -> None:
    with books.write() as ledger:
        charged = ledger.charge(ANNA, credits_of("7"), key="c", actor="operator", context=sale())
        assert charged == ledger.charge(ANNA, credits_of("7"), key="c", actor="operator", context=sale())
        assert "93" == str(ledger.wallet(ANNA).balance)
        with pytest.raises(InsufficientCredit):
            ledger.charge(ANNA, credits_of("94"), key="c2", actor="operator", context=sale())


def test_a_transfer_between_wallets_hangs_in_both_chains(books: Books) -> None:
    with books.write() as ledger:
        for key in ("t", "t"):
            ledger.transfer(ANNA, BORIS, credits_of("40"), key=key, actor="anna", reason="for March")
        assert ("60", "40") == (str(ledger.wallet(ANNA).balance), str(ledger.wallet(BORIS).balance))
        assert (2, 1) == (ledger.wallet(ANNA).sequence, ledger.wallet(BORIS).sequence)
        with pytest.raises(InsufficientCredit):
            ledger.transfer(BORIS, ANNA, credits_of("41"), key="u", actor="boris", reason="back")
        with pytest.raises(TransferRefused):
            ledger.transfer(ANNA, ANNA, credits_of("1"), key="v", actor="anna", reason="self")
    assert books.verify().whole


def test_held_credits_cannot_be_transferred_or_charged(books: Books) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("95"), key="h", actor="whmcs", context=sale())
        with pytest.raises(InsufficientCredit):
            ledger.transfer(ANNA, BORIS, credits_of("6"), key="t", actor="anna", reason="r")
        with pytest.raises(InsufficientCredit):
            ledger.charge(ANNA, credits_of("6"), key="c", actor="a", context=sale())


def test_a_correction_is_linked_and_never_more_than_was_moved(books: Books) -> None:
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        posted = ledger.post(hold.id)
        part = ledger.correct(posted.id, amount=credits_of("10"), key="k1", actor="operator", reason="outage")
        assert part == ledger.correct(
            posted.id, amount=credits_of("10"), key="k1", actor="operator", reason="outage"
        )
        assert "80" == str(ledger.wallet(ANNA).balance)
        with pytest.raises(TransferRefused, match="20"):
            ledger.correct(posted.id, amount=credits_of("21"), key="k2", actor="operator", reason="more")
        ledger.correct(posted.id, amount=credits_of("20"), key="k2", actor="operator", reason="rest")
        assert "100" == str(ledger.wallet(ANNA).balance)
    assert (TransferKind.CORRECTION, posted.id, 501) == (part.kind, part.corrects, part.context.subscription)
    assert books.verify().whole


def test_what_moves_nothing_cannot_be_corrected(books: Books) -> None:
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        with pytest.raises(TransferRefused):
            ledger.correct(hold.id, key="k", actor="operator", reason="wrong")


def test_a_top_up_already_spent_cannot_be_taken_back(books: Books) -> None:
    with books.write() as ledger:
        ledger.charge(ANNA, credits_of("1"), key="c", actor="operator", context=sale())
        first = ledger.keyed("first")
        assert first is not None
        with pytest.raises(InsufficientCredit):
            ledger.correct(first.id, key="k", actor="operator", reason="chargeback")
