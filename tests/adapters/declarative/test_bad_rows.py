"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from tests.adapters.declarative.conftest import ACCOUNT, ACME, SOON, Panel, Start, order_of, ref, rows
from tests.support.bad_rows import respoken
from tests.support.ended import ended, listed

LIST = """
[op.list]
request = { GET = "/users" }
rows = "body.rows"
like = "get"
[op.usage]
request = { GET = "/usage" }
rows = "body.rows"
result = { username = "row.login", traffic_bytes = { at = "row.used", unit = "bytes" } }
[op.packages]
request = { GET = "/plans" }
rows = "body.rows"
result = { id = "row.id", name = "row.name" }
"""
OTHER = {**ACCOUNT, "id": 8, "login": "svc00002", "note": "bridge:2:1"}
BROKEN: dict[str, Any] = {
    "date": {**OTHER, "until": "soon"},
    "state": {**OTHER, "on": "perhaps"},
    "name": {**OTHER, "login": None},
    "id": {**OTHER, "id": None},
    "shape": "no row",
}
NAMED = ("date", "state", "id")


@pytest.mark.parametrize("broken", list(BROKEN))
def test_it_is_one_bad_account_of_the_list(panel: Panel, broken: str) -> None:
    adapter, _ = panel(ACME + LIST, rows(ACCOUNT, BROKEN[broken], {**ACCOUNT, "id": 9, "login": "svc00003"}))
    told = [(account.id, account.username, account.state) for account in listed(adapter)]
    own = "" if broken in ("id", "shape") else "8"
    name = "svc00002" if broken in NAMED else ""
    assert told == [
        ("7", "svc00001", "active"),
        (own, name, "unreadable"),
        ("9", "svc00003", "active"),
    ]


@pytest.mark.parametrize("broken", list(BROKEN))
def test_found_is_found_beside_it_and_absent_only_where_it_is_anothers(panel: Panel, broken: str) -> None:
    adapter, _ = panel(ACME + LIST, rows(BROKEN[broken], ACCOUNT))
    assert isinstance(adapter.find(username="svc00001"), Found)
    adapter, _ = panel(ACME + LIST, rows(BROKEN[broken]))
    none = adapter.find(username="svc00001")
    assert isinstance(none, Absent if broken in NAMED else Unknown)


def test_of_several_rows_not_one_readable_is_no_list(panel: Panel) -> None:
    """A release that renamed a field, or something else that answers there."""
    adapter, _ = panel(ACME + LIST, rows({"name": "svc00001"}, {"name": "svc00002"}))
    assert ended(lambda: list(adapter.list_accounts())).code == "contract_broken"
    adapter, _ = panel(ACME + LIST, rows(BROKEN["date"]))
    assert [account.state for account in listed(adapter)] == ["unreadable"]


def test_a_usage_that_cannot_be_read_is_one_accounts(panel: Panel) -> None:
    adapter, _ = panel(
        ACME + LIST,
        rows({"login": "svc00001", "used": 5}, {"login": "b", "used": "much"}, {"login": "c", "used": 7}),
    )
    told = ended(lambda: list(adapter.usages())).value or ()
    assert [(usage.username, usage.traffic_bytes) for usage in told] == [("svc00001", 5), ("c", 7)]


def test_marzban_lists_it_beside_the_others(practised: Start) -> None:
    panel = practised("marzban")
    for number in (1, 2):
        panel.adapter.create(order_of(number, package="1", until=SOON))
    listed(panel.adapter)
    respoken(panel.practice.control, "list_accounts", lambda reply: reply["users"][0].update(status=None))
    told = {account.username: account.state for account in listed(panel.adapter)}
    assert sorted(told.values()) == ["active", "unreadable"]
    assert set(told) == {"svc00001", "svc00002"}
    good = next(number for number in (1, 2) if told[f"svc{number:05d}"] == "active")
    assert ended(panel.adapter.suspend, ref(good), "overdue").outcome == Outcome.DONE


def test_marzban_sells_beside_a_package_that_cannot_be_read(practised: Start) -> None:
    panel = practised("marzban")
    ended(lambda: list(panel.adapter.list_packages()))
    respoken(panel.practice.control, "list_packages", lambda reply: reply.insert(0, {**reply[0], "id": None}))
    assert ended(panel.adapter.create, order_of(1, package="1", until=SOON)).outcome == Outcome.DONE
    assert ended(panel.adapter.create, order_of(2, package="99", until=SOON)).code == "contract_broken"


def test_outline_lists_the_others_of_a_key_without_an_id(practised: Start) -> None:
    panel = practised("outline")
    for number in (1, 2):
        panel.adapter.create(order_of(number, package="50gib", until=SOON))
    listed(panel.adapter)
    respoken(panel.practice.control, "list_accounts", lambda reply: reply["accessKeys"][0].update(id=None))
    told = {account.username: account.state for account in listed(panel.adapter)}
    assert sorted(told.items()) == [("", "unreadable"), ("svc00002", "active")]


def test_ejabberd_finds_ours_in_a_list_with_a_row_that_is_none(practised: Start) -> None:
    panel = practised("ejabberd")
    panel.adapter.create(order_of(1, package="", until=SOON))
    listed(panel.adapter)
    operation = "list_accounts" if panel.practice.control.true_reply("list_accounts") else "get"
    respoken(panel.practice.control, operation, lambda reply: reply.append(None))
    told = {account.username: account.state for account in listed(panel.adapter)}
    assert told == {"svc00001": "active", "": "unreadable"}
    assert isinstance(panel.adapter.find(username="svc00001"), Found)
    assert isinstance(panel.adapter.find(username="nobody23"), Unknown)
