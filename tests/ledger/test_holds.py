from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from panelbridge.ledger import (
    Credits,
    HoldResolved,
    InsufficientCredit,
    KeyMismatch,
    Period,
    ResellerId,
    TransferContext,
    TransferId,
    TransferKind,
    TransferRefused,
    WalletMissing,
)
from tests.ledger.books import ANNA, BORIS, Books, credits_of, sale


def test_a_hold_reserves_and_moves_nothing(books: Books) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        wallet = ledger.wallet(ANNA)
    assert ("100", "30", "70") == (str(wallet.balance), str(wallet.held), str(wallet.available))


def test_the_same_key_takes_one_hold(books: Books) -> None:
    with books.write() as ledger:
        first = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
    with books.write() as ledger:
        assert first == ledger.hold(ANNA, credits_of("30"), key="h", actor="another", context=sale())
        assert credits_of("30") == ledger.wallet(ANNA).held


@pytest.mark.parametrize(
    ("amount", "subscription", "reseller"), [("31", 501, ANNA), ("30", 502, ANNA), ("30", 501, BORIS)]
)
def test_the_same_key_with_other_fields_is_refused(
    books: Books, amount: str, subscription: int, reseller: ResellerId
) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        with pytest.raises(KeyMismatch):
            ledger.hold(reseller, credits_of(amount), key="h", actor="whmcs", context=sale(subscription))
    assert books.verify().whole


def test_more_than_available_is_refused_with_both_amounts(books: Books) -> None:
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("80"), key="h1", actor="whmcs", context=sale())
        with pytest.raises(InsufficientCredit) as caught:
            ledger.hold(ANNA, credits_of("20.0001"), key="h2", actor="whmcs", context=sale())
    assert ("20", "20.0001") == (str(caught.value.available), str(caught.value.needed))
    with books.write() as ledger:
        ledger.hold(ANNA, credits_of("20"), key="h2", actor="whmcs", context=sale())


def test_an_overdraft_can_be_held_too(books: Books) -> None:
    with books.write() as ledger:
        ledger.set_limits(BORIS, overdraft=credits_of("5"), floor=None)
        hold = ledger.hold(BORIS, credits_of("5"), key="h", actor="whmcs", context=sale())
        ledger.post(hold.id)
        assert "-5" == str(ledger.wallet(BORIS).balance)
        with pytest.raises(InsufficientCredit):
            ledger.set_limits(BORIS, overdraft=credits_of("4"), floor=None)


def test_a_post_consumes_the_hold_with_its_period(books: Books) -> None:
    start = datetime(2026, 1, 31, tzinfo=UTC)
    period = Period(start=start, until=start + timedelta(days=28))
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale(operation=9))
        posted = ledger.post(hold.id, context=TransferContext(expiry_after=period.until), period=period)
        wallet = ledger.wallet(ANNA)
        assert posted == ledger.resolution(hold.id)
    assert ("70", "0") == (str(wallet.balance), str(wallet.held))
    context = posted.context
    assert (501, 9, "gold", "1m") == (context.subscription, context.operation, context.plan, context.term)
    assert (period.start, period.until) == (context.period_from, context.period_to)
    assert "whmcs" == posted.actor


def test_a_partial_post_releases_the_rest_in_one_row(books: Books) -> None:
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        posted = ledger.post(hold.id, amount=credits_of("12.5"))
        wallet = ledger.wallet(ANNA)
    assert ("12.5", "17.5") == (str(posted.amount), str(posted.released))
    assert ("87.5", "0") == (str(wallet.balance), str(wallet.held))
    assert books.verify().whole


def test_a_void_releases_all(books: Books) -> None:
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        voided = ledger.void(hold.id, actor="bridge", reason="refused by the panel")
        assert ("100", "0") == (str(ledger.wallet(ANNA).balance), str(ledger.wallet(ANNA).held))
    assert (TransferKind.VOID, hold.id, 501) == (voided.kind, voided.resolves, voided.context.subscription)


