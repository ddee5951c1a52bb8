"""Every list is read by an index in the order of its pages: no whole table, no sort of everything.

No time is taken here: what is asked over HTTP is caught on its way to the database, which tells how it would
go about it. ``benchmarks/growth.py`` has the seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from panelbridge.contract.models import Term
from panelbridge.lifecycle import SubscriptionState
from panelbridge.service.compose import book_figures
from panelbridge.storage.provisioning.tables import operation_counts
from panelbridge.subscriptions import Plan, Subscription, SubscriptionId
from tests.service.conftest import Service

_SETTINGS = {"base_url": "http://127.0.0.1:9", "token": "x" * 32}
_LISTS = (
    "/v1/subscriptions",
    "/v1/subscriptions?state=active",
    "/v1/subscriptions?state=refused",
    "/v1/subscriptions?expiring_within=7d",
    "/v1/subscriptions?expiring_within=7d&state=active",
    "/v1/operations",
    "/v1/operations?state=attention",
    "/v1/operations?state=done",
    "/v1/operations?subscription=1",
    "/v1/plans",
)
_OF_THE_OPERATOR = (
    "/v1/subscriptions?panel=main",
    "/v1/subscriptions?panel=main&after=17",
    "/v1/attention",
    "/v1/keys",
    "/v1/panels",
    "/v1/installations",  # a shop sees its own alone, and its reseller's wallet
    "/v1/resellers",
    "/v1/credits",
    "/v1/credits/anna/history",
    "/v1/credits/anna/history?after=3",
    "/v1/credits/anna/history?kind=top_up",
    "/v1/credits/anna/history?kind=top_up&after=3",
)
_OF_THE_SHOP = ("Finished", "ListAccounts")


@dataclass(frozen=True)
class _Asked:
    """A statement as it went to the driver."""

    text: str
    values: Any


@pytest.fixture
def shop(service: Service) -> tuple[Service, Plan]:
    panel = service.rig.add_panel("main", "reference", _SETTINGS)
    return service, service.rig.add_plan("gold", panel, {"1m": ("basic-1m", "1")})


@pytest.mark.parametrize("path", [*_LISTS, *_OF_THE_OPERATOR])
def test_a_list_of_the_operator_is_read_by_an_index(shop: tuple[Service, Plan], path: str) -> None:
    service, _ = shop
    with _caught() as asked:
        assert 200 == service.get(path.replace("anna", service.rig.reseller.code)).status_code
    assert [] == _slow_ways(service, asked)


@pytest.mark.parametrize("path", _LISTS)
def test_a_list_of_a_shop_is_read_by_an_index(shop: tuple[Service, Plan], path: str) -> None:
    service, _ = shop
    with _caught() as asked:
        assert 200 == service.get(path, service.shop).status_code
    assert [] == _slow_ways(service, asked)


@pytest.mark.parametrize("function", _OF_THE_SHOP)
def test_what_whmcs_asks_for_is_read_by_an_index(shop: tuple[Service, Plan], function: str) -> None:
    service, _ = shop
    with _caught() as asked:
        assert 200 == service.call(function, {}).status_code
    assert [] == _slow_ways(service, asked)


@pytest.mark.parametrize("whose", ["subscription=1", "operation=1"])
def test_lines_of_one_subscription_are_found_by_it(shop: tuple[Service, Plan], whose: str) -> None:
    service, _ = shop
    with _caught() as asked:
        path = f"/v1/credits/{service.rig.reseller.code}/history?{whose}"
        assert 200 == service.get(path).status_code
    # Its own few lines may be sorted.
    assert {"sort"} >= {way for way, _ in _slow_ways(service, asked)}
    (lines,) = [one for one in asked if "FROM ledger_links JOIN" in one.text]
    with service.rig.units.read() as unit:
        if unit.connection.dialect.name == "sqlite":
            told = unit.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lines.text}", lines.values)
            assert any("ix_ledger_transfers_subscription_id" in row.detail for row in told)


def test_metrics_count_no_journal(shop: tuple[Service, Plan]) -> None:
    service, _ = shop
    with _caught() as asked:
        assert [*book_figures(service.rig.units)]
    asked = [one for one in asked if "GROUP BY" not in one.text]  # of the open ones: few, by their index
    told = _slow_ways(service, asked)
    # A figure for each wallet; the counts are a few rows.
    assert {"ledger_wallets", "resellers", operation_counts.name} >= {table for table, _ in told}


def test_open_operations_are_counted_by_their_index(shop: tuple[Service, Plan]) -> None:
    service, _ = shop
    with _caught() as asked:
        list(book_figures(service.rig.units))
    (counting,) = [one for one in asked if "GROUP BY" in one.text]
    assert [] == [way for way in _slow_ways(service, [counting]) if way[0] == "operations"]


def test_what_comes_again_and_again_reads_no_journal_whole(shop: tuple[Service, Plan]) -> None:
    service, _ = shop
    now = service.rig.clock()
    with _caught() as asked, service.rig.units.read() as unit:
        unit.journal.due(now, 1000, timedelta(seconds=5), per_panel=100)
        unit.journal.waiting(now, 3, now)
        unit.journal.released(now)
        unit.journal.watched_purchases(now)
    assert 4 == len(asked)
    assert [] == [way for way in _slow_ways(service, asked) if way[0] == "operations"]


@pytest.mark.parametrize("filters", ["", "&state=active", "&panel=main", "&expiring_within=7d"])
def test_pages_tell_each_row_once_and_read_one_more(shop: tuple[Service, Plan], filters: str) -> None:
    service, plan = shop
    for number in range(1, 8):
        _subscribe(service, plan, number)
    told, asked = list[int](), list[_Asked]()
    after: Any = 0
    for _ in range(3):
        with _caught() as caught:
            page = service.get(f"/v1/subscriptions?limit=3&after={after}{filters}").get_json()
        told += [item["service_id"] for item in page["items"]]
        after = page["next"]
        asked += [one for one in caught if "FROM subscriptions" in one.text]
    assert after is None
    # Two an hour, the later ones first: by the hour they come backwards, in the same hour by number.
    wanted = [6, 7, 4, 5, 2, 3, 1] if "expiring" in filters else [1, 2, 3, 4, 5, 6, 7]
    assert wanted == told
    with service.rig.units.read() as unit:
        read = [len(unit.connection.exec_driver_sql(one.text, one.values).all()) for one in asked]
    assert [4, 4, 1] == read


def test_who_was_renewed_between_two_pages_hides_nobody(shop: tuple[Service, Plan]) -> None:
    service, plan = shop
    made = [_subscribe(service, plan, number) for number in range(1, 6)]
    first = service.get("/v1/subscriptions?limit=2&expiring_within=7d").get_json()
    last = first["items"][-1]["id"]
    (renewed,) = [item for item in made if item.id == last]
    assert renewed.entitled_until is not None
    with service.rig.units.write() as unit:
        later = renewed.entitled_until + timedelta(days=30)
        unit.subscriptions.save(replace(renewed, entitled_until=later))
    rest = service.get(f"/v1/subscriptions?after={first['next']}&expiring_within=7d").get_json()
    told = [item["service_id"] for item in (*first["items"], *rest["items"])]
    assert [4, 5, 2, 3, 1] == told


def _subscribe(service: Service, plan: Plan, number: int) -> Subscription:
    now = service.rig.clock().replace(minute=0, second=0, microsecond=0)
    with service.rig.units.write() as unit:
        return unit.subscriptions.insert(
            Subscription(
                id=SubscriptionId(0),
                installation_id=service.rig.installation.id,
                service_id=number,
                reseller_id=service.rig.reseller.id,
                panel_id=plan.panel_id,
                plan_id=plan.id,
                plan_version=plan.version,
                term=Term.parse("1m"),
                state=SubscriptionState.ACTIVE,
                generation=1,
                revision=1,
                created_at=now,
                package="basic-1m",
                entitled_until=now + timedelta(hours=9 - number // 2, minutes=number),
            )
        )


@contextmanager
def _caught() -> Iterator[list[_Asked]]:
    """What SQLAlchemy sends meanwhile. Rows by their key go past it (``Prepared``), and are one row each."""
    asked: list[_Asked] = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
    ) -> None:
        if statement.lstrip().startswith("SELECT"):
            asked.append(_Asked(statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _slow_ways(service: Service, asked: list[_Asked]) -> list[tuple[str, str]]:
    """Tables that are read from one end to the other, and sorts."""
    assert asked
    with service.rig.units.read() as unit:
        ways = _of_sqlite if unit.connection.dialect.name == "sqlite" else _of_postgres
        return [way for one in asked for way in ways(unit.connection, one)]


def _of_sqlite(connection: Connection, asked: _Asked) -> Iterator[tuple[str, str]]:
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked.text}", asked.values):
        words = row.detail.split()
        if words[0] == "SCAN" and words[1] != "CONSTANT":
            yield words[1], row.detail
        if "TEMP B-TREE" in row.detail:
            yield "sort", f"{row.detail}: {asked.text}"


def _of_postgres(connection: Connection, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Small tables are read whole whatever indexes there are, so that has to cost more than anything."""
    for way in ("seqscan", "sort", "bitmapscan"):
        connection.execute(text(f"SET LOCAL enable_{way} = off"))
    for (line,) in connection.exec_driver_sql(f"EXPLAIN {asked.text}", asked.values):
        words = line.replace("->", " ").split()
        if words[:2] == ["Seq", "Scan"]:
            yield words[3], line
        if "Sort" in words[:2]:
            yield "sort", f"{line}: {asked.text}"
