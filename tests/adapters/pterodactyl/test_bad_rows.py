"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome
from panelbridge.contract.models import AccountId, AccountRef
from tests.support.bad_rows import respoken
from tests.support.ended import ended, listed

SERVERS: dict[str, dict[str, Any]] = {
    "number": {"egg": "five"},
    "user": {"user": None},
    "limits": {"limits": "none"},
    "id": {"id": None},
}
USERS: dict[str, dict[str, Any]] = {"flag": {"root_admin": "no"}, "name": {"username": None}}


def spoil(own: str, name: str, columns: dict[str, Any]) -> Any:
    def change(reply: Any) -> None:
        attributes = (row["attributes"] for row in reply["data"])
        next(row for row in attributes if str(row[name]) == own).update(columns)

    return change


@pytest.mark.parametrize("broken", list(SERVERS))
def test_a_bad_server_is_one_bad_account(panel: Any, made: Any, broken: str) -> None:
    adapter = panel.adapter()
    good, bad, third = (made(adapter) for _ in range(3))
    listed(adapter)
    respoken(panel.control, "list_accounts", spoil(bad.id, "id", SERVERS[broken]))
    told = {account.id: (account.username, account.state) for account in listed(adapter)}
    assert told == {
        good.id: (good.username, "active"),
        "" if broken == "id" else bad.id: ("" if broken == "user" else bad.username, "unreadable"),
        third.id: (third.username, "active"),
    }


@pytest.mark.parametrize("broken", list(USERS))
def test_a_bad_user_is_one_bad_account(panel: Any, made: Any, broken: str) -> None:
    adapter = panel.adapter()
    good, bad = made(adapter), made(adapter)
    listed(adapter)
    respoken(panel.control, "list_users", spoil(bad.username, "username", USERS[broken]))
    told = {account.id: (account.username, account.state) for account in listed(adapter)}
    name = "" if broken == "name" else bad.username
    assert told == {good.id: (good.username, "active"), bad.id: (name, "unreadable")}


def test_it_hides_no_page_no_absence_and_stops_no_other(panel_with: Any, made: Any, order: Any) -> None:
    """The first row is what an absence is proved with, and rows without an id are on pages as well."""
    panel = panel_with(page="2")
    adapter = panel.adapter()
    bad, good = made(adapter), made(adapter)
    with panel.practice.books.writing() as db:
        db.execute("UPDATE servers SET egg = 'five' WHERE id = ?", (bad.id,))
    third = made(adapter)
    told = {account.id: account.state for account in listed(adapter)}
    assert told == {bad.id: "unreadable", good.id: "active", third.id: "active"}
    adapter.get(AccountRef(id=AccountId("999"), username="nobody23"))

    def nameless(reply: Any) -> None:
        reply["data"][0]["attributes"]["id"] = None

    respoken(panel.control, "list_accounts", nameless)
    assert isinstance(adapter.get(AccountRef(id=AccountId("999"), username="nobody23")), Absent)
    assert isinstance(adapter.find(reference=good.reference), Found)
    assert ended(adapter.suspend, good.ref, "overdue").outcome == Outcome.DONE
    assert ended(adapter.create, order()).outcome == Outcome.DONE