def test_resolving_again_in_the_same_way_returns_the_same_row(books: Books) -> None:
    with books.write() as ledger:
        one = ledger.hold(ANNA, credits_of("3"), key="h1", actor="whmcs", context=sale())
        two = ledger.hold(ANNA, credits_of("3"), key="h2", actor="whmcs", context=sale())
        assert ledger.post(one.id) == ledger.post(one.id)
        assert ledger.void(two.id, actor="a", reason="r") == ledger.void(two.id, actor="b", reason="s")
        assert "97" == str(ledger.wallet(ANNA).balance)


def test_a_hold_resolves_once(books: Books) -> None:
    with books.write() as ledger:
        one = ledger.hold(ANNA, credits_of("3"), key="h1", actor="whmcs", context=sale())
        two = ledger.hold(ANNA, credits_of("3"), key="h2", actor="whmcs", context=sale())
        posted, voided = ledger.post(one.id), ledger.void(two.id, actor="a", reason="r")
        with pytest.raises(HoldResolved) as after_post:
            ledger.void(one.id, actor="a", reason="r")
        with pytest.raises(HoldResolved) as after_void:
            ledger.post(two.id)
        with pytest.raises(HoldResolved):
            ledger.post(one.id, amount=credits_of("1"))
    assert (posted.id, "post") == (after_post.value.resolved_by, after_post.value.kind)
    assert (voided.id, "void") == (after_void.value.resolved_by, after_void.value.kind)
    assert books.verify().whole


def test_only_a_hold_can_be_resolved(books: Books) -> None:
    with books.write() as ledger:
        for number in (TransferId(1), TransferId(999)):
            with pytest.raises(TransferRefused):
                ledger.post(number)


@pytest.mark.parametrize("amount", ["0", "-1"])
def test_zero_and_negative_amounts_are_refused(books: Books, amount: str) -> None:
    with books.write() as ledger:
        with pytest.raises(TransferRefused):
            ledger.hold(ANNA, credits_of(amount), key="h", actor="whmcs", context=sale())
        hold = ledger.hold(ANNA, credits_of("3"), key="h1", actor="whmcs", context=sale())
        with pytest.raises(TransferRefused):
            ledger.post(hold.id, amount=credits_of(amount))
        with pytest.raises(TransferRefused):
            ledger.post(hold.id, amount=credits_of("4"))
    assert books.verify().whole


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_a_key_has_a_length(books: Books, key: str) -> None:
    with books.write() as ledger, pytest.raises(TransferRefused, match="key"):
        ledger.hold(ANNA, credits_of("1"), key=key, actor="whmcs", context=sale())


def test_a_reseller_without_a_wallet_is_named(books: Books) -> None:
    with books.write() as ledger, pytest.raises(WalletMissing, match="77"):
        ledger.hold(ResellerId(77), Credits(1), key="h", actor="whmcs", context=sale())


def test_open_holds_are_listed_by_age(books: Books) -> None:
    with books.write() as ledger:
        old = ledger.hold(ANNA, credits_of("1"), key="h1", actor="whmcs", context=sale())
        done = ledger.hold(ANNA, credits_of("1"), key="h2", actor="whmcs", context=sale())
        ledger.post(done.id)
        books.clock.pass_by(timedelta(hours=25))
        ledger.hold(ANNA, credits_of("1"), key="h3", actor="whmcs", context=sale())
        assert [old] == ledger.open_holds(before=books.clock() - timedelta(hours=24))


def test_what_a_caller_abandons_never_happened(books: Books) -> None:
    with contextlib.suppress(ZeroDivisionError), books.write() as ledger:
        ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=replace(sale(), note="x"))
        raise ZeroDivisionError
    with books.read() as ledger:
        assert "0" == str(ledger.wallet(ANNA).held)
        assert ledger.keyed("h") is None
    assert books.verify().whole
