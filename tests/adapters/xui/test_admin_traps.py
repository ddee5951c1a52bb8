"""Traps of the admin API (seen on XC_VM 2025-07): an edit resets everything it is not told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountState,
    Conflict,
    Credentials,
    Extend,
    Found,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PermissionMissing,
    Secret,
)
from panelbridge.testing.practice import Fault

BOUQUETS = ("bouquets_selected", "[1,2]")
KEPT = {
    "contact": "someone",
    "admin_notes": "said on the phone",
    "allowed_ips": '["192.0.2.1"]',
    "allowed_ua": '["box"]',
    "is_isplock": 1,
    "is_trial": 1,
    "forced_country": "DE",
    "force_server_id": 4,
    "max_connections": 3,
    "enabled": 0,
}
UNTIL = datetime(2031, 1, 31, 12, 0, 5, tzinfo=UTC)


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name in before if before[name] != after[name]} - {"updated"}


def test_a_naive_edit_renames_frees_enables_and_lifts_the_ban(panel: Any, made: Any) -> None:
    account = made(panel.admin())
    panel.control.act("edit", username=account.username, columns={**KEPT, "admin_enabled": 0})
    row = panel.naive("edit_line", ("id", account.id), ("password", "newpassword1"), BOUQUETS, admin=True)[
        "data"
    ]
    assert row["username"] != account.username
    assert (row["exp_date"], row["enabled"], row["max_connections"], row["admin_enabled"]) == (
        None,
        "1",
        "1",
        "1",
    )


def test_our_reset_changes_the_password_alone(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    panel.control.act("edit", username=account.username, columns={**KEPT, "admin_enabled": 0})
    before = panel.row(account.id)
    wanted = Credentials(username=account.username, password=Secret("newpassword1"))
    result = adapter.reset_credentials(account.ref, wanted)
    assert (result.outcome, result.differs) == (Outcome.DONE, ())
    assert changed(before, panel.row(account.id)) == {"password"}


def test_our_extend_changes_the_expiry_alone(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    panel.control.act("edit", username=account.username, columns=KEPT)
    before = panel.row(account.id)
    result = adapter.extend(account.ref, UNTIL)
    assert (result.outcome, result.account.expires_at, result.differs) == (Outcome.DONE, UNTIL, ())
    assert changed(before, panel.row(account.id)) == {"exp_date"}
    assert adapter.extend(account.ref, UNTIL).outcome is Outcome.ALREADY


def test_an_unlimited_line_gets_a_date_and_keeps_none_otherwise(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    panel.control.act("edit", username=account.username, columns={"exp_date": None})
    wanted = Credentials(username=account.username, password=Secret("newpassword1"))
    kept = adapter.reset_credentials(account.ref, wanted).account
    assert (kept.never_expires, kept.expires_at) == (True, None)
    assert adapter.extend(account.ref, UNTIL).account.expires_at == UNTIL


def test_the_expiry_zero_is_1970_and_not_never(panel: Any, made: Any) -> None:
    account = made(panel.admin())
    naive = ("id", account.id), ("username", account.username), ("password", "longenough1")
    row = panel.naive("edit_line", *naive, ("exp_date", ""), BOUQUETS, admin=True)["data"]
    assert row["exp_date"] == 0
    found = panel.admin().get(account.ref)
    assert isinstance(found, Found)
    assert found.account.expires_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert (found.account.state, found.account.never_expires) == (AccountState.EXPIRED, False)


def test_a_bare_epoch_is_no_date_to_the_panel(panel: Any, made: Any) -> None:
    account = made(panel.admin())
    answer = panel.naive("edit_line", ("id", account.id), ("exp_date", "1893456000"), BOUQUETS, admin=True)
    assert answer["status"] == "STATUS_INVALID_DATE"


def test_presence_alone_sets_a_flag(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    naive = ("id", account.id), ("username", account.username), ("password", "longenough1")
    assert (
        panel.naive("edit_line", *naive, ("is_trial", "0"), BOUQUETS, admin=True)["data"]["is_trial"] == "1"
    )
    fresh = made(adapter)
    assert adapter.extend(fresh.ref, UNTIL).account.trial is False


@pytest.mark.parametrize("wrong", [(), (("bouquets_selected[]", "1"),)])
def test_bouquets_in_the_resellers_shape_empty_the_answer(panel: Any, wrong: Any) -> None:
    names = (("username", "naive0001"), ("password", "longenough1"))
    assert panel.naive("create_line", *names, *wrong, admin=True) is None
    assert panel.control.books()["accounts"] == {}


def test_create_sets_what_was_ordered_and_charges_nothing(panel: Any, order: Any) -> None:
    adapter = panel.admin()
    request = order(until=UNTIL, connections=5, options={"bouquets": "2"})
    result = adapter.create(request)
    assert (result.outcome, result.differs) == (Outcome.DONE, ())
    account = panel.account(request.credentials.username)
    assert (account["connections"], account["bouquets"], account["package"]) == (5, [2], "1")
    assert datetime.fromisoformat(account["expires_at"]) == UNTIL
    assert account["owner"] == 2
    assert panel.control.books()["charged"] == 0
    assert adapter.capabilities.extend is Extend.SET
    assert adapter.balance() is None


def test_a_lost_create_is_found_by_name(panel: Any, order: Any) -> None:
    adapter, request = panel.admin(), order()
    panel.control.set_fault(Fault.ERROR_500_BUT_DONE, "create")
    with pytest.raises(OutcomeUnknown) as caught:
        adapter.create(request)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert adapter.create(request).outcome is Outcome.ALREADY
    assert len(panel.control.books()["accounts"]) == 1


def test_a_name_of_somebody_else_is_a_conflict(panel: Any, order: Any) -> None:
    credentials = Credentials(username="foreign001", password=Secret("longenough1"))
    with pytest.raises(Conflict):
        panel.admin().create(order(credentials=credentials))


def test_a_package_change_keeps_the_term_and_moves_what_the_package_says(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    before = panel.row(account.id)
    result = adapter.change_package(account.ref, PackageChange(package="20"))
    assert (result.outcome, result.differs) == (Outcome.DONE, ())
    assert changed(before, panel.row(account.id)) == {"package_id", "bouquet", "max_connections"}
    assert adapter.change_package(account.ref, PackageChange(package="20")).outcome is Outcome.ALREADY
    more = adapter.change_package(account.ref, PackageChange(package="20", connections=7))
    assert (more.outcome, more.account.connections) == (Outcome.DONE, 7)


def test_a_ban_is_not_lifted_even_with_the_key_that_could(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    panel.control.act("ban", username=account.username)
    with pytest.raises(PermissionMissing):
        adapter.unsuspend(account.ref)
    adapter.extend(account.ref, UNTIL)
    assert panel.account(account.username)["state"] == "banned"


def test_every_page_of_a_long_list_is_read(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    now = int((datetime.now(UTC) + timedelta(days=9)).timestamp())
    columns = {"member_id": 3, "password": "longenough1", "exp_date": now}
    panel.insert_lines([{**columns, "username": f"{account.username}{number}"} for number in range(2500)])
    # Every one of them matches the search, which the panel does by parts; the page holds at most 1000.
    found = adapter.find(username=account.username)
    assert isinstance(found, Found)
    assert found.account.id == account.id
    assert [listed.id for listed in adapter.list_accounts()] == [account.id]


def test_a_part_of_a_name_is_not_the_name(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    assert isinstance(adapter.find(username=account.username[:-1]), Absent)
    assert isinstance(adapter.find(reference=account.reference[:-1]), Absent)
    assert isinstance(adapter.find(reference=account.reference), Found)


def test_only_the_actions_of_accounts_are_ever_called(panel: Any, made: Any) -> None:
    adapter = panel.admin()
    account = made(adapter)
    verbs: list[Callable[[], object]] = [
        adapter.test_connection,
        lambda: adapter.extend(account.ref, UNTIL),
        lambda: adapter.suspend(account.ref, "overdue"),
        lambda: adapter.unsuspend(account.ref),
        lambda: list(adapter.list_packages()),
        lambda: list(adapter.list_accounts()),
        lambda: adapter.terminate(account.ref),
    ]
    for verb in verbs:
        verb()
    assert set(panel.operations()) == {
        "create", "extend", "suspend", "unsuspend", "terminate", "get", "list_accounts", "list_packages",
    }  # fmt: skip
