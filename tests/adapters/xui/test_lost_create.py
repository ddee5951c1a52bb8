"""A create whose answer was lost: the line is found and never bought twice, or a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panelbridge import (
    Absent,
    Conflict,
    CreateOrder,
    Credentials,
    Found,
    Outcome,
    OutcomeUnknown,
    PanelError,
    Secret,
    Unknown,
)
from panelbridge.testing.practice import Fault
from panelbridge.transport import deadline
from panelbridge_xui import ExistsIdUnknown, XuiAdapter


def lose(panel: Any, adapter: XuiAdapter, request: CreateOrder) -> None:
    """Send the create; the panel does it and the answer never comes."""
    panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
    with pytest.raises(OutcomeUnknown) as caught:
        adapter.create(request)
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_reseller_list_is_empty_though_lines_exist(panel: Any, made: Any) -> None:
    adapter = panel.reseller()
    made(adapter)
    answer = panel.naive("get_lines")
    assert (answer["status"], answer["data"]) == ("STATUS_SUCCESS", [])
    with pytest.raises(PanelError):
        list(adapter.list_accounts())


def test_it_is_found_among_the_next_ids(panel: Any, order: Any, made: Any) -> None:
    adapter, request = panel.reseller(), order()
    made(adapter)
    lose(panel, adapter, request)
    made(adapter)  # somebody else's create came after
    result = adapter.create(request)
    assert (result.outcome, result.differs) == (Outcome.ALREADY, ())
    assert result.account.username == request.credentials.username
    assert panel.charges(request.credentials.username) == [1]
    assert isinstance(adapter.find(username=request.credentials.username), Found)


@pytest.mark.parametrize("newest_known", [3, 4, 5, 30])
def test_another_process_searches_around_the_highest_id_it_knows(
    panel: Any, order: Any, made: Any, newest_known: int
) -> None:
    first, request = panel.reseller(), order()
    made(first)
    lose(panel, first, request)
    made(first)
    fresh = panel.reseller(probe_from=newest_known)
    assert fresh.create(request).outcome is Outcome.ALREADY
    assert panel.charges(request.credentials.username) == [1]


@pytest.mark.parametrize("settings", [{"probe_limit": 0}, {"probe_from": None}])
def test_when_nothing_can_tell_the_id_a_person_is_asked(panel: Any, order: Any, settings: Any) -> None:
    adapter, request = panel.reseller(**settings), order()
    lose(panel, adapter, request)
    with pytest.raises(ExistsIdUnknown) as caught:
        adapter.create(request)
    assert (caught.value.code, caught.value.outcome) == ("exists_id_unknown", Outcome.UNKNOWN)
    assert panel.charges(request.credentials.username) == [1]
    assert request.credentials.password.get_secret_value() not in f"{caught.value!r}{caught.value.advice}"


def test_an_admin_credential_finds_it_without_asking_id_by_id(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(lookup=True, probe_limit=0), order()
    lose(panel, adapter, request)
    assert adapter.create(request).outcome is Outcome.ALREADY
    assert panel.charges(request.credentials.username) == [1]


def test_a_list_that_works_finds_it(panel_with: Callable[..., Any], order: Any) -> None:
    panel = panel_with(reseller_list="works")
    adapter, request = panel.reseller(probe_limit=0), order()
    lose(panel, adapter, request)
    assert adapter.create(request).outcome is Outcome.ALREADY
    assert panel.charges(request.credentials.username) == [1]


def test_one_that_commits_after_the_hang_up_is_found_later(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(lookup=True), order()
    panel.control.set_fault(Fault.COMMIT_AFTER_HANGUP, "create")
    with deadline(0.3), pytest.raises(OutcomeUnknown):
        adapter.create(request)
    assert isinstance(adapter.find(username=request.credentials.username), Absent)  # true, but not for long
    panel.control.release()
    assert isinstance(adapter.find(username=request.credentials.username), Found)
    assert adapter.create(request).outcome is Outcome.ALREADY


def test_one_that_was_cut_before_is_simply_sent_again(panel: Any, order: Any) -> None:
    adapter, request = panel.reseller(), order()
    panel.control.set_fault(Fault.CUT_BEFORE, "create")
    with pytest.raises(OutcomeUnknown):
        adapter.create(request)
    assert panel.control.books()["accounts"] == {}
    assert adapter.create(request).outcome is Outcome.DONE
    assert panel.charges(request.credentials.username) == [1]


class TestWhoseNameItIs:
    def test_another_password_is_somebody_elses(self, panel: Any, order: Any) -> None:
        adapter, request = panel.reseller(), order()
        adapter.create(request)
        credentials = Credentials(username=request.credentials.username, password=Secret("anotherpass1"))
        with pytest.raises(Conflict) as caught:
            adapter.create(replace(request, credentials=credentials))
        assert caught.value.outcome is Outcome.REFUSED

    def test_another_reference_is_somebody_elses(self, panel: Any, order: Any) -> None:
        adapter, request = panel.reseller(), order()
        adapter.create(request)
        with pytest.raises(Conflict):
            adapter.create(replace(request, reference="bridge:other:1"))

    def test_emptied_notes_tell_nothing(self, panel: Any, order: Any) -> None:
        adapter, request = panel.reseller(), order()
        adapter.create(request)
        panel.control.act("edit", username=request.credentials.username, columns={"reseller_notes": None})
        result = adapter.create(request)
        assert (result.outcome, result.differs) == (Outcome.ALREADY, ("reference",))

    def test_a_password_of_the_panels_own_making_is_still_ours(self, panel: Any, order: Any) -> None:
        panel.control.act("group", columns={"allow_change_password": 0})
        adapter, request = panel.reseller(), order()
        lose(panel, adapter, request)
        result = adapter.create(request)
        assert (result.outcome, result.differs) == (Outcome.ALREADY, ("password",))
        assert panel.charges(request.credentials.username) == [1]

        with pytest.raises(Conflict):
            adapter.create(replace(request, reference="bridge:other:1"))

    def test_a_name_in_a_tree_we_cannot_read_is_for_a_person(self, panel: Any, order: Any) -> None:
        credentials = Credentials(username="foreign001", password=Secret("longenough1"))
        with pytest.raises(ExistsIdUnknown):
            panel.reseller().create(order(credentials=credentials))
        with pytest.raises(Conflict):
            panel.reseller(lookup=True).create(order(credentials=credentials))


class TestWhatProvesAbsence:
    def test_an_empty_list_and_a_vain_search_do_not(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        made(adapter)
        assert isinstance(adapter.find(username="nobodyhere"), Unknown)
        assert isinstance(adapter.find(reference="nobodyhere"), Unknown)

    def test_the_admins_list_does(self, panel: Any) -> None:
        adapter = panel.reseller(lookup=True)
        assert isinstance(adapter.find(username="nobodyhere"), Absent)
        assert isinstance(adapter.find(reference="nobodyhere"), Absent)
        assert isinstance(adapter.find(username="foreign0"), Absent)  # the search matches parts, we do not

    def test_a_working_list_does_once_it_is_seen_to_hold_our_lines(
        self, panel_with: Callable[..., Any], made: Any
    ) -> None:
        panel = panel_with(reseller_list="works")
        account = made(panel.reseller())
        stranger = panel.reseller()
        assert isinstance(stranger.find(username="nobodyhere"), Unknown)
        assert isinstance(stranger.get(account.ref), Found)
        assert isinstance(stranger.find(username="nobodyhere"), Absent)
        assert isinstance(stranger.find(username=account.username), Found)
        assert [listed.id for listed in stranger.list_accounts()] == [account.id]

    @pytest.mark.parametrize("lookup", [True, False])
    def test_no_name_is_proof_where_the_group_may_not_choose_it(
        self, panel_with: Callable[..., Any], order: Any, lookup: bool
    ) -> None:
        """The lost line has another name: absent here would buy a second one."""
        panel = panel_with(reseller_list="works")
        panel.control.act("group", columns={"allow_change_username": 0})
        adapter, request = panel.reseller(lookup=lookup), order()
        adapter.create(order())
        lose(panel, adapter, request)
        assert isinstance(adapter.find(username=request.credentials.username), Unknown)
        found = adapter.find(username=request.credentials.username, reference=request.reference)
        assert isinstance(found, Found)
        assert found.account.reference == request.reference


def test_the_list_comes_from_the_admin_where_ours_is_empty(panel: Any, made: Any) -> None:
    adapter = panel.reseller(lookup=True)
    made_ids = {made(adapter).id for _ in range(3)}
    assert {account.id for account in adapter.list_accounts()} == made_ids
