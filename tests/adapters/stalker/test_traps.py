"""Every trap of the panel: what a client meets that believes it, and that ours is not fooled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from panelbridge import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    Conflict,
    ContractBroken,
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
)
from panelbridge.testing.practice import Fault
from tests.adapters.stalker.conftest import Panel, made, order

Start = Callable[..., Panel]
Deed = Callable[[], object]
DAY = timedelta(days=1)
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)


class TestDates:
    @pytest.mark.parametrize("text", ["1797766312", "", "2027-02-31 00:00:00"])
    def test_a_bad_date_is_stored_as_never_and_called_success(self, panel: Panel, text: str) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert panel.naive("PUT", "users/anna2345", data={"end_date": text, "phone": "1"})["results"] is True
        assert panel.end_date("anna2345") == "0000-00-00 00:00:00"
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.never_expires
        until = NOON + 40 * DAY
        assert adapter.extend(account.ref, until).account.expires_at == until  # type: ignore[union-attr]

    def test_an_iso_date_loses_its_zone(self, start: Start) -> None:
        panel = start(time_zone="America/New_York")
        adapter = panel.adapter()
        account = made(adapter)
        panel.naive("PUT", "users/anna2345", data={"end_date": "2027-01-10T12:00:00Z"})
        assert panel.end_date("anna2345") == "2027-01-10 12:00:00"  # five hours late
        until = datetime(2027, 1, 10, 12, tzinfo=UTC)
        assert adapter.extend(account.ref, until).account.expires_at == until  # type: ignore[union-attr]
        assert panel.end_date("anna2345") == "2027-01-11 07:00:00"

    def test_the_last_paid_day_is_a_whole_one(self, panel: Panel) -> None:
        """The job switches off on the day of the date, however late in that day the date is."""
        panel.naive("POST", "accounts/", data={"login": "naive234", "end_date": f"{NOON + 6 * DAY:%F %T}"})
        adapter = panel.adapter()
        made(adapter, order(until=NOON + 6 * DAY))
        panel.control.set_clock((NOON + 6 * DAY - timedelta(hours=6) - datetime.now(UTC)).total_seconds())
        panel.control.act("run_expiry_job")
        assert panel.book("naive234")["state"] == "suspended"  # six hours too early
        assert panel.book("anna2345")["state"] == "active"

    def test_a_date_that_no_calendar_has_is_refused_unsent(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        sent = len(panel.sent())
        for until in (datetime(9999, 12, 31, tzinfo=UTC), datetime(2027, 1, 1)):  # noqa: DTZ001
            with pytest.raises(InvalidOrder) as caught:
                adapter.extend(account.ref, until)
            assert caught.value.field == "until"
        assert len(panel.sent()) == sent


class TestExpiryJob:
    def lapsed(self, panel: Panel, username: str = "anna2345") -> None:
        panel.control.act("set_expiry", username=username, expires_at=(NOON - 5 * DAY).isoformat())
        panel.control.act("run_expiry_job")
        assert panel.book(username)["state"] == "suspended"

    def test_a_new_date_alone_does_not_switch_on_again(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        self.lapsed(panel)
        panel.naive("PUT", "users/anna2345", data={"end_date": f"{NOON + 30 * DAY:%F %T}"})
        assert panel.book("anna2345")["state"] == "suspended"
        self.lapsed(panel)
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.state is AccountState.EXPIRED
        assert adapter.extend(account.ref, NOON + 30 * DAY).outcome is Outcome.DONE
        assert panel.book("anna2345")["state"] == "active"

    def test_one_that_we_suspended_stays_off_even_past_its_expiry(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        self.lapsed(panel)
        extended = adapter.extend(account.ref, NOON + 30 * DAY).account
        assert extended is not None
        assert extended.state is AccountState.SUSPENDED
        assert panel.book("anna2345")["state"] == "suspended"
        assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
        assert panel.book("anna2345")["state"] == "active"

    def test_one_that_the_job_switched_off_can_be_suspended_as_well(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        self.lapsed(panel)
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        adapter.extend(account.ref, NOON + 30 * DAY)
        assert panel.book("anna2345")["state"] == "suspended"

    def test_one_switched_off_by_hand_before_its_expiry_is_suspended(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("switch", username="anna2345", on=0)
        adapter.extend(account.ref, NOON + 60 * DAY)
        assert panel.book("anna2345")["state"] == "suspended"

    def test_lifting_no_suspension_gives_no_free_time(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        self.lapsed(panel)
        assert adapter.unsuspend(account.ref).outcome is Outcome.ALREADY
        assert panel.book("anna2345")["state"] == "suspended"

    def test_a_lifted_suspension_gives_none_either_and_the_extend_then_does(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        self.lapsed(panel)
        lifted = adapter.unsuspend(account.ref).account
        assert lifted is not None
        assert lifted.state is AccountState.EXPIRED
        assert panel.book("anna2345")["state"] == "suspended"
        adapter.extend(account.ref, NOON + 30 * DAY)
        assert panel.book("anna2345")["state"] == "active"

    def test_an_extend_into_the_past_switches_nothing_on(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        self.lapsed(panel)
        adapter.extend(account.ref, NOON - 3 * DAY)
        assert panel.book("anna2345")["state"] == "suspended"


class TestAnswers:
    FALSE = b'{"status":"OK","results":false}'

    def test_ok_with_results_false_is_not_done(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_reply("suspend", body=self.FALSE)
        assert panel.naive("PUT", "users/anna2345", data={"status": "0"})["status"] == "OK"
        assert panel.book("anna2345")["state"] == "active"
        panel.control.set_reply("suspend", body=self.FALSE)
        with pytest.raises(PanelError) as caught:
            adapter.suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_unlisted_error_is_unknown_even_where_nothing_happened(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_reply("extend", body=b'{"status":"ERROR","results":null,"error":"Out of luck"}')
        with pytest.raises(ContractBroken) as caught:
            adapter.extend(account.ref, NOON + 60 * DAY)
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_notices_beside_the_answer_are_no_harm(self, start: Start) -> None:
        panel = start(notices="on")
        adapter = panel.adapter()
        assert "output" in panel.naive("GET", "tariffs")
        account = made(adapter)
        assert [item.username for item in adapter.list_accounts()] == [account.username]

    def test_a_switched_off_api_is_told_and_a_bare_404_proves_nothing(self, start: Start) -> None:
        off = start(api="off").adapter()
        with pytest.raises(PermissionMissing):
            off.test_connection()
        panel = start()
        lost = panel.adapter(base_url=panel.server.url + "elsewhere/")
        assert isinstance(lost.get(AccountRef(id=AccountId("anna2345"), username="anna2345")), Unknown)
        with pytest.raises(PanelError) as caught:
            lost.terminate(AccountRef(id=AccountId("anna2345"), username="anna2345"))
        assert caught.value.outcome is not Outcome.REFUSED

    def test_an_api_without_a_password_is_a_warning(self, start: Start) -> None:
        panel = start(auth="off")
        with requests.Session() as stranger:
            stranger.trust_env = False
            told = stranger.get(panel.server.settings["base_url"] + "tariffs", timeout=5).json()
        assert told["status"] == "OK"
        assert "without a password" in " ".join(panel.adapter().test_connection().warnings)
        assert start().adapter().test_connection().warnings == ()

    def test_json_is_not_read(self, panel: Panel) -> None:
        told = panel.naive("POST", "accounts/", json={"login": "naive234"})
        assert told["error"] == "Insert data is empty"
        made(panel.adapter())


class TestIdentifiers:
    def test_no_identifier_means_the_first_account_of_all(self, panel: Panel) -> None:
        adapter = panel.adapter()
        made(adapter)
        assert panel.naive("GET", "users/")["results"]["login"] == "anna2345"
        sent = len(panel.sent())
        assert isinstance(adapter.get(AccountRef(id=AccountId(""), username="")), Unknown)
        assert isinstance(adapter.find(username=""), Unknown)
        with pytest.raises(InvalidOrder):
            adapter.terminate(AccountRef(id=AccountId(""), username=""))
        assert len(panel.sent()) == sent

    def test_an_answer_about_another_account_is_not_taken(self, panel: Panel) -> None:
        adapter = panel.adapter()
        made(adapter)
        assert panel.naive("GET", "users/ANNA2345")["results"]["login"] == "anna2345"
        assert isinstance(adapter.find(username="ANNA2345"), Unknown)
        with pytest.raises(Conflict):
            adapter.create(order("ANNA2345"))

    def test_an_account_number_of_twelve_signs_is_taken_for_a_mac(self, panel: Panel) -> None:
        fields = {"login": "naive234", "account_number": "WHMCS-10000001", "tariff_plan": "basic"}
        panel.naive("POST", "accounts/", data=fields)
        told = panel.naive("POST", "account_subscription/WHMCS-10000001", data={"subscribed[]": "sport"})
        assert told["error"] == "Account not found"
        made(panel.adapter(), order(options={"packages": "sport"}))
        assert len(panel.book("anna2345")["number"]) == 11
        assert panel.book("anna2345")["subscribed"] == ["sport"]

    def test_a_delete_by_number_takes_everybody_of_it(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        number = panel.book("anna2345")["number"]
        panel.control.act("create", username="second23", account_number=number)
        adapter.terminate(account.ref)
        assert list(panel.control.books()["accounts"]) == ["second23"]
        panel.control.act("create", username="third234", account_number=number)
        panel.naive("DELETE", f"accounts/{number}")
        assert panel.control.books()["accounts"] == {}

    @pytest.mark.parametrize("name", ["anna/2345", "anna,2345", "00:1A:79:00:00:01", "short"])
    def test_a_login_that_cannot_be_asked_for_is_refused_unsent(self, panel: Panel, name: str) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order(name))
        assert caught.value.field == "username"
        assert panel.sent() == []

    def test_a_box_without_a_login_is_named_by_its_mac(self, panel: Panel) -> None:
        adapter = panel.adapter()
        made(adapter)
        panel.control.act("create", username="", mac="00:1A:79:00:00:07")
        panel.control.act("create", username="", account_number="77")
        box = next(item for item in adapter.list_accounts() if item.mac)
        assert box.id == "00:1A:79:00:00:07"
        assert adapter.suspend(box.ref, "overdue").outcome is Outcome.DONE
        assert adapter.unsuspend(box.ref).outcome is Outcome.DONE
        nameless = next(item for item in adapter.list_accounts() if item.id == "number:77")
        assert isinstance(adapter.get(nameless.ref), Unknown)


class TestEdits:
    def test_an_edit_validates_nothing(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert panel.naive("PUT", "users/anna2345", data={"stb_mac": "zz"})["results"] is True
        assert panel.naive("PUT", "users/anna2345", data={"login": ""})["results"] is True
        assert isinstance(adapter.find(username="anna2345"), Absent)  # nobody reaches it by its login
        assert isinstance(adapter.get(account.ref), Unknown)  # its number still does: it is not gone
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)

    def test_an_account_without_a_comment_is_edited_without_an_empty_field(self, panel: Panel) -> None:
        adapter = panel.adapter()
        panel.control.act("create", username="hand2345")
        found = adapter.find(username="hand2345")
        assert isinstance(found, Found)
        adapter.suspend(found.account.ref, "overdue")
        after = adapter.unsuspend(found.account.ref).account
        assert after is not None
        assert (after.reference, after.state) == (None, AccountState.ACTIVE)

    def test_an_empty_password_is_ignored_with_success(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        assert panel.naive("PUT", "users/anna2345", data={"password": ""})["results"] is True
        assert panel.book("anna2345")["password"] == "TrainWindow7"
        with pytest.raises(InvalidOrder) as caught:
            adapter.reset_credentials(account.ref, Credentials(username="anna2345", password=Secret("")))
        assert caught.value.field == "password"

    def test_a_rename_is_refused(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        new = Credentials(username="berta234", password=Secret("TrainWindow8"))
        with pytest.raises(InvalidOrder) as caught:
            adapter.reset_credentials(account.ref, new)
        assert caught.value.field == "username"

    def test_an_unknown_plan_silently_becomes_the_default(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter, order(package="family"))
        assert panel.naive("PUT", "users/anna2345", data={"tariff_plan": "gold"})["results"] is True
        assert panel.book("anna2345")["package"] == "basic"
        deeds: tuple[Deed, ...] = (
            lambda: adapter.change_package(account.ref, PackageChange(package="gold")),
            lambda: adapter.create(order("berta234", package="gold")),
        )
        for deed in deeds:
            with pytest.raises(InvalidOrder) as caught:
                deed()
            assert caught.value.field == "package"

    def test_a_plan_that_vanishes_meanwhile_is_told(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        plans = b'{"status":"OK","results":[{"external_id":"gold","name":"Gold","packages":[]}]}'
        panel.control.set_reply("list_packages", body=plans, times=2)
        with pytest.raises(ContractBroken):
            adapter.change_package(account.ref, PackageChange(package="gold"))
        assert adapter.create(order("berta234", package="gold")).differs == ("package",)

    def test_a_plan_without_an_external_id_cannot_be_sold(self, panel: Panel) -> None:
        assert len(panel.naive("GET", "tariffs")["results"]) == 3
        assert [package.id for package in panel.adapter().list_packages()] == ["basic", "family"]

    def test_an_event_without_an_identifier_goes_to_everybody(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        made(adapter, order("berta234"))
        panel.naive("POST", "send_event", data={"event": "cut_off"})
        events = [item["account"] for item in panel.control.books()["effects"] if item["kind"] == "event"]
        assert events == ["anna2345", "berta234"]
        adapter.suspend(account.ref, "overdue")
        ours = [
            path for method, path in panel.sent() if method != "GET" and not path.startswith("send_event")
        ]
        assert {path.split("/")[0] for path in ours} == {"accounts", "users"}


class TestCreate:
    def test_a_crash_between_its_two_statements_leaves_a_password_that_never_works(
        self, panel: Panel
    ) -> None:
        panel.control.act("crash_create")
        with pytest.raises(requests.JSONDecodeError):
            panel.naive("POST", "accounts/", data={"login": "naive234", "password": "TrainWindow7"})
        told = panel.naive("POST", "accounts/", data={"login": "naive234", "password": "TrainWindow7"})
        assert told["error"] == "Login already in use"  # so the naive client takes it for made
        assert panel.book("naive234")["password"] is None

        adapter = panel.adapter()
        panel.control.act("crash_create")
        with pytest.raises(OutcomeUnknown):
            adapter.create(order())
        found = adapter.find(username="anna2345")
        assert isinstance(found, Found)
        assert found.account.package != "basic"  # a look-up sees that it is not as ordered
        assert found.account.state is AccountState.SUSPENDED
        assert adapter.create(order()).outcome is Outcome.DONE
        assert panel.book("anna2345")["password"] == "TrainWindow7"
        assert panel.book("anna2345")["state"] == "active"

    @pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER_COMMIT, Fault.HTML_200])
    def test_a_lost_second_write_is_completed_by_a_repeat(self, panel: Panel, fault: Fault) -> None:
        adapter = panel.adapter()
        request = order(options={"packages": "films,sport"})
        panel.control.set_fault(fault, "finish")
        with pytest.raises(PanelError) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        again = adapter.create(request)
        assert again.differs == ()
        assert panel.book("anna2345")["subscribed"] == ["films", "sport"]
        assert panel.book("anna2345")["state"] == "active"

    def test_an_unfinished_account_is_not_switched_on_by_other_verbs(self, panel: Panel) -> None:
        adapter = panel.adapter()
        panel.control.set_fault(Fault.CUT_BEFORE, "finish")
        with pytest.raises(PanelError):
            adapter.create(order())
        found = adapter.find(username="anna2345")
        assert isinstance(found, Found)
        adapter.extend(found.account.ref, NOON + 90 * DAY)
        assert adapter.suspend(found.account.ref, "overdue").outcome is Outcome.ALREADY
        with pytest.raises(Conflict):
            adapter.unsuspend(found.account.ref)
        assert panel.book("anna2345")["state"] == "suspended"

    def test_a_repeat_long_after_brings_no_old_password_back(self, panel: Panel) -> None:
        adapter = panel.adapter()
        request = order()
        account = made(adapter, request)
        new = Credentials(username="anna2345", password=Secret("TrainWindow8"))
        adapter.reset_credentials(account.ref, new)
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert panel.book("anna2345")["password"] == "TrainWindow8"

    def test_a_name_taken_between_look_and_write_is_looked_at_again(self, panel: Panel) -> None:
        adapter = panel.adapter()
        absent = b'{"status":"ERROR","results":null,"error":"Account not found"}'
        request = order()
        made(adapter, request)
        panel.control.set_reply("get", body=absent)
        assert adapter.create(request).outcome is Outcome.ALREADY  # by an earlier try of ours
        panel.control.act("create", username="berta234")
        panel.control.set_reply("get", body=absent)
        with pytest.raises(Conflict):
            adapter.create(order("berta234"))

    def test_a_taken_device_is_a_conflict_and_leaves_no_account(self, panel: Panel) -> None:
        adapter = panel.adapter()
        first = made(adapter, order(mac="00-1a-79-00-00-01"))
        assert first.mac == "00:1A:79:00:00:01"
        with pytest.raises(Conflict) as caught:
            adapter.create(order("berta234", mac="001A79000001"))
        assert caught.value.field == "mac"
        with pytest.raises(InvalidOrder):
            adapter.create(order("berta234", mac="zz"))
        assert list(panel.control.books()["accounts"]) == ["anna2345"]

    def test_several_connections_are_several_accounts(self, panel: Panel) -> None:
        adapter = panel.adapter()
        deeds: tuple[Deed, ...] = (
            lambda: adapter.create(order(connections=2)),
            lambda: adapter.change_package(
                AccountRef(id=AccountId("a"), username="a"), PackageChange(package="basic", connections=2)
            ),
        )
        for deed in deeds:
            with pytest.raises(InvalidOrder) as caught:
                deed()
            assert caught.value.field == "connections"
        made(adapter, order(connections=1))


class TestPackages:
    def test_a_subscription_takes_effect_and_answers_error(self, start: Start) -> None:
        panel = start(box_messages="broken")
        adapter = panel.adapter()
        account = made(adapter)
        number = panel.book("anna2345")["number"]
        told = panel.naive("POST", f"account_subscription/{number}", data={"subscribed[]": "sport"})
        assert told["status"] == "ERROR"
        assert panel.book("anna2345")["subscribed"] == ["sport"]
        request = PackageChange(package="basic", options={"packages": "films"})
        assert adapter.change_package(account.ref, request).outcome is Outcome.DONE
        assert panel.book("anna2345")["subscribed"] == ["films"]
        assert adapter.change_package(account.ref, request).outcome is Outcome.ALREADY

    def test_packages_are_set_changed_and_taken_away(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter, order(options={"packages": "sport"}))
        for wanted in ("films, sport", "films", ""):
            adapter.change_package(account.ref, PackageChange(package="basic", options={"packages": wanted}))
            assert panel.book("anna2345")["subscribed"] == sorted(
                wanted.replace(" ", "").split(",") if wanted else []
            )
        reboots = [one for one in panel.control.books()["effects"] if one["kind"] == "event"]
        assert len(reboots) == 4  # one a change: the box restarts

    def test_nothing_is_subscribed_when_nothing_changes(self, panel: Panel) -> None:
        """The panel would answer false, and a client would repeat it for ever."""
        adapter = panel.adapter()
        account = made(adapter, order(options={"packages": "sport"}))
        number = panel.book("anna2345")["number"]
        told = panel.naive("POST", f"account_subscription/{number}", data={"subscribed[]": "sport"})
        assert told == {"status": "OK", "results": False}
        sent = len([one for one in panel.sent() if one[0] != "GET"])
        request = PackageChange(package="basic", options={"packages": "sport"})
        assert adapter.change_package(account.ref, request).outcome is Outcome.ALREADY
        assert len([one for one in panel.sent() if one[0] != "GET"]) == sent

    @pytest.mark.parametrize("wanted", ["news", "opera"])
    def test_what_is_not_optional_is_refused(self, panel: Panel, wanted: str) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order(options={"packages": wanted}))
        assert caught.value.field == "options.packages"

    def test_an_account_whose_number_others_share_is_left_alone(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("create", username="second23", account_number=panel.book("anna2345")["number"])
        request = PackageChange(package="family", options={"packages": ""})
        with pytest.raises(Conflict):
            adapter.change_package(account.ref, request)
        assert panel.book("anna2345")["package"] == "basic"


class TestLists:
    def test_a_list_above_the_limit_names_the_setting(self, panel: Panel) -> None:
        for number in range(4):
            panel.control.act("create", username=f"anna234{number}")
        with pytest.raises(OutcomeUnknown) as caught:
            list(panel.adapter(max_reply_bytes=1024).list_accounts())
        assert "max_reply_bytes" in caught.value.advice

    def test_the_reference_is_found_by_number_and_compared_whole(self, panel: Panel) -> None:
        adapter = panel.adapter()
        made(adapter)
        number = panel.book("anna2345")["number"]
        assert isinstance(adapter.find(reference="b:anna2345:1"), Found)
        panel.control.act("comment", username="anna2345", text="somebody else's")
        assert isinstance(adapter.find(reference="b:anna2345:1"), Unknown)
        assert isinstance(adapter.find(reference="b:nobody:1"), Absent)
        panel.control.act("comment", username="anna2345", text="b:anna2345:1")
        panel.control.act("create", username="twin2345", account_number=number, comment="b:anna2345:1")
        assert isinstance(adapter.find(reference="b:anna2345:1"), Unknown)

    def test_an_account_of_another_reference_is_not_touched(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        foreign = replace(account.ref, reference="b:other:1")
        deeds: tuple[Deed, ...] = (
            lambda: adapter.terminate(foreign),
            lambda: adapter.suspend(foreign, "overdue"),
            lambda: adapter.extend(foreign, NOON + 60 * DAY),
        )
        for deed in deeds:
            with pytest.raises(Conflict):
                deed()
        assert panel.book("anna2345")["state"] == "active"


class TestWithoutInternalBilling:
    def test_dates_that_are_not_shown_are_loud_and_say_what_to_set(self, start: Start) -> None:
        panel = start(billing="off")
        assert "end_date" not in (made(panel.adapter()), panel.naive("GET", "users/"))[1]["results"]
        wrong = panel.adapter(internal_billing=True)
        found = wrong.find(username="anna2345")
        assert isinstance(found, Unknown)
        assert "end_date" in found.cause
        assert "end_date" in " ".join(wrong.test_connection().warnings)
        with pytest.raises(ContractBroken) as caught:
            list(wrong.list_accounts())
        assert "internal_billing" in caught.value.advice

    def test_an_empty_panel_tells_nothing_of_its_dates(self, panel: Panel) -> None:
        assert panel.adapter().test_connection().warnings == ()
