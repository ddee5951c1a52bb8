"""What the panel does to a client that believes it, and that ours does not fall for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountState,
    Conflict,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PermissionMissing,
    Secret,
    Unknown,
    Unsupported,
)
from panelbridge.testing.conformance.subject import ending_of
from panelbridge.testing.practice import Fault
from panelbridge.transport import deadline
from panelbridge_dispatcharr.mapping import PLAYER_PASSWORD, REFERENCE

USERS = "api/accounts/users/"


class TestSuspension:
    def test_is_active_answers_200_and_changes_nothing(self, panel: Any, made: Any, secret_of: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        name, password = account.username, secret_of(account)
        naive = panel.naive("PATCH", f"{USERS}{account.id}/", json={"is_active": False})
        assert naive.status_code == 200
        assert "is_active" not in naive.json()
        assert panel.plays(name, password) == 200

        suspended = adapter.suspend(account.ref, "overdue")
        assert suspended.account.state is AccountState.SUSPENDED
        assert panel.plays(name, password) == 401
        assert adapter.unsuspend(account.ref).account == account
        assert panel.plays(name, password) == 200

    def test_leaving_a_property_out_does_not_remove_it(self, panel: Any, made: Any, secret_of: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        rest = {"theme": "dark"}
        panel.naive("PATCH", f"{USERS}{account.id}/", json={"custom_properties": rest})
        assert panel.plays(account.username, secret_of(account)) == 200  # merged, not replaced

        adapter.suspend(account.ref, "overdue")
        assert PLAYER_PASSWORD not in panel.account(account.username)["custom_properties"]
        adapter.unsuspend(account.ref)
        properties = panel.account(account.username)["custom_properties"]
        assert properties[PLAYER_PASSWORD] == secret_of(account)

    def test_properties_of_others_are_left_alone(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for name in ("theme", "held_xc_password", "reference"):
            panel.control.act("set_property", username=account.username, key=name, value="theirs")
        adapter.suspend(account.ref, "overdue")
        adapter.reset_credentials(
            account.ref, Credentials(username=account.username, password=Secret("newpass123"))
        )
        adapter.unsuspend(account.ref)
        properties = panel.account(account.username)["custom_properties"]
        assert {"theme": "theirs", "held_xc_password": "theirs", "reference": "theirs"}.items() <= (
            properties.items()
        )

    def test_a_reset_while_suspended_stays_suspended(self, panel: Any, made: Any, secret_of: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        name = account.username
        adapter.suspend(account.ref, "overdue")
        credentials = Credentials(username=name, password=Secret("newpass123"))
        result = adapter.reset_credentials(account.ref, credentials)
        assert (result.outcome, result.account.state) == (Outcome.DONE, AccountState.SUSPENDED)
        assert panel.plays(name, "newpass123") == 401

        adapter.unsuspend(replace(account.ref, password=credentials.password))
        assert panel.plays(name, "newpass123") == 200
        assert panel.plays(name, secret_of(account)) == 401

    def test_an_owner_who_lifts_it_by_hand_is_seen(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        panel.control.act("set_property", username=account.username, key=PLAYER_PASSWORD, value="byhand1234")
        assert adapter.unsuspend(account.ref).outcome is Outcome.ALREADY
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        assert panel.plays(account.username, "byhand1234") == 401

    def test_without_a_password_from_our_books_nobody_is_switched_on(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        with pytest.raises(InvalidOrder) as caught:
            adapter.unsuspend(replace(account.ref, password=None))
        assert caught.value.field == "password"
        assert panel.account(account.username)["state"] == "suspended"

    def test_the_players_expiry_is_made_up_and_never_told(
        self, panel: Any, made: Any, secret_of: Any
    ) -> None:
        account = made(panel.adapter())
        query = {"username": account.username, "password": secret_of(account)}
        told = panel.naive("GET", "player_api.php", params=query, headers={}).json()
        assert int(told["user_info"]["exp_date"]) > 0
        assert (account.expires_at, account.never_expires) == (None, False)


class TestNames:
    def test_the_list_is_not_filtered(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        first, second = made(adapter), made(adapter)
        naive = panel.naive("GET", USERS, params={"username": second.username, "search": second.username})
        assert naive.json()[1]["username"] == first.username  # the first row is somebody else
        found = adapter.find(username=second.username)
        assert isinstance(found, Found)
        assert found.account.id == second.id
        assert isinstance(adapter.find(reference="bridge:x:1"), Unknown)
        assert isinstance(adapter.find(username="nobody"), Absent)

    def test_upper_and_lower_case_are_two_users(self, panel: Any, made: Any, order: Any) -> None:
        adapter = panel.adapter()
        lower, upper = made(adapter, username="alice12345"), made(adapter, username="ALICE12345")
        rows = panel.naive("GET", USERS).json()
        assert len([row for row in rows if row["username"].lower() == "alice12345"]) == 2
        assert lower.id != upper.id
        for account in (lower, upper):
            found = adapter.find(username=account.username)
            assert isinstance(found, Found)
            assert found.account.id == account.id
        assert isinstance(adapter.find(username="Alice12345"), Absent)
        assert adapter.create(order(username="Alice12345")).outcome is Outcome.DONE

    def test_a_lost_create_is_found_again(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        panel.control.set_fault(Fault.COMMIT_AFTER_HANGUP, "create")
        with pytest.raises(OutcomeUnknown), deadline(0.3):
            adapter.create(request)
        panel.control.release()
        body = {"username": request.credentials.username, "password": "x"}
        assert panel.naive("POST", USERS, json=body).status_code == 400  # a naive repeat reads as failed
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert panel.control.books()["counts"] == {"create": 1}

    def test_a_taken_name_is_ours_only_with_the_password_that_we_chose(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        adapter.create(request)
        stranger = Credentials(username=request.credentials.username, password=Secret("anotherpass1"))
        with pytest.raises(Conflict) as caught:
            adapter.create(replace(request, credentials=stranger))
        assert caught.value.outcome is Outcome.REFUSED

    def test_a_taken_name_that_cannot_be_looked_up_is_unknown(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        adapter.create(request)
        panel.control.set_fault(Fault.HTML_200, "list_accounts", times=None)
        with pytest.raises(OutcomeUnknown) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_id_given_out_anew_is_not_touched(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns={"username": "somebody1"})
        verbs: list[Callable[[], Any]] = [
            lambda: adapter.suspend(account.ref, "overdue"),
            lambda: adapter.terminate(account.ref),
            lambda: adapter.change_package(account.ref, PackageChange(package="2")),
        ]
        for verb in verbs:
            with pytest.raises(Conflict):
                verb()
        assert panel.control.books()["counts"] == {"create": 1}

    def test_who_runs_the_panel_is_no_account(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        listed = [item.username for item in adapter.list_accounts()]
        assert listed == [account.username]
        panel.control.act("edit", username=account.username, columns={"user_level": 10})
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert [item.username for item in adapter.list_accounts()] == listed  # still ours, so still told


class TestWrites:
    def test_a_create_without_password_crashes_the_panel(self, panel: Any, order: Any) -> None:
        naive = panel.naive("POST", USERS, json={"username": "nopassword1"})
        assert naive.status_code == 500
        assert naive.text.lstrip().startswith("<")
        request = order()
        assert panel.adapter().create(request).outcome is Outcome.DONE
        assert (
            panel.plays(request.credentials.username, request.credentials.password.get_secret_value()) == 200
        )

    def test_a_path_without_its_last_slash_is_not_the_panels(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        assert panel.naive("GET", f"{USERS}{account.id}").status_code == 404
        assert {request["path"][-1] for request in panel.control.requests()[:-1]} == {"/"}

    def test_a_missing_limit_is_our_setting_and_not_unlimited(self, panel: Any, made: Any) -> None:
        naive = panel.naive("POST", USERS, json={"username": "nolimit123", "password": "x"})
        assert naive.json()["stream_limit"] == 0  # unlimited
        assert made(panel.adapter(stream_limit=2)).connections == 2
        assert made(panel.adapter(), connections=3).connections == 3
        assert made(panel.adapter(), connections=0).connections == 0

    def test_a_change_of_profile_keeps_the_limit_unless_told(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, connections=3)
        changed = adapter.change_package(account.ref, PackageChange(package="2")).account
        assert (changed.package, changed.connections) == ("2", 3)
        changed = adapter.change_package(account.ref, PackageChange(package="2", connections=5)).account
        assert (changed.package, changed.connections) == ("2", 5)

    def test_a_repeated_create_completes_what_differs(self, panel: Any, order: Any) -> None:
        adapter, request = panel.adapter(), order()
        adapter.create(request)
        panel.control.act(
            "edit",
            username=request.credentials.username,
            columns={"channel_profiles": [2, 3], "stream_limit": 9},
        )
        again = adapter.create(request)
        assert (again.outcome, again.differs) == (Outcome.DONE, ())
        assert (panel.account(request.credentials.username)["profiles"], again.account.connections) == (
            [1],
            1,
        )

    def test_a_create_cut_before_its_profiles_is_completed_by_the_repeat(
        self, panel: Any, order: Any
    ) -> None:
        adapter, request = panel.adapter(), order()
        panel.control.act("cut_creates")
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        found = adapter.find(username=request.credentials.username)
        assert isinstance(found, Found)
        assert found.account.package == "unrestricted"  # every channel, and not "nothing told"
        adapter.create(request)
        assert panel.account(request.credentials.username)["profiles"] == [1]
        assert panel.control.books()["counts"] == {"create": 1, "change_package": 1}

    def test_a_deleted_profile_does_not_read_as_the_package_sold(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter, package="2")
        panel.control.act("delete_profile", profile=2)
        assert [item.package for item in adapter.list_accounts()] == ["unrestricted"]
        assert adapter.change_package(account.ref, PackageChange(package="1")).account.package == "1"

    @pytest.mark.parametrize("package", ["", "one", "1.5", "-1", "9" * 12, "1 2"])
    def test_a_package_that_is_no_number_is_refused_unsent(
        self, panel: Any, order: Any, package: str
    ) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order(package=package))
        assert caught.value.field == "package"
        assert panel.operations() == []

    def test_what_the_panel_cannot_do_is_refused_unsent(self, panel: Any, order: Any) -> None:
        adapter, ref = panel.adapter(), None
        with pytest.raises(Unsupported):
            adapter.extend(ref, order().until)
        with pytest.raises(Unsupported):
            adapter.create(order(mac="00:1A:79:00:00:01"))
        with pytest.raises(InvalidOrder):
            adapter.create(order(options={"colour": "red"}))
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order(connections=-1))
        assert caught.value.field == "connections"
        assert panel.operations() == []

    def test_a_rename_is_refused_unsent(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        sent = len(panel.operations())
        with pytest.raises(InvalidOrder) as caught:
            adapter.reset_credentials(
                account.ref, Credentials(username="othername1", password=Secret("newpass123"))
            )
        assert caught.value.field == "username"
        assert len(panel.operations()) == sent

    @pytest.mark.parametrize("verb", ["suspend", "unsuspend", "reset", "package", "terminate"])
    def test_a_success_that_changed_nothing_is_unknown(self, panel: Any, made: Any, verb: str) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        if verb == "unsuspend":
            adapter.suspend(account.ref, "overdue")
        before = panel.account(account.username)
        panel.control.set_fault(Fault.SUCCESS_BUT_NOTHING, f"{USERS}{account.id}/", skip=1)
        credentials = Credentials(username=account.username, password=Secret("newpass123"))
        verbs: dict[str, Any] = {
            "suspend": lambda: adapter.suspend(account.ref, "overdue"),
            "unsuspend": lambda: adapter.unsuspend(account.ref),
            "reset": lambda: adapter.reset_credentials(account.ref, credentials),
            "package": lambda: adapter.change_package(account.ref, PackageChange(package="2")),
            "terminate": lambda: adapter.terminate(account.ref),
        }
        with pytest.raises(PanelError) as caught:
            verbs[verb]()
        assert caught.value.outcome is Outcome.UNKNOWN
        assert panel.account(account.username) == before
        assert verbs[verb]().outcome is Outcome.DONE

    def test_reading_back_that_fails_is_never_told_as_refused(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_fault(Fault.RATE_LIMITED, "get", skip=1, times=None, seconds=60)
        with pytest.raises(PanelError) as caught:
            adapter.suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert panel.account(account.username)["state"] == "suspended"


class TestSigningIn:
    def test_a_lesser_user_is_named_by_the_connection_test(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(level="1")
        connection = panel.adapter().test_connection()
        assert connection.missing_permissions == ("user_level 10 (admin)",)
        with pytest.raises(PermissionMissing):
            panel.adapter().create(order())

    def test_the_connection_test_tells_version_and_name(self, panel: Any) -> None:
        connection = panel.adapter().test_connection()
        assert (connection.version, connection.identity) == ("0.29.0", "bridge")
        assert (connection.missing_permissions, connection.warnings) == ((), ())

    def test_one_token_serves_many_calls_and_is_renewed_when_it_ends(
        self, panel_with: Any, made: Any
    ) -> None:
        panel = panel_with(auth="jwt")
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        assert panel.operations().count("sign_in") == 1
        panel.control.act("forget_tokens")
        assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
        assert panel.operations().count("sign_in") == 2
        assert panel.operations().count("unsuspend") == 1

    def test_a_write_that_meets_a_dead_token_waits_and_is_not_sent_again(
        self, panel_with: Any, order: Any
    ) -> None:
        panel = panel_with(auth="jwt")
        adapter, request = panel.adapter(), order()
        adapter.test_connection()
        panel.control.act("forget_tokens")
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert panel.operations().count("create") == 1
        assert adapter.create(request).outcome is Outcome.DONE  # signed in anew

    def test_a_throttled_sign_in_waits_and_nothing_was_sent(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(auth="jwt", logins="0")
        with pytest.raises(PanelError) as caught:
            panel.adapter().create(order())
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert "create" not in panel.operations()

    @pytest.mark.parametrize("fault", [Fault.HTML_200, Fault.EMPTY_BODY, Fault.CUT_BEFORE])
    def test_a_sign_in_that_breaks_means_that_nothing_was_sent(
        self, panel_with: Any, order: Any, fault: Fault
    ) -> None:
        panel = panel_with(auth="jwt")
        panel.control.set_fault(fault, "sign_in", times=None)
        with pytest.raises(PanelError) as caught:
            panel.adapter().create(order())
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert "create" not in panel.operations()

    def test_the_whole_life_with_a_token(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(auth="jwt")
        adapter = panel.adapter()
        account = made(adapter)
        adapter.change_package(account.ref, PackageChange(package="3"))
        assert [item.package for item in adapter.list_accounts()] == ["3"]
        assert adapter.terminate(account.ref).outcome is Outcome.DONE
        assert isinstance(adapter.get(account.ref), Absent)
        with pytest.raises(PanelError) as caught:
            panel.adapter(password="wrong").test_connection()
        assert caught.value.code == "panel_auth"


def listed(adapter: Any) -> Any:
    """States of everybody by id, or why there is no list."""
    try:
        return {item.id: item.state.value for item in adapter.list_accounts()}
    except PanelError as error:
        return error.message


class TestCustomers:
    """Nothing that a customer can write is believed, and no customer signs in to the web."""

    def test_the_players_password_is_none_of_the_web(self, panel: Any, made: Any, secret_of: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert not panel.logs_in(account.username, secret_of(account))
        new = Credentials(username=account.username, password=Secret("newpass123"))
        adapter.reset_credentials(account.ref, new)
        adapter.suspend(account.ref, "overdue")
        adapter.unsuspend(replace(account.ref, password=new.password))
        assert panel.plays(account.username, "newpass123") == 200
        assert not panel.logs_in(account.username, "newpass123")

    @pytest.mark.parametrize(
        "written",
        [
            {REFERENCE: "mine"},
            {REFERENCE: 7},
            {"panelbridge_held_xc_password": 5},
            {REFERENCE: {"a": [1]}, "panelbridge_held_xc_password": "mine123456"},
        ],
    )
    def test_what_a_customer_writes_stops_nothing(
        self, panel: Any, made: Any, secret_of: Any, written: dict[str, Any]
    ) -> None:
        adapter = panel.adapter()
        account, other = made(adapter), made(adapter)
        token = panel.signed_in(account.username)
        told = panel.naive("PATCH", f"{USERS}me/", json={"custom_properties": written}, headers=token)
        assert told.status_code == 200

        assert listed(adapter) == {account.id: "active", other.id: "active"}
        assert isinstance(adapter.find(username=other.username), Found)
        assert ending_of(lambda: adapter.suspend(account.ref, "overdue")) is Outcome.DONE
        assert panel.plays(account.username, secret_of(account)) == 401
        panel.naive("PATCH", f"{USERS}me/", json={"custom_properties": written}, headers=token)
        assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
        assert panel.plays(account.username, secret_of(account)) == 200
        assert adapter.terminate(other.ref).outcome is Outcome.DONE
        assert adapter.terminate(account.ref).outcome is Outcome.DONE

    def test_a_suspension_ends_the_web_password_and_says_what_it_cannot_end(
        self, panel: Any, made: Any, secret_of: Any
    ) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        token = panel.signed_in(account.username, "theirs1234")
        assert panel.naive("POST", "api/accounts/api-keys/generate/", headers=token).status_code == 200
        note = adapter.suspend(account.ref, "overdue").note
        assert not panel.logs_in(account.username, "theirs1234")
        assert "API key" in (note or "")
        panel.naive("PATCH", f"{USERS}me/", headers=token, json={"custom_properties": {"xc_password": "m"}})
        assert panel.plays(account.username, "m") == 401

    def test_one_bad_row_is_one_bad_account(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account, other = made(adapter), made(adapter)
        panel.control.act("edit", username=account.username, columns={"stream_limit": "many"})
        assert listed(adapter) == {account.id: "unreadable", other.id: "active"}
        assert isinstance(adapter.get(account.ref), Unknown)
        assert isinstance(adapter.find(username=account.username), Unknown)
        assert isinstance(adapter.find(username=other.username), Found)
        assert adapter.terminate(other.ref).outcome is Outcome.DONE


def test_api_keys_of_users_are_in_every_list_and_never_told(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    key = panel.practice.secrets()[0]
    account = made(adapter)
    panel.control.act("edit", username=account.username, columns={"api_key": "customerskey99"})
    assert "customerskey99" in panel.naive("GET", USERS).text
    told = repr([*adapter.list_accounts(), adapter.get(account.ref), adapter.test_connection()])
    assert "customerskey99" not in told
    assert key not in told


def test_an_address_that_is_not_the_panels_proves_nothing(panel: Any, made: Any) -> None:
    account = made(panel.adapter())
    lost = panel.adapter(base_url=panel.server.url + "elsewhere/")
    assert isinstance(lost.get(account.ref), Unknown)
    assert isinstance(lost.find(username=account.username), Unknown)
    with pytest.raises(PanelError) as caught:
        lost.terminate(account.ref)
    assert caught.value.outcome is not Outcome.DONE
    assert panel.account(account.username)["state"] == "active"
