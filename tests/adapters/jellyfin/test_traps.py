"""Traps of Jellyfin and Emby: each shows a naive client being fooled, and ours not."""

from __future__ import annotations

from typing import Any

import pytest

from panelbridge import (
    AccountState,
    Conflict,
    ContractBroken,
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
    Unknown,
)
from panelbridge.testing.conformance.subject import ending_of
from panelbridge.testing.practice import Fault
from panelbridge_jellyfin.practice_tables import PROVIDERS
from tests.support.ended import ended

SCHEDULE = {"UserId": None, "DayOfWeek": "Monday", "StartHour": 7.5, "EndHour": 22.25}
BY_HAND = {"AccessSchedules": [SCHEDULE], "BlockedTags": ["horror"], "EnableContentDownloading": False}


@pytest.fixture(params=["jellyfin", "emby"])
def either(request: pytest.FixtureRequest, panel_with: Any) -> Any:
    """A server of each dialect."""
    return panel_with(dialect=request.param)


class TestPolicy:
    def test_a_part_of_a_policy_is_refused_or_opens_every_folder(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        path = f"Users/{account.id}/Policy"
        assert panel.naive("POST", path, {"IsDisabled": True}).status_code == 400
        assert panel.naive("POST", path, {"MaxActiveSessions": 1, **PROVIDERS}).status_code == 204
        assert panel.account(account.username)["policy"]["EnableAllFolders"] is True

    def test_leaving_the_flag_out_lifts_a_suspension(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.adapter().suspend(account.ref, "overdue")
        panel.naive("POST", f"Users/{account.id}/Policy", {"EnabledFolders": [], **PROVIDERS})
        assert panel.account(account.username)["state"] == "active"

    def test_ours_changes_what_was_asked_and_nothing_else(self, either: Any, made: Any) -> None:
        adapter = either.adapter()
        account = made(adapter)
        either.control.act("edit", username=account.username, policy=BY_HAND)
        before = either.account(account.username)["policy"]
        adapter.suspend(account.ref, "overdue")
        assert either.account(account.username)["policy"] == {**before, "IsDisabled": True}
        adapter.unsuspend(account.ref)
        assert either.account(account.username)["policy"] == before
        adapter.change_package(account.ref, PackageChange(package="family"))
        after = either.account(account.username)["policy"]
        assert {name for name in before if before[name] != after[name]} == {
            "EnabledFolders",
            "EnableLiveTvAccess",
        }
        assert {name: after[name] for name in BY_HAND} == BY_HAND

    def test_a_folder_that_is_not_there_is_accepted_and_shows_nothing(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        gone = "0" * 32
        policy = {**panel.account(account.username)["policy"], "EnabledFolders": [gone]}
        assert panel.naive("POST", f"Users/{account.id}/Policy", policy).status_code == 204
        adapter = panel.adapter(packages={"gone": {"folders": [gone]}, **panel.settings["packages"]})
        with pytest.raises(InvalidOrder, match=gone) as caught:
            adapter.change_package(made(panel.adapter()).ref, PackageChange(package="gone"))
        assert caught.value.field == "package"
        listed = ended(lambda: list(adapter.list_packages())).value or ()
        assert {item.id for item in listed if not item.unreadable} == set(panel.settings["packages"])
        assert any(gone in warning for warning in adapter.test_connection().warnings)

    def test_connections_are_sessions_and_zero_is_unlimited(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, connections=2)
        assert panel.account(account.username)["policy"]["MaxActiveSessions"] == 2
        changed = adapter.change_package(account.ref, PackageChange(package="movies", connections=0)).account
        assert changed.connections == 0
        assert panel.account(account.username)["connections"] == 0

    def test_on_emby_connections_are_not_sold(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(dialect="emby")
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order(connections=2))
        assert caught.value.field == "connections"
        assert panel.control.requests() == []


class TestCreate:
    def test_a_naive_create_may_leave_an_open_door(self, panel: Any) -> None:
        panel.control.act("break_passwords")
        request = {"Name": "naive001", "Password": "longenough1"}
        assert panel.naive("POST", "Users/New", request).status_code == 500
        again = panel.naive("POST", "Users/New", request)
        assert (again.status_code, again.text) == (400, "Error processing request.")
        assert panel.login("naive001", "") == 200
        assert panel.account("naive001")["policy"]["EnableAllFolders"] is True

    @pytest.mark.parametrize("tells", ["yes", "no"])
    def test_our_repeat_closes_it(self, panel_with: Any, order: Any, tells: str) -> None:
        panel, request = panel_with(shows_password=tells), order()
        panel.control.act("break_passwords")
        adapter, username = panel.adapter(), request.credentials.username
        with pytest.raises(OutcomeUnknown):
            adapter.create(request)
        assert adapter.find(username=username).account.package == "everything"
        assert adapter.create(request).outcome is Outcome.DONE
        assert panel.login(username, "") == 401
        assert panel.login(username, request.credentials.password.get_secret_value()) == 200
        assert panel.account(username)["package"] == "movies"
        assert panel.kinds(username).count("create") == 1

    def test_the_same_words_for_a_password_that_was_not_set(self, panel: Any, order: Any) -> None:
        """400 "Error processing request." although the user was made: looked up, and completed at once."""
        panel.control.act("break_passwords", status=400)
        request = order()
        assert panel.adapter().create(request).outcome is Outcome.DONE
        password = request.credentials.password.get_secret_value()
        assert panel.account(request.credentials.username)["password"] == password

    @pytest.mark.parametrize("lost", ["policy", "password"])
    @pytest.mark.parametrize("skip", [0, 1])
    def test_wherever_it_stops_nobody_gets_in_and_a_repeat_ends_it(
        self, either: Any, order: Any, lost: str, skip: int
    ) -> None:
        request = order()
        adapter, username = either.adapter(), request.credentials.username
        either.control.set_fault(Fault.CUT_BEFORE, lost, skip=skip)
        ending = None
        try:
            adapter.create(request)
        except PanelError as error:
            ending = error.outcome
        stopped = not (lost == "password" and skip)
        assert ending is (Outcome.UNKNOWN if stopped else None)
        half = either.account(username)
        locked = half["state"] == "suspended" and half["package"] == "none of ours"
        first_write_lost = lost == "policy" and skip == 0
        assert locked is (stopped and not first_write_lost)
        either.control.clear_faults()
        assert adapter.create(request).outcome is (Outcome.DONE if stopped else Outcome.ALREADY)
        whole = either.account(username)
        assert (whole["state"], whole["package"]) == ("active", "movies")
        assert whole["password"] == request.credentials.password.get_secret_value()
        assert either.kinds(username).count("create") == 1

    def test_access_is_the_last_thing_given(self, either: Any, order: Any) -> None:
        either.adapter().create(order())
        steps = ["create", "policy", "password", "policy", "login", "logout", "policy"]
        assert either.writes() == steps  # off, password, tried where there is nothing to see, access

    @pytest.mark.parametrize(("dialect", "tells"), [("emby", "yes"), ("emby", "no"), ("jellyfin", "yes")])
    def test_a_password_that_is_accepted_and_not_kept_opens_no_door(
        self, panel_with: Any, order: Any, dialect: str, tells: str
    ) -> None:
        """204 to a password that is not kept: with a policy sent before it is looked at, "" signs in."""
        panel, request = panel_with(dialect=dialect, shows_password=tells), order()
        username, password = request.credentials.username, request.credentials.password.get_secret_value()
        if dialect == "jellyfin":
            panel.control.act("break_passwords", status=400)  # its create takes the password by itself
        panel.control.act("lose_passwords")
        adapter = panel.adapter()
        assert ending_of(lambda: adapter.create(request)) is Outcome.UNKNOWN
        assert panel.account(username)["state"] == "suspended"
        assert panel.login(username, "") != 200
        assert adapter.create(request).outcome is Outcome.DONE
        assert (panel.login(username, ""), panel.login(username, password)) == (401, 200)

    def test_a_reset_that_leaves_no_password_switches_the_user_off(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(dialect="emby", shows_password="no")
        adapter = panel.adapter()
        account = made(adapter)
        panel.naive("POST", f"Users/{account.id}/Password", {"Id": account.id, "ResetPassword": True})
        assert panel.login(account.username, "") == 200
        panel.control.act("lose_passwords")
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        assert ending_of(lambda: adapter.reset_credentials(account.ref, new)) is Outcome.UNKNOWN
        assert panel.login(account.username, "") != 200

    def test_a_taken_name_in_other_case_is_refused_without_a_reason(self, panel: Any, order: Any) -> None:
        panel.control.act("create", username="Anna2345")
        before = panel.account("Anna2345")
        naive = panel.naive("POST", "Users/New", {"Name": "anna2345", "Password": "longenough1"})
        bad = panel.naive("POST", "Users/New", {"Name": "an/na", "Password": "longenough1"})
        assert (naive.status_code, naive.text) == (bad.status_code, bad.text) == (400, naive.text)
        with pytest.raises(Conflict):
            panel.adapter().create(order(username="anna2345"))
        assert panel.account("Anna2345") == before

    def test_a_refusal_that_nobodys_name_explains_is_told_as_one(self, panel: Any, order: Any) -> None:
        panel.control.set_reply(
            "create", status=400, content_type="text/plain", body=b"Error processing request."
        )
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order())
        assert (caught.value.field, caught.value.outcome) == ("username", Outcome.REFUSED)

    @pytest.mark.parametrize(
        ("password", "last_login", "policy"),
        [
            ("", "2026-01-01T00:00:00Z", {}),  # a guest without a password, in use
            ("", "2026-01-01T00:00:00Z", {"IsDisabled": True, "EnableAllFolders": False}),
            ("theirown12", None, {}),
            ("theirown12", None, {"IsDisabled": True}),
            (
                "theirown12",
                None,
                {"EnableAllFolders": False, "EnabledFolders": ["f137a2dd21bbc1b99aa5c0f6bf02a805"]},
            ),
            ("", None, {"IsAdministrator": True}),
        ],
    )
    def test_somebody_elses_user_is_never_taken_over(
        self, either: Any, order: Any, password: str, last_login: Any, policy: Any
    ) -> None:
        either.control.act("create", username="guest001", password=password, policy=policy)
        either.control.act("edit", username="guest001", last_login=last_login)
        before = either.account("guest001")
        with pytest.raises(Conflict):
            either.adapter().create(order(username="guest001"))
        assert either.account("guest001") == before

    def test_the_password_proves_a_lost_create_and_its_session_is_ended(self, panel: Any, order: Any) -> None:
        request = order()
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        with pytest.raises(OutcomeUnknown):
            panel.adapter().create(request)
        assert panel.adapter().create(request).outcome is Outcome.DONE
        assert panel.adapter().create(request).outcome is Outcome.ALREADY
        assert panel.control.books()["sessions"] == []

    def test_a_repeat_names_what_is_otherwise_than_ordered(self, panel: Any, order: Any) -> None:
        request = order(connections=2)
        account = panel.adapter().create(request).account
        panel.adapter().change_package(account.ref, PackageChange(package="family", connections=3))
        again = panel.adapter().create(request)
        assert (again.outcome, again.differs) == (Outcome.ALREADY, ("package", "connections"))


class TestSuspension:
    def test_a_lock_out_looks_like_a_suspension(self, panel: Any) -> None:
        panel.control.act("create", username="theirs01", policy={"LoginAttemptsBeforeLockout": 3})
        for _ in range(3):
            assert panel.login("theirs01", "wrong") == 401
        users = panel.naive("GET", "Users").json()
        naive = {user["Name"]: user["Policy"]["IsDisabled"] for user in users}
        assert naive["theirs01"] is True  # and nobody of ours suspended anybody
        assert panel.kinds("theirs01") == ["lockout"]
        found = panel.adapter().find(username="theirs01")
        assert found.account.state is AccountState.SUSPENDED
        assert panel.adapter().unsuspend(found.account.ref).account.state is AccountState.ACTIVE

    def test_whom_we_make_cannot_lock_himself_out(self, panel: Any, order: Any) -> None:
        request = order()
        panel.adapter().create(request)
        username = request.credentials.username
        for _ in range(6):
            assert panel.login(username, "wrong") == 401
        assert panel.account(username)["state"] == "active"
        assert panel.login(username, request.credentials.password.get_secret_value()) == 200

    def test_a_limit_of_the_operators_is_written(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter(login_attempts=5))
        assert panel.account(account.username)["policy"]["LoginAttemptsBeforeLockout"] == 5

    def test_suspending_ends_sessions(self, panel: Any, order: Any) -> None:
        request = order()
        account = panel.adapter().create(request).account
        assert panel.login(account.username, request.credentials.password.get_secret_value()) == 200
        assert panel.control.books()["sessions"] == [account.id]
        panel.adapter().suspend(account.ref, "overdue")
        assert panel.control.books()["sessions"] == []

    def test_nobody_is_switched_on_without_a_password(self, either: Any, order: Any) -> None:
        request = order()
        either.control.set_fault(Fault.CUT_BEFORE, "password")
        with pytest.raises(OutcomeUnknown):
            either.adapter().create(request)
        half = either.adapter().find(username=request.credentials.username).account
        with pytest.raises(Conflict):
            either.adapter().unsuspend(half.ref)
        either.naive("POST", f"Users/{half.id}/Password", {"ResetPassword": True})
        assert either.account(half.username)["state"] == "suspended"


class TestAdministrators:
    def test_the_server_refuses_in_three_ways(self, panel: Any) -> None:
        root = panel.account("root")
        policy = {**root["policy"], "IsDisabled": True}
        assert panel.naive("POST", f"Users/{root['id']}/Policy", policy).status_code == 403
        assert panel.naive("DELETE", f"Users/{root['id']}").status_code == 500
        panel.control.act("create", username="theirs01")
        assert panel.naive("DELETE", f"Users/{root['id']}").status_code == 400

    def test_ours_sends_nothing_against_one(self, either: Any, made: Any) -> None:
        adapter = either.adapter()
        account = made(adapter)
        either.control.act("edit", username=account.username, policy={"IsAdministrator": True})
        sent = either.writes()
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        for verb, arguments in (
            (adapter.suspend, ("overdue",)),
            (adapter.reset_credentials, (new,)),
            (adapter.change_package, (PackageChange(package="family"),)),
            (adapter.terminate, ()),
        ):
            with pytest.raises(PermissionMissing):
                verb(account.ref, *arguments)
        assert either.writes() == sent


class TestPasswords:
    def test_reset_password_blanks_it_whatever_else_is_sent(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        request = {"NewPw": "newpassword1", "ResetPassword": True}
        assert panel.naive("POST", "Users/Password", request, userId=account.id).status_code == 204
        assert panel.login(account.username, "") == 200

    @pytest.mark.parametrize("path", ["query", "id"])
    def test_ours_sets_it_on_either_release(self, panel_with: Any, made: Any, path: str) -> None:
        panel = panel_with(password_path=path)
        account = made(panel.adapter())
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        assert panel.adapter().reset_credentials(account.ref, new).outcome is Outcome.DONE
        assert panel.login(account.username, "newpassword1") == 200

    def test_a_reset_is_tried_and_its_session_ended(self, either: Any, made: Any) -> None:
        account = made(either.adapter())
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        assert either.adapter().reset_credentials(account.ref, new).note is None
        assert either.writes()[-3:] == ["password", "login", "logout"]
        assert either.control.books()["sessions"] == []

    def test_a_reset_of_a_suspended_user_is_taken_at_its_word_and_says_so(
        self, either: Any, made: Any
    ) -> None:
        account = made(either.adapter())
        either.adapter().suspend(account.ref, "overdue")
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        result = either.adapter().reset_credentials(account.ref, new)
        assert (result.outcome, result.account.state) == (Outcome.DONE, AccountState.SUSPENDED)
        assert "does not let the user in" in (result.note or "")
        assert either.account(account.username)["password"] == "newpassword1"
        assert "login" not in either.writes()[either.writes().index("password", 4) :]

    def test_a_blanked_password_is_noticed(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.naive("POST", "Users/Password", {"ResetPassword": True}, userId=account.id)
        panel.control.set_reply("password", status=204)
        new = Credentials(username=account.username, password=Secret("newpassword1"))
        with pytest.raises(ContractBroken):
            panel.adapter().reset_credentials(account.ref, new)

    def test_a_rename_is_refused_before_it_is_sent(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        sent = len(panel.control.requests())
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().reset_credentials(
                account.ref, Credentials(username="othername1", password=Secret("newpassword1"))
            )
        assert caught.value.field == "username"
        assert len(panel.control.requests()) == sent


class TestAbsence:
    def test_a_404_proves_nothing_while_the_list_has_the_user(self, either: Any, made: Any) -> None:
        adapter = either.adapter()
        account = made(adapter)
        either.control.set_reply("get", status=404, body=b'"User not found"', times=None)
        assert either.naive("GET", f"Users/{account.id}").status_code == 404  # a naive client calls it gone
        assert isinstance(adapter.get(account.ref), Unknown)
        with pytest.raises(PanelError) as caught:
            adapter.terminate(account.ref)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert either.account(account.username)["state"] == "active"

    def test_a_list_without_an_administrator_is_not_whole(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.set_reply("list_accounts", body=b"[]", times=None)
        assert isinstance(panel.adapter().find(username=account.username), Unknown)
        with pytest.raises(ContractBroken):
            list(panel.adapter().list_accounts())

    def test_an_id_that_is_anothers_now_is_spared(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        panel.control.act("edit", username=account.username, new_name="somebody")
        with pytest.raises(Conflict):
            panel.adapter().terminate(account.ref)
        assert panel.account("somebody")["state"] == "active"

    def test_who_is_gone_is_told_so(self, either: Any, made: Any) -> None:
        adapter = either.adapter()
        account = made(adapter)
        either.control.act("delete", username=account.username)
        with pytest.raises(NotFound):
            adapter.suspend(account.ref, "overdue")
        assert adapter.terminate(account.ref).outcome is Outcome.ALREADY


class TestEmbyPages:
    def test_a_naive_client_sees_the_first_page_only(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(dialect="emby", page="2")
        adapter = panel.adapter()
        made_names = {made(adapter).username for _ in range(4)}
        naive = panel.naive("GET", "Users/Query").json()["Items"]
        assert len(naive) == 2
        assert made_names | {"root"} == {account.username for account in adapter.list_accounts()}

    def test_pages_that_do_not_add_up_are_no_list(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(dialect="emby", page="2")
        adapter = panel.adapter()
        for _ in range(4):
            made(adapter)
        panel.control.set_fault(Fault.TRUNCATED_PAGE, "list_accounts", times=None)
        with pytest.raises(ContractBroken):
            list(adapter.list_accounts())

    def test_a_count_that_promises_more_is_no_list(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(dialect="emby")
        made(panel.adapter())
        panel.control.set_reply("list_accounts", body=b'{"Items":[],"TotalRecordCount":7}', times=None)
        with pytest.raises(ContractBroken):
            list(panel.adapter().list_accounts())


def test_found_is_found_without_regard_to_case_and_told_as_it_is(panel: Any) -> None:
    panel.control.act("create", username="Anna2345")
    found = panel.adapter().find(username="anna2345")
    assert isinstance(found, Found)
    assert found.account.username == "Anna2345"


def test_one_bad_row_is_one_bad_account(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    bad, good = made(adapter), made(adapter)
    panel.control.act("edit", username=bad.username, policy={"EnabledFolders": "all"})
    try:
        told = {account.username: account.state.value for account in adapter.list_accounts()}
    except PanelError as error:
        told = {"no list": error.message}
    assert told.get(bad.username) == "unreadable"
    assert told.get(good.username) == "active"
    assert isinstance(adapter.find(username=good.username), Found)
    assert isinstance(adapter.find(username=bad.username), Unknown)
