"""An admin's switches of devices answer success and do nothing: the hidden line's own are used."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import AccountState, Outcome
from tests.support.ended import ended

MAC = "00:1A:79:12:34:56"
BOXES: dict[str, dict[str, Any]] = {
    "mag": {"package": "41", "mac": MAC},
    "enigma": {"package": "41", "mac": MAC, "options": {"device": "enigma"}},
}


@pytest.mark.parametrize("kind", list(BOXES))
def test_the_practice_panel_does_nothing_and_says_success(panel: Any, made: Any, kind: str) -> None:
    account = made(panel.admin(), **BOXES[kind])
    number = account.id.partition(":")[2]
    assert panel.naive(f"disable_{kind}", ("id", number), admin=True) == {"status": "STATUS_SUCCESS"}
    assert panel.account(account.username)["state"] == "active"


@pytest.mark.parametrize("kind", list(BOXES))
def test_a_box_is_suspended_and_comes_back(panel: Any, made: Any, kind: str) -> None:
    adapter = panel.admin()
    made(adapter)  # so that the device's id is not the line's
    account = made(adapter, **BOXES[kind])
    end = ended(adapter.suspend, account.ref, "overdue")
    assert (end.outcome, panel.account(account.username)["state"]) == (Outcome.DONE, "suspended")
    assert end.account.state is AccountState.SUSPENDED
    assert end.account.id == account.id
    assert ended(adapter.suspend, account.ref, "overdue").outcome == Outcome.ALREADY
    assert ended(adapter.unsuspend, account.ref).outcome == Outcome.DONE
    assert panel.account(account.username)["state"] == "active"


def test_whose_box_it_is_is_seen_first(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    mine, other = made(adapter, **BOXES["mag"]), made(adapter, **{**BOXES["mag"], "mac": "00:1A:79:00:00:02"})
    strange = type(mine.ref)(id=other.id, username=mine.username)
    assert ended(adapter.suspend, strange, "overdue").code == "account_conflict"
    assert panel.account(other.username)["state"] == "active"
