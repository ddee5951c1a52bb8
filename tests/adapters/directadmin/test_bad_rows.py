"""One user that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from tests.support.ended import ended, listed

BROKEN: dict[str, dict[str, Any]] = {
    "switch": {"suspended": "perhaps"},
    "nothing": {"suspended": ""},
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_it_is_one_bad_account(panel: Any, made: Any, order: Any, broken: str) -> None:
    adapter = panel.adapter()
    good, bad, third = (made(adapter) for _ in range(3))
    panel.control.act("edit", username=bad.username, columns=BROKEN[broken])
    rows = {account.username: account.state for account in listed(adapter)}
    assert rows == {good.username: "active", bad.username: "unreadable", third.username: "active"}
    told = {usage.username for usage in ended(lambda: list(adapter.usages())).value or ()}
    assert told == {good.username, third.username}
    assert isinstance(adapter.find(username=good.username), Found)
    assert isinstance(adapter.find(username=bad.username), Unknown)
    assert isinstance(adapter.get(bad.ref), Unknown)
    assert isinstance(adapter.find(username="nobody23"), Absent)
    assert ended(adapter.suspend, good.ref, "overdue").outcome == Outcome.DONE
    assert ended(adapter.create, order()).outcome == Outcome.DONE


def test_a_usage_that_is_no_number_is_one_users(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    good, bad = made(adapter), made(adapter)
    panel.control.act("edit", username=bad.username, columns={"quota": "plenty"})
    told = {usage.username for usage in ended(lambda: list(adapter.usages())).value or ()}
    assert told == {good.username}


def test_a_user_without_a_name_could_be_anybody(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    good = made(adapter)
    body = f"list[]={good.username}&list[]=".encode()
    panel.control.set_reply("list_accounts", body=body, content_type="text/plain", times=None)
    rows = {account.username: account.state for account in listed(adapter)}
    assert rows == {good.username: "active", "": "unreadable"}
    assert isinstance(adapter.find(username=good.username), Found)
    assert isinstance(adapter.find(username="nobody23"), Unknown)


def test_a_record_in_another_alphabet_is_one_users(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    first, second = sorted((made(adapter), made(adapter)), key=lambda account: account.username)
    panel.control.set_reply("get", body=b"username=J\xfcrgen&suspended=no", content_type="text/plain")
    rows = {account.username: account.state for account in listed(adapter)}
    assert rows == {first.username: "unreadable", second.username: "active"}


def test_an_address_that_cannot_be_read_stops_no_order(panel: Any, order: Any) -> None:
    """The list of addresses comes first, then each of them is asked about."""
    panel.control.set_reply("addresses", body=b"gateway=none", content_type="text/plain", skip=1)
    assert ended(panel.adapter().create, order()).outcome == Outcome.DONE
