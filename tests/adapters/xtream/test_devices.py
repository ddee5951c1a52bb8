"""MAG devices: named by their MAC, made without an id in the answer, kept by a panel without a delete."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountState,
    Conflict,
    Credentials,
    Found,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PermissionMissing,
    Secret,
    Unsupported,
)
from panelbridge.testing.practice import Fault

MAC = "00:1A:79:12:34:56"
UNTIL = datetime(2031, 1, 31, 12, 0, 5, tzinfo=UTC)


def test_the_answer_of_a_create_has_no_id_and_ours_is_read_back(panel: Any, order: Any) -> None:
    assert panel.naive("stb", "create", _mac="00:1A:79:00:00:09") == {"result": True}
    result = panel.adapter().create(order(mac=MAC, options={"device": "mag"}))
    account = result.account
    assert (result.outcome, account.id, account.mac) == (Outcome.DONE, f"mag:{MAC}", MAC)
    assert (account.package, account.state) == ("basic", AccountState.ACTIVE)
    # The line behind it has a name and password of the panel's own making.
    assert result.differs == ("username", "password")
    assert panel.books(account.username)["mac"] == MAC


@pytest.mark.parametrize("text", ["00-1a-79-12-34-56", "001A79123456", "00:1a:79:12:34:56"])
def test_a_mac_is_compared_as_text_so_ours_has_one_form(panel: Any, order: Any, text: str) -> None:
    panel.naive("stb", "create", _mac=MAC)
    if len(text) > 12:
        assert panel.naive("stb", "create", _mac=text) == {"result": True}  # the same box, twice
    with pytest.raises(Conflict):
        panel.adapter().create(order(mac=text))


@pytest.mark.parametrize("text", ["00:1A:79:12:34", "00:1A:79:12:34:5G", "", "00:1A:79:12:34:56:78"])
def test_what_is_no_mac_is_refused_before_any_call(panel: Any, order: Any, text: str) -> None:
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter().create(order(mac=text))
    assert caught.value.field == "mac"
    assert panel.operations() == []


@pytest.mark.parametrize("options", [{"device": "enigma"}, {"device": "line"}, {"tv": "1"}])
def test_other_options_are_refused_by_name(panel: Any, order: Any, options: dict[str, str]) -> None:
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter().create(order(mac=MAC, options=options))
    assert caught.value.field == f"options.{next(iter(options))}"


def test_a_lost_create_is_found_by_its_very_values(panel: Any, order: Any) -> None:
    adapter, request = panel.adapter(), order(mac=MAC)
    panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
    with pytest.raises(OutcomeUnknown):
        adapter.create(request)
    assert adapter.create(request).outcome is Outcome.ALREADY
    assert len(panel.lines()) == 1


def test_a_box_of_somebody_else_is_a_conflict(panel: Any, order: Any) -> None:
    adapter, request = panel.adapter(), order(mac=MAC)
    adapter.create(request)
    for other in (replace(request, until=UNTIL), replace(request, package="family")):
        with pytest.raises(Conflict) as caught:
            adapter.create(other)
        assert caught.value.outcome is Outcome.REFUSED
    assert len(panel.lines()) == 1


def test_every_verb_works_and_repeats(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    ref = made(adapter, mac=MAC).ref
    for verb in (
        lambda: adapter.extend(ref, UNTIL),
        lambda: adapter.suspend(ref, "overdue"),
        lambda: adapter.unsuspend(ref),
        lambda: adapter.change_package(ref, PackageChange(package="family", options={"device": "mag"})),
    ):
        assert [verb().outcome, verb().outcome] == [Outcome.DONE, Outcome.ALREADY]
    books = panel.books(ref.username)
    assert (books["expires_at"], books["package"], books["connections"]) == (UNTIL.isoformat(), "family", 3)


def test_a_device_has_no_login_to_be_reset(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    ref = made(adapter, mac=MAC).ref
    with pytest.raises(Unsupported):
        adapter.reset_credentials(ref, Credentials(username=ref.username, password=Secret("newpassword1")))


def test_a_ban_is_kept(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter, mac=MAC)
    panel.control.act("ban", username=account.username)
    with pytest.raises(PermissionMissing):
        adapter.unsuspend(account.ref)


def test_an_edit_that_changes_no_row_says_false_and_nothing_else(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter, mac=MAC)
    assert panel.naive("stb", "edit", mac=MAC, _enabled="1") == {"result": False}  # it is enabled
    assert panel.naive("stb", "edit", mac="00:1A:79:00:00:00", _enabled="0") == {"result": False}  # no such
    panel.control.set_reply("suspend", body=b'{"result": false}')
    with pytest.raises(PanelError) as caught:
        adapter.suspend(account.ref, "overdue")
    assert caught.value.outcome is Outcome.UNKNOWN  # read back, and not so


def test_terminate_disables_and_keeps_the_mac_for_its_next_life(panel: Any, order: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter, mac=MAC)
    first = adapter.terminate(account.ref)
    assert (first.outcome, "no delete" in first.note) == (Outcome.DONE, True)
    assert adapter.terminate(account.ref).outcome is Outcome.ALREADY
    found = adapter.get(account.ref)
    assert isinstance(found, Found)
    assert found.account.state is AccountState.SUSPENDED

    # The naive re-order ends here: the MAC is taken for ever.
    assert panel.naive("stb", "create", _mac=MAC)["error"] == "EXISTS"
    request = order(mac=MAC, package="family")
    again = adapter.create(request)
    assert (again.outcome, again.account.state, again.account.package) == (
        Outcome.DONE,
        AccountState.ACTIVE,
        "family",
    )
    assert again.account.expires_at == request.until


def test_a_device_that_is_gone_is_proved_absent(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter, mac=MAC)
    panel.control.act("remove", username=account.username)
    assert isinstance(adapter.get(account.ref), Absent)
    assert adapter.terminate(account.ref).outcome is Outcome.ALREADY
    with pytest.raises(NotFound):
        adapter.suspend(account.ref, "overdue")


def test_a_device_with_another_line_is_spared(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter, mac=MAC)
    with pytest.raises(Conflict):
        adapter.terminate(replace(account.ref, username="somebodyelse"))
    assert panel.books(account.username)["state"] == "active"
