"""The reseller's empty list has no counters (RUN on XC_VM 2025-07): it is a list, and proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from panelbridge import Absent, Found, Outcome, Unknown
from panelbridge.testing.practice import Fault
from tests.support.ended import ended, listed

MAC = "00:1A:79:12:34:56"
BOX: dict[str, Any] = {"package": "41", "mac": MAC}


def lose(panel: Any, adapter: Any, request: Any) -> None:
    panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
    assert ended(adapter.create, request).outcome == "unknown"


@pytest.mark.parametrize("action", ["get_lines", "get_mags", "get_enigmas"])
def test_the_practice_panel_answers_as_the_real_one(panel: Any, action: str) -> None:
    assert panel.naive(action) == {"status": "STATUS_SUCCESS", "data": []}


def test_a_search_that_finds_nothing_counts_nothing_in_all(panel_with: Callable[..., Any], made: Any) -> None:
    panel = panel_with(reseller_list="works")
    made(panel.reseller())
    answer = panel.naive("get_lines", ("search[value]", "nobodyhere"))
    assert answer == {"status": "STATUS_SUCCESS", "data": [], "recordsTotal": 0, "recordsFiltered": 0}


def test_a_lost_create_is_found_among_the_next_ids(panel: Any, order: Any, made: Any) -> None:
    adapter, request = panel.reseller(), order()
    made(adapter)
    lose(panel, adapter, request)
    assert ended(adapter.create, request).outcome == Outcome.ALREADY
    assert panel.charges(request.credentials.username) == [1]
    assert isinstance(adapter.find(username=request.credentials.username), Found)


def test_a_lost_create_is_found_in_the_admins_list(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(lookup=True, probe_limit=0), order()
    lose(panel, adapter, request)
    assert ended(adapter.create, request).outcome == Outcome.ALREADY
    assert panel.charges(request.credentials.username) == [1]


def test_what_nothing_can_find_is_put_before_a_person(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(probe_limit=0), order()
    lose(panel, adapter, request)
    end = ended(adapter.create, request)
    assert (end.outcome, end.code) == ("unknown", "exists_id_unknown")


def test_it_proves_no_absence_and_the_admins_list_does(panel: Any) -> None:
    found = panel.reseller().find(username="nobodyhere")
    assert isinstance(found, Unknown)
    assert "proves nothing" in found.cause
    assert isinstance(panel.reseller(lookup=True).find(username="nobodyhere"), Absent)


def test_without_counters_no_device_is_ruled_out(panel: Any, made: Any) -> None:
    adapter = panel.reseller()
    made(adapter, **BOX)
    assert isinstance(adapter.find(reference="nobodyhere"), Unknown)
    assert isinstance(panel.reseller(lookup=True).find(reference="nobodyhere"), Unknown)


def test_every_account_is_listed_by_the_admins_key(panel: Any, made: Any) -> None:
    adapter = panel.reseller(lookup=True)
    ids = {made(adapter).id, made(adapter, **BOX).id}
    assert {account.id for account in listed(adapter)} == ids


def test_a_box_that_exists_already_is_told_from_our_own_first_try(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(lookup=True), order(**BOX)
    lose(panel, adapter, request)
    assert ended(adapter.create, request).outcome == Outcome.ALREADY
    assert ended(adapter.create, order(**BOX)).code == "account_conflict"
    assert ended(panel.reseller().create, order(**BOX)).code == "exists_id_unknown"


def test_the_connection_test_says_what_an_empty_list_means(panel: Any) -> None:
    warnings = " ".join(panel.reseller().test_connection().warnings)
    assert "is empty" in warnings
    assert "cannot be used" not in warnings
