"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from tests.support.bad_rows import respoken
from tests.support.ended import ended, listed

BROKEN: dict[str, dict[str, Any]] = {
    "switch": {"suspended": "perhaps"},
    "plan": {"plan": None},
    "domain": {"domain": 7},
    "owner": {"owner": None},
    "name": {"user": None},
}


def spoil(user: str, columns: dict[str, Any]) -> Any:
    def change(reply: Any) -> None:
        next(row for row in reply["data"]["acct"] if row["user"] == user).update(columns)

    return change


@pytest.mark.parametrize("broken", list(BROKEN))
def test_it_is_one_bad_account(panel: Any, made: Any, order: Any, broken: str) -> None:
    adapter = panel.adapter()
    good, bad = made(adapter), made(adapter)
    listed(adapter)
    respoken(panel.control, "list_accounts", spoil(bad.username, BROKEN[broken]))
    rows = {account.username: account for account in listed(adapter)}
    name = "" if broken == "name" else bad.username
    assert {user: row.state for user, row in rows.items()} == {good.username: "active", name: "unreadable"}
    assert rows[good.username].id == good.id
    if broken in ("switch", "plan", "owner"):
        assert rows[name].id == bad.id
    assert {usage.username for usage in ended(lambda: list(adapter.usages())).value or ()} == {good.username}


def test_its_own_look_up_is_unknown_and_no_other(panel: Any, made: Any, order: Any) -> None:
    adapter = panel.adapter()
    good, bad = made(adapter), made(adapter)
    panel.control.act("edit", username=bad.username, columns={"suspended": 7})
    assert [account.state for account in listed(adapter) if account.username == bad.username] == [
        "unreadable"
    ]
    assert isinstance(adapter.find(username=good.username), Found)
    assert isinstance(adapter.find(username=bad.username), Unknown)
    assert isinstance(adapter.get(bad.ref), Unknown)
    assert ended(adapter.suspend, good.ref, "overdue").outcome == Outcome.DONE
    assert ended(adapter.terminate, good.ref).outcome == Outcome.DONE


def test_a_strangers_bad_row_is_no_account_of_ours_and_hides_no_absence(panel: Any, made: Any) -> None:
    """A search that answers with more than the name asked for: another's row is his trouble."""
    adapter = panel.adapter()
    stranger = {"user": "other234", "owner": "neighbour", "suspended": "perhaps"}
    good = made(adapter)
    listed(adapter)
    respoken(panel.control, "list_accounts", lambda reply: reply["data"]["acct"].append(stranger))
    assert [account.username for account in listed(adapter)] == [good.username]
    assert isinstance(adapter.find(username="nobody23"), Absent)
    respoken(panel.control, "find", lambda reply: reply["data"]["acct"].append(stranger))
    assert isinstance(adapter.find(username="nobody23"), Absent)
    panel.control.clear_faults()
    respoken(panel.control, "find", lambda reply: reply["data"]["acct"].append({**stranger, "user": None}))
    assert isinstance(adapter.find(username="nobody23"), Unknown)


def test_one_package_that_cannot_be_read_stops_no_other(panel: Any, order: Any) -> None:
    adapter = panel.adapter()
    ended(lambda: list(adapter.list_packages()))
    respoken(panel.control, "list_packages", lambda reply: reply["data"]["pkg"].append({"name": None}))
    assert ended(adapter.create, order()).outcome == Outcome.DONE
    assert ended(adapter.create, order(package="gone")).code == "contract_broken"
