"""Traps of the reseller API (seen on XC_VM 2025-07): the naive call falls in, the adapter does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from panelbridge import (
    AccountId,
    AccountRef,
    AuthenticationFailed,
    CapacityExhausted,
    Conflict,
    Credentials,
    Found,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PermissionMissing,
    Secret,
    SerialiseWrites,
    Unknown,
)
from panelbridge.testing.practice import Fault

BOUQUETS = (("bouquets_selected[]", "1"), ("bouquets_selected[]", "2"))
UNTIL = datetime.now(UTC) + timedelta(days=61)


def soon(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


class TestCredentials:
    def test_a_group_that_may_not_choose_them_ignores_them(self, panel: Any, order: Any) -> None:
        panel.control.act("group", columns={"allow_change_username": 0, "allow_change_password": 0})
        naive = panel.naive(
            "create_line", ("package", "1"), ("username", "wantedname"), ("password", "wantedpass"), *BOUQUETS
        )
        assert naive["status"] == "STATUS_SUCCESS"
        assert naive["data"]["username"] != "wantedname"

        result = panel.reseller().create(order())
        assert result.outcome is Outcome.DONE
        assert result.differs == ("username", "password")
        assert (
            result.account.password.get_secret_value() == panel.account(result.account.username)["password"]
        )

    def test_a_reset_that_the_group_ignores_is_refused_and_named(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.act("group", columns={"allow_change_password": 0})
        with pytest.raises(PermissionMissing) as caught:
            adapter.reset_credentials(
                account.ref, Credentials(username=account.username, password=Secret("newpassword1"))
            )
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.account(account.username)["password"] == account.password.get_secret_value()

    def test_a_rename_to_a_taken_name_is_a_conflict(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        with pytest.raises(Conflict):
            adapter.reset_credentials(
                account.ref, Credentials(username="foreign001", password=Secret("newpassword1"))
            )

    def test_a_repeated_rename_whose_answer_was_lost_is_already(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        wanted = Credentials(username="renamedline", password=Secret("newpassword1"))
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "reset_credentials")
        with pytest.raises(OutcomeUnknown):
            adapter.reset_credentials(account.ref, wanted)
        assert adapter.reset_credentials(account.ref, wanted).outcome is Outcome.ALREADY

    @pytest.mark.parametrize(
        ("username", "password", "field"),
        [
            ("short", "longenough1", "username"),
            ("longenough1", "short", "password"),
            ("with space1", "longenough1", "username"),
            ("longenough1", "back\\slash1", "password"),
            ("n<am>elong", "longenough1", "username"),
        ],
    )
    def test_what_the_panel_would_mangle_is_refused_before_any_call(
        self, panel: Any, order: Any, username: str, password: str, field: str
    ) -> None:
        request = order(credentials=Credentials(username=username, password=Secret(password)))
        with pytest.raises(InvalidOrder) as caught:
            panel.reseller().create(request)
        assert caught.value.field == field
        assert panel.operations() == []

    def test_the_panel_mangles_them_indeed(self, panel: Any) -> None:
        names = (("username", "  a<b>cdefgh "), ("password", "p\\wdlong1 "))
        row = panel.naive("create_line", ("package", "1"), *names, *BOUQUETS)["data"]
        assert (row["username"], row["password"]) == ("a&lt;b&gt;cdefgh", "pwdlong1")
        nameless = panel.naive(
            "create_line", ("package", "1"), ("username", "NULL"), ("password", "longenough1"), *BOUQUETS
        )
        assert nameless["data"]["username"] is None

    def test_a_longer_minimum_of_the_group_is_named(self, panel: Any, order: Any) -> None:
        panel.control.act("group", columns={"minimum_password_length": 20})
        with pytest.raises(InvalidOrder) as caught:
            panel.reseller().create(order())
        assert (caught.value.field, caught.value.outcome) == ("password", Outcome.REFUSED)


class TestEdits:
    def test_an_edit_forgets_what_it_is_not_told(self, panel: Any, made: Any) -> None:
        account = made(panel.reseller())
        panel.control.act("edit", username=account.username, columns={"contact": "someone", "is_isplock": 1})
        panel.naive("edit_line", ("id", account.id), ("password", "newpassword1"), *BOUQUETS)
        row = panel.row(account.id)
        assert (row["contact"], row["reseller_notes"], row["is_isplock"]) == (None, None, 0)

    def test_our_reset_changes_nothing_but_the_password(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter, options={"bouquets": "2"})
        kept = {"contact": "x", "is_isplock": 1, "allowed_ips": '["192.0.2.1"]', "allowed_ua": '["ua"]'}
        panel.control.act("edit", username=account.username, columns=kept)
        before = panel.row(account.id)
        result = adapter.reset_credentials(
            account.ref, Credentials(username=account.username, password=Secret("newpassword1"))
        )
        assert result.outcome is Outcome.DONE
        assert result.differs == ()
        assert _changed(before, panel.row(account.id)) == {"password", "updated"}

    def test_trial_on_an_edit_cuts_the_term(self, panel: Any, made: Any) -> None:
        panel.control.act("package", id=1, columns={"trial_duration": 24, "is_trial": 1})
        account = made(panel.reseller())
        row = panel.naive("edit_line", ("id", account.id), ("package", "1"), ("trial", "1"), *BOUQUETS)[
            "data"
        ]
        assert int(row["exp_date"]) < account.expires_at.timestamp()

    def test_a_trial_line_is_extended_into_a_paid_one(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter, package="30", until=datetime.now(UTC) + timedelta(days=1))
        assert account.trial
        result = adapter.extend(account.ref, UNTIL, purchase(account))
        assert (result.outcome, result.account.trial) == (Outcome.DONE, False)
        with pytest.raises(InvalidOrder):
            adapter.extend(account.ref, UNTIL, purchase(result.account, "30"))


class TestPurchases:
    def test_every_edit_with_a_package_buys_again(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        for _ in range(2):
            panel.naive("edit_line", ("id", account.id), ("package", "1"), *BOUQUETS)
        assert panel.charges(account.username) == [1, 1, 1]

        fresh = made(adapter)
        plan = purchase(fresh)
        assert adapter.extend(fresh.ref, UNTIL, plan).outcome is Outcome.DONE
        with pytest.raises(Conflict) as caught:
            adapter.extend(fresh.ref, UNTIL, plan)
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.charges(fresh.username) == [1, 1]

    def test_an_incompatible_package_throws_the_remaining_time_away(
        self, panel: Any, made: Any, purchase: Any
    ) -> None:
        adapter = panel.reseller()
        naive = made(adapter, package="12", until=datetime.now(UTC) + timedelta(days=365))
        row = panel.naive("edit_line", ("id", naive.id), ("package", "20"), *BOUQUETS)["data"]
        assert int(row["exp_date"]) < naive.expires_at.timestamp()

        ours = made(adapter, package="12", until=datetime.now(UTC) + timedelta(days=365))
        change = PackageChange(package="20", purchase=purchase(ours, "20"))
        with pytest.raises(InvalidOrder) as caught:
            adapter.change_package(ours.ref, change)
        assert (caught.value.field, caught.value.outcome) == ("package", Outcome.REFUSED)
        with pytest.raises(InvalidOrder):
            adapter.extend(ours.ref, UNTIL, purchase(ours, "20"))
        assert panel.charges(ours.username) == [12]

        leave = PackageChange(package="20", purchase=purchase(ours, "20", allow_restart=True))
        result = adapter.change_package(ours.ref, leave)
        assert (result.outcome, result.account.package, result.differs) == (Outcome.DONE, "20", ())
        assert result.account.expires_at < ours.expires_at

    def test_a_package_that_keeps_the_term_is_bought_without_leave(
        self, panel: Any, made: Any, purchase: Any
    ) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        result = adapter.change_package(
            account.ref, PackageChange(package="21", connections=3, purchase=purchase(account, "21"))
        )
        assert result.account.expires_at > account.expires_at + timedelta(days=27)
        assert panel.account(account.username)["connections"] == 3

    def test_an_expired_line_has_no_time_to_lose(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.act("set_expiry", username=account.username, expires_at=soon(-5))
        now = adapter.get(account.ref)
        assert isinstance(now, Found)
        result = adapter.extend(account.ref, UNTIL, purchase(now.account, "20"))
        assert result.outcome is Outcome.DONE
        assert result.account.expires_at > datetime.now(UTC) + timedelta(days=27)

    def test_an_unlimited_line_would_become_limited(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        for account, naive in ((made(adapter), True), (made(adapter), False)):
            panel.control.act("edit", username=account.username, columns={"exp_date": None})
            if naive:
                panel.naive("edit_line", ("id", account.id), ("package", "1"), *BOUQUETS)
                assert panel.account(account.username)["expires_at"] is not None
            else:
                with pytest.raises(InvalidOrder):
                    adapter.extend(account.ref, UNTIL, replace(purchase(account), before=None))
                assert panel.account(account.username)["expires_at"] is None

    def test_extending_does_not_enable(self, panel: Any, made: Any, purchase: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        result = adapter.extend(account.ref, UNTIL, purchase(account))
        assert result.account.state.value == "suspended"

    def test_the_package_a_line_has_is_not_bought_by_a_change(
        self, panel: Any, made: Any, purchase: Any
    ) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        change = PackageChange(package="1", purchase=purchase(account))
        assert adapter.change_package(account.ref, change).outcome is Outcome.ALREADY
        fewer = replace(change, options={"bouquets": "1"})
        assert adapter.change_package(account.ref, fewer).outcome is Outcome.DONE
        assert panel.account(account.username)["bouquets"] == [1]
        assert panel.charges(account.username) == [1]

    def test_two_buyers_at_once_pay_once_so_writes_are_serialised(
        self, panel_with: Callable[..., Any], made: Any
    ) -> None:
        panel = panel_with(race_window="0.3")
        adapter = panel.reseller()
        account = made(adapter)
        balance = adapter.balance().amount
        buy = lambda: panel.naive("edit_line", ("id", account.id), ("package", "1"), *BOUQUETS)  # noqa: E731
        threads = [threading.Thread(target=buy) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert panel.charges(account.username) == [1, 1, 1]
        assert adapter.balance().amount == balance - 1
        assert adapter.capabilities.serialise_writes is SerialiseWrites.PER_CREDENTIAL


class TestBouquets:
    @pytest.mark.parametrize("wrong", [(), (("bouquets_selected", "[1,2]"),)])
    def test_the_wrong_shape_empties_the_answer(self, panel: Any, wrong: Any) -> None:
        names = (("username", "naive0001"), ("password", "longenough1"))
        assert panel.naive("create_line", ("package", "1"), *names, *wrong) is None
        assert panel.control.books()["accounts"] == {}

    def test_ours_are_always_sent_and_can_be_chosen(self, panel: Any, order: Any) -> None:
        adapter = panel.reseller()
        whole, chosen = order(), order(options={"bouquets": "2"})
        adapter.create(whole)
        adapter.create(chosen)
        assert panel.account(whole.credentials.username)["bouquets"] == [1, 2]
        assert panel.account(chosen.credentials.username)["bouquets"] == [2]

    @pytest.mark.parametrize(
        "options", [{"bouquets": "9"}, {"bouquets": "one"}, {"bouquet": "1"}, {"trial": "1"}]
    )
    def test_options_that_cannot_be_met_are_refused(self, panel: Any, order: Any, options: Any) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.reseller().create(order(options=options))
        assert caught.value.field == f"options.{next(iter(options))}"
        assert panel.control.books()["accounts"] == {}

    def test_connections_other_than_the_packages_are_refused(self, panel: Any, order: Any) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.reseller().create(order(connections=4))
        assert caught.value.field == "connections"

    def test_a_reset_of_a_line_without_bouquets_still_answers(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns={"bouquet": "[]"})
        wanted = Credentials(username=account.username, password=Secret("newpassword1"))
        assert adapter.reset_credentials(account.ref, wanted).outcome is Outcome.DONE


class TestOwnership:
    @pytest.mark.parametrize("action", ["disable_line", "delete_line"])
    def test_a_strangers_line_obeys_anybody(self, panel: Any, action: str) -> None:
        assert panel.naive(action, ("id", "1"))["status"] == "STATUS_SUCCESS"
        foreign = panel.control.books()["foreign"].get("foreign001")
        assert foreign is None or foreign["state"] == "suspended"

    def test_ours_touches_no_strangers_line(self, panel: Any) -> None:
        adapter = panel.reseller(lookup=True)
        before = panel.control.books()["foreign"]
        ref = AccountRef(id=AccountId("1"), username="foreign001")
        verbs: list[Callable[[], object]] = [
            lambda: adapter.suspend(ref, "overdue"),
            lambda: adapter.unsuspend(ref),
            lambda: adapter.terminate(ref),
        ]
        for verb in verbs:
            with pytest.raises(Conflict) as caught:
                verb()
            assert caught.value.outcome is Outcome.REFUSED
        assert panel.control.books()["foreign"] == before
        assert not {"suspend", "unsuspend", "terminate"} & set(panel.operations())

    def test_a_line_of_another_name_is_left_alone(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        with pytest.raises(Conflict) as caught:
            adapter.suspend(replace(account.ref, username="anothername"), "overdue")
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.account(account.username)["state"] == "active"

    def test_without_an_admin_key_a_strangers_line_reads_as_absent(self, panel: Any) -> None:
        with pytest.raises(NotFound):
            panel.reseller().suspend(AccountRef(id=AccountId("1"), username="foreign001"), "overdue")
        assert panel.control.books()["foreign"]["foreign001"]["state"] == "active"

    def test_a_line_moved_away_is_not_told_as_gone(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller(lookup=True)
        account = made(adapter)
        panel.control.act("move", username=account.username)
        assert isinstance(adapter.get(account.ref), Unknown)
        with pytest.raises(Conflict) as caught:
            adapter.terminate(account.ref)
        assert caught.value.outcome is Outcome.REFUSED
        assert account.username in panel.control.books()["foreign"]

    def test_deleting_twice_is_already(self, panel: Any, made: Any) -> None:
        account = made(panel.reseller())
        assert panel.naive("delete_line", ("id", account.id)) == {"status": "STATUS_SUCCESS"}
        assert panel.naive("delete_line", ("id", account.id)) == {"status": "STATUS_FAILURE"}
        result = panel.reseller().terminate(account.ref)
        assert (result.outcome, result.account) == (Outcome.ALREADY, None)

    def test_enabling_a_banned_line_only_looks_successful(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        panel.control.act("ban", username=account.username)
        assert panel.naive("enable_line", ("id", account.id)) == {"status": "STATUS_SUCCESS"}
        assert panel.account(account.username)["state"] == "banned"
        with pytest.raises(PermissionMissing):
            adapter.unsuspend(account.ref)


class TestRefusals:
    def test_too_little_credit_waits_and_names_no_secret(self, panel: Any, order: Any) -> None:
        panel.control.act("set_balance", amount=0)
        request = order()
        with pytest.raises(InsufficientPanelCredit) as caught:
            panel.reseller().create(request)
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert request.credentials.password.get_secret_value() not in f"{caught.value!r}{caught.value.advice}"

    def test_the_panel_echoes_the_password_in_its_refusal(self, panel: Any) -> None:
        panel.control.act("set_balance", amount=0)
        names = (("username", "naive0001"), ("password", "longenough1"))
        answer = panel.naive("create_line", ("package", "1"), *names, *BOUQUETS)
        assert answer["status"] == "STATUS_INSUFFICIENT_CREDITS"
        assert answer["data"]["password"] == "longenough1"

    def test_no_trials_left(self, panel: Any, order: Any) -> None:
        panel.control.act("group", columns={"total_allowed_gen_trials": 0})
        with pytest.raises(CapacityExhausted):
            panel.reseller().create(order(package="30"))

    @pytest.mark.parametrize("package", ["40", "41", "999"])
    def test_a_package_that_is_not_for_us_is_refused(self, panel: Any, order: Any, package: str) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.reseller().create(order(package=package))
        assert caught.value.field == "package"

    def test_a_package_withdrawn_since_it_was_read(self, panel: Any, order: Any) -> None:
        adapter = panel.reseller()
        adapter.create(order())
        panel.control.act("package", id=1, columns={"groups": "[9]"})
        with pytest.raises(InvalidOrder):
            adapter.create(order())

    @pytest.mark.parametrize("closed", ["key", "door", "code"])
    def test_a_refused_credential_never_reads_as_absence(self, panel: Any, made: Any, closed: str) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        if closed == "key":
            panel.control.act("key", status=0)
        elif closed == "door":
            panel.control.act("door", state="closed")
        else:
            adapter = panel.reseller(access_code="deleted-code")
        assert isinstance(adapter.get(account.ref), Unknown)
        assert isinstance(adapter.find(username=account.username), Unknown)
        with pytest.raises(AuthenticationFailed):
            adapter.terminate(account.ref)
        assert account.username in panel.control.books()["accounts"]


class TestOutcomes:
    def test_a_failed_read_before_the_write_changed_nothing_yet(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.set_fault(Fault.HTML_200, "get", times=None)
        with pytest.raises(PanelError) as caught:
            adapter.suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.RETRY_LATER
        assert panel.account(account.username)["state"] == "active"

    def test_a_failed_read_after_the_write_is_unknown(self, panel: Any, made: Any) -> None:
        adapter = panel.reseller()
        account = made(adapter)
        panel.control.set_fault(Fault.RATE_LIMITED, "get", times=None, skip=1, seconds=60)
        with pytest.raises(OutcomeUnknown) as caught:
            adapter.suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN
        assert panel.account(account.username)["state"] == "suspended"

    def test_the_connection_test_names_what_is_missing(self, panel: Any) -> None:
        panel.control.act("group", columns={"allow_change_password": 0})
        panel.control.set_clock(0)
        told = panel.reseller().test_connection()
        assert told.missing_permissions == ("allow_change_password",)
        assert (told.identity, told.balance.amount) == ("our-reseller", 100)
        assert abs(told.clock_skew) <= 2
        assert any("no admin credential" in warning for warning in told.warnings)
        wrong = panel.reseller(lookup=True, admin_api_key="0" * 32).test_connection()
        assert any("does not work" in warning for warning in wrong.warnings)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Null and empty text are both nothing, and come in turn."""
    return {name for name in before if (before[name] or None) != (after[name] or None)}
