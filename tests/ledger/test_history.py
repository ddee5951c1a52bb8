from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from panelbridge.ledger import HistoryFilter, HistoryLine, TransferContext, TransferKind
from tests.ledger.books import ANNA, BORIS, Books, credits_of, sale


@pytest.fixture
def busy(books: Books) -> Books:
    """A top-up, then a day later a sale of 30 posted with 20, then 5 credits to Boris."""
    books.clock.pass_by(timedelta(days=1))
    with books.write() as ledger:
        hold = ledger.hold(ANNA, credits_of("30"), key="h", actor="whmcs", context=sale())
        until = books.clock() + timedelta(days=28)
        context = TransferContext(expiry_before=books.clock(), expiry_after=until, note="=1+1")
        ledger.post(hold.id, amount=credits_of("20"), context=context)
        ledger.transfer(ANNA, BORIS, credits_of("5"), key="t", actor="anna", reason="share")
    return books


def test_each_line_tells_before_and_after(busy: Books) -> None:
    with busy.read() as ledger:
        lines = ledger.history(HistoryFilter(reseller=ANNA))
    told = [
        (
            line.kind.value,
            str(line.balance_before),
            str(line.balance_after),
            str(line.held_before),
            str(line.held_after),
        )
        for line in lines
    ]
    assert [
        ("top_up", "0", "100", "0", "0"),
        ("hold", "100", "100", "0", "30"),
        ("post", "100", "80", "30", "0"),
        ("transfer", "80", "75", "0", "0"),
    ] == told
    post = lines[2]
    assert ("20", "gold", "1m", "whmcs", "create") == (
        str(post.price),
        post.transfer.context.plan,
        post.transfer.context.term,
        post.transfer.actor,
        post.transfer.context.reason,
    )


def test_filters_narrow(busy: Books) -> None:
    start = busy.clock()
    wanted = {
        "reseller": HistoryFilter(reseller=BORIS),
        "subscription": HistoryFilter(subscription=501),
        "kind": HistoryFilter(kinds=frozenset({TransferKind.POST, TransferKind.TOP_UP})),
        "since": HistoryFilter(since=start),
        "until": HistoryFilter(until=start),
        "none": HistoryFilter(subscription=1),
    }
    with busy.read() as ledger:
        found = {name: [line.kind.value for line in ledger.history(one)] for name, one in wanted.items()}
    assert {
        "reseller": ["transfer"],
        "subscription": ["hold", "post"],
        "kind": ["top_up", "post"],
        "since": ["hold", "post", "transfer", "transfer"],
        "until": ["top_up"],
        "none": [],
    } == found


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_join_to_the_whole(busy: Books, newest_first: bool) -> None:
    with busy.read() as ledger:
        whole = ledger.history(HistoryFilter(newest_first=newest_first))
        pages: list[HistoryLine] = []
        after = None
        while page := ledger.history(HistoryFilter(newest_first=newest_first, after=after, limit=2)):
            pages += page
            after = page[-1].id
    assert list(whole) == pages
    assert 5 == len(whole)


def test_the_statement_is_csv_without_formulas(busy: Books) -> None:
    with busy.read() as ledger:
        text = "".join(ledger.statement_csv(HistoryFilter(reseller=ANNA, limit=2)))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert ["top_up", "hold", "post", "transfer"] == [row["kind"] for row in rows]
    post = rows[2]
    assert ("20", "100", "80", "501", "gold", "whmcs", "'=1+1") == tuple(
        post[name]
        for name in ("price", "balance_before", "balance_after", "subscription", "plan", "actor", "note")
    )
    assert "2026-03-01T12:00:00+00:00" == post["expiry_after"]


def test_erased_text_is_gone_and_the_chain_stays_whole(busy: Books) -> None:
    with busy.write() as ledger:
        line = ledger.history(HistoryFilter(kinds=frozenset({TransferKind.POST})))[0]
        ledger.erase_text(line.transfer.id)
        erased = ledger.find(line.transfer.id)
    assert erased is not None
    assert (None, "", None) == (erased.actor, erased.context.reason, erased.context.note)
    assert busy.verify().whole
