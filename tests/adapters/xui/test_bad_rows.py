"""One row that cannot be read is one bad account: it hides no other, and ends no list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from tests.support.ended import ended, listed

BROKEN: dict[str, dict[str, Any]] = {
    "switch": {"enabled": 7},
    "bouquets": {"bouquet": "no json"},
    "date": {"exp_date": 10**17},
    "owner": {"member_id": 2, "max_connections": "three"},
}


@pytest.fixture(params=["reseller", "admin-lookup", "admin"])
def adapter(request: pytest.FixtureRequest, panel_with: Callable[..., Any]) -> Any:
    """The three ways an account is looked for, with their panel beside them."""
    panel = panel_with(reseller_list="works" if request.param == "reseller" else "empty")
    kinds = {
        "reseller": panel.reseller,
        "admin-lookup": lambda: panel.reseller(lookup=True),
        "admin": panel.admin,
    }
    return panel, kinds[request.param]()


@pytest.mark.parametrize("broken", list(BROKEN))
def test_it_is_one_bad_account(adapter: Any, order: Any, broken: str) -> None:
    panel, one = adapter
    bad, good = (one.create(order()).account for _ in range(2))
    panel.control.act("edit", username=bad.username, columns=BROKEN[broken])
    rows = {account.username: account for account in listed(one)}
    assert {bad.username, good.username} <= set(rows)
    assert (rows[good.username].state, rows[bad.username].state) == ("active", "unreadable")
    assert rows[bad.username].id == bad.id
    assert isinstance(one.find(username=good.username), Found)
    assert isinstance(one.find(username=bad.username), Unknown)
    assert isinstance(one.get(bad.ref), Unknown)
    assert ended(one.suspend, good.ref, "overdue").outcome == Outcome.DONE


def test_a_stranger_that_cannot_be_read_hides_no_absence(panel: Any) -> None:
    panel.control.act("edit", username="foreign001", columns=BROKEN["switch"])
    assert isinstance(panel.admin().find(username="foreign0"), Absent)


def test_a_lost_line_is_found_past_one_that_cannot_be_read(panel: Any, order: Any, made: Any) -> None:
    adapter, request = panel.reseller(), order()
    panel.control.act("create", username="byhand0001")
    panel.control.act("edit", username="byhand0001", columns=BROKEN["bouquets"])
    panel.naive(
        "create_line",
        ("package", "1"),
        ("username", request.credentials.username),
        ("password", request.credentials.password.get_secret_value()),
        ("reseller_notes", request.reference),
        ("bouquets_selected[]", "1"),
        ("bouquets_selected[]", "2"),
    )
    assert ended(adapter.create, request).outcome == Outcome.ALREADY


def test_one_package_that_cannot_be_read_stops_no_other(panel: Any, order: Any) -> None:
    panel.control.act("package", id=40, columns={"bouquets": "no json", "groups": "[2]"})
    assert ended(panel.reseller().create, order()).outcome == Outcome.DONE
    assert ended(panel.admin().create, order()).outcome == Outcome.DONE
    assert ended(panel.reseller().create, order(package="40")).code == "contract_broken"
