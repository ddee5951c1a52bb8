"""Every trap of the panel: what a client meets that believes it, and that ours is not fooled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountId,
    AccountRef,
    AuthenticationFailed,
    Conflict,
    ContractBroken,
    Credentials,
    Found,
    InsufficientPanelCredit,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PermissionMissing,
    Secret,
    Unknown,
    Unsupported,
    Verb,
)
from panelbridge.testing.practice import Fault
from tests.adapters.onestream.conftest import MONTH, Panel, made, order, purchase

Start = Callable[..., Panel]
Deed = Callable[[], object]
DAY = timedelta(days=1)


def later(days: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + days * DAY


def lost(panel: Panel, operation: str, deed: Deed) -> None:
    """``deed`` is done at the panel, and its answer does not come."""
    panel.control.set_fault(Fault.CUT_AFTER_COMMIT, operation)
    with pytest.raises(OutcomeUnknown):
        deed()


class TestRid:
    def test_without_one_a_repeated_create_pays_twice(self, start: Start) -> None:
        panel = start(names="free")
        body = {"package": 1, "username": "naive234", "password": "TrainWindow7"}
        first, second = (panel.naive("POST", "line/create", json=body)["line_id"] for _ in range(2))
        assert first != second
        assert panel.charged() == 2

    @pytest.mark.parametrize("replay", ["answer", "error"])
    def test_a_lost_create_is_bought_once(self, start: Start, replay: str) -> None:
        panel = start(replay=replay)
        adapter = panel.adapter()
        lost(panel, "create", lambda: adapter.create(order()))
        again = adapter.create(order())
        assert again.outcome is Outcome.ALREADY
        assert panel.charged() == 1

    @pytest.mark.parametrize("replay", ["answer", "error"])
    @pytest.mark.parametrize("errors", ["status", "200"])
    def test_the_rid_protects_even_when_the_list_lags(self, start: Start, replay: str, errors: str) -> None:
        """The look-up before the purchase shows nothing yet: whatever a repeated rid answers, one is sold."""
        panel = start(replay=replay, errors=errors, names="free")
        adapter = panel.adapter()
        lost(panel, "create", lambda: adapter.create(order()))
        panel.control.set_reply("find", body=b"[]")
        again = adapter.create(order())
        assert again.outcome in (Outcome.DONE, Outcome.ALREADY)
        assert panel.charged() == 1
        body = {"package": 1, "username": "anna2345", "password": "TrainWindow7", "rid": "another"}
        panel.naive("POST", "line/create", json=body)
        assert panel.charged() == 2  # another rid is another purchase

    def test_a_rid_comes_from_the_journals_key_else_from_the_reference(self, start: Start) -> None:
        panel = start(names="free")
        adapter = panel.adapter()
        lagging = b"[]"
        tries: tuple[tuple[dict[str, Any], int], ...] = (
            ({}, 1),
            ({"reference": "b:anna2345:1"}, 1),
            ({"key": None}, 2),
            ({"key": None, "until": later(40)}, 2),
            ({"key": None, "reference": "b:anna2345:2"}, 3),
        )
        for changes, bought in tries:
            panel.control.set_reply("find", body=lagging)
            with suppress(PanelError):
                adapter.create(order(**changes))
            assert panel.charged() == bought

    def test_a_renewal_without_one_adds_every_time(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for _ in range(2):
            panel.naive("POST", f"line/{account.id}/renew", json={})
        assert panel.charged() == 3

    @pytest.mark.parametrize("replay", ["answer", "error"])
    @pytest.mark.parametrize("key", ["b:1:8", None])
    def test_a_lost_renewal_is_refused_on_the_moved_expiry(
        self, start: Start, replay: str, key: str | None
    ) -> None:
        panel = start(replay=replay)
        adapter = panel.adapter()
        account = made(adapter)
        request = purchase(account, key=key)
        lost(panel, "extend", lambda: adapter.extend(account.ref, later(60), request))
        with pytest.raises(Conflict) as caught:
            adapter.extend(account.ref, later(60), request)
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.charged() == 2

    @pytest.mark.parametrize("key", ["b:1:8", None])
    def test_a_renewal_whose_effect_is_not_listed_yet_is_bought_once(
        self, start: Start, key: str | None
    ) -> None:
        panel = start(replay="error")
        adapter = panel.adapter()
        account = made(adapter)
        request = purchase(account, key=key)
        stale = panel.control.true_reply("find")
        assert stale is not None
        lost(panel, "extend", lambda: adapter.extend(account.ref, later(60), request))
        panel.control.set_reply("find", body=stale.body)
        with pytest.raises(OutcomeUnknown):  # an error, and the expiry moved: nobody guesses
            adapter.extend(account.ref, later(60), request)
        assert panel.charged() == 2

    def test_the_next_renewal_is_another_purchase(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for days in (60, 90):
            extended = adapter.extend(account.ref, later(days), purchase(account, key=None))
            assert (extended.outcome, extended.differs) == (Outcome.DONE, ())
            assert extended.account is not None
            account = extended.account
        assert panel.charged() == 3

    def test_no_rid_is_longer_than_public_clients_send(self, panel: Panel) -> None:
        adapter = panel.adapter()
        made(adapter, order(key="b:" + "ö" * 500))
        assert panel.charged() == 1


class TestErrors:
    def test_an_error_with_status_200_is_no_success(self, start: Start) -> None:
        panel = start(errors="200", credits="0")
        with requests.Session() as session:
            session.trust_env = False
            own = panel.server.settings
            headers = {"X-Api-Key": own["api_key"], "X-Auth-User": own["auth_user"]}
            url = f"{panel.server.url}ext/line/create"
            assert session.post(url, json={"package": 1}, headers=headers, timeout=5).status_code == 200
        adapter = panel.adapter()
        with pytest.raises(InsufficientPanelCredit) as caught:
            adapter.create(order())
        assert caught.value.outcome is Outcome.RETRY_LATER
        panel.control.act("set_balance", amount="1.5")
        assert adapter.create(order(key="b:anna2345:8")).outcome is Outcome.DONE
        assert str(adapter.balance().amount) == "0.5"  # type: ignore[union-attr]

    @pytest.mark.parametrize("errors", ["status", "200"])
    def test_a_package_that_is_not_ours_is_named(self, start: Start, errors: str) -> None:
        adapter = start(errors=errors).adapter()
        account = made(adapter)
        deeds: tuple[Deed, ...] = (
            lambda: adapter.create(order("berta234", package="99")),
            lambda: adapter.create(order("berta234", package="gold")),
            lambda: adapter.extend(
                account.ref, later(60), purchase(account, package="99", allow_restart=True)
            ),
        )
        for deed in deeds:
            with pytest.raises(InvalidOrder) as caught:
                deed()
            assert caught.value.field == "package"

    def test_an_error_of_unknown_words_that_had_no_effect_is_refused(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_reply("create", status=422, body=b'{"error":"Nope, secret text","rid":"x"}')
        with pytest.raises(PanelError) as caught:
            adapter.create(order("berta234"))
        assert caught.value.outcome is Outcome.REFUSED
        assert "secret text" not in str(caught.value)
        panel.control.set_reply("suspend", status=200, body=b'{"error":"Nope"}')
        with pytest.raises(PanelError) as caught:
            adapter.suspend(account.ref, "overdue")
        assert caught.value.outcome is Outcome.REFUSED

    def test_a_refused_credential_or_permission_is_told(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        with pytest.raises(AuthenticationFailed):
            panel.adapter(auth_user=Secret("wrong")).test_connection()
        assert adapter.test_connection().missing_permissions == ()
        panel.control.act("revoke", permission="indexLines")
        assert adapter.test_connection().missing_permissions == ("list of lines",)
        with pytest.raises(PermissionMissing):
            adapter.create(order("berta234"))
        assert isinstance(adapter.get(account.ref), Unknown)
        assert panel.charged() == 1

    def test_a_wrong_host_proves_nothing(self, panel: Panel) -> None:
        adapter = panel.adapter(base_url=panel.server.url + "elsewhere/")
        ref = AccountRef(id=AccountId("1"), username="anna2345")
        assert isinstance(adapter.get(ref), Unknown)
        with pytest.raises(PanelError) as caught:
            adapter.terminate(ref)
        assert caught.value.outcome is not Outcome.REFUSED


class TestNames:
    def test_the_panel_may_hold_several_lines_of_one_name(self, start: Start) -> None:
        panel = start(names="free")
        adapter = panel.adapter()
        made(adapter)
        body = {"package": 1, "username": "anna2345", "password": "other"}
        assert "line_id" in panel.naive("POST", "line/create", json=body)
        assert isinstance(adapter.find(username="anna2345"), Unknown)
        again = adapter.create(order())
        assert again.account is not None
        assert again.account.reference == "b:anna2345:1"  # the one that is provably ours
        body |= {"password": "TrainWindow7", "reseller_notes": "b:anna2345:1"}
        panel.naive("POST", "line/create", json=body)
        with pytest.raises(ContractBroken):  # sold twice: a person must look
            adapter.create(order())

    @pytest.mark.parametrize("names", ["free", "unique"])
    def test_a_strangers_name_is_never_bought(self, start: Start, names: str) -> None:
        panel = start(names=names)
        panel.control.act("create", username="anna2345")
        with pytest.raises(Conflict):
            panel.adapter().create(order())
        assert panel.sent("POST") == []

    @pytest.mark.parametrize("changes", [{"reference": "b:2:1"}, {"credentials": Credentials(
        username="anna2345", password=Secret("OtherWindow7"))}])  # fmt: skip
    def test_a_repeat_takes_only_what_is_provably_ours(self, panel: Panel, changes: dict[str, Any]) -> None:
        adapter = panel.adapter()
        made(adapter)
        with pytest.raises(Conflict):
            adapter.create(order(**changes))
        assert panel.charged() == 1

    @pytest.mark.parametrize("dialect", ["lines", "index"])
    def test_a_filter_that_the_panel_ignores_costs_time_only(self, start: Start, dialect: str) -> None:
        panel = start(list=dialect, filter="ignored", page="2")
        adapter = panel.adapter()
        for name in ("anna2345", "berta234", "clara234", "dora2345", "emma2345"):
            panel.control.act("create", username=name)
        told = panel.naive(
            "GET", {"lines": "lines", "index": "lines/index"}[dialect], params={"username": "zora2345"}
        )
        assert "anna2345" in str(told)
        assert isinstance(adapter.find(username="zora2345"), Absent)
        found = adapter.find(username="emma2345")
        assert isinstance(found, Found)
        assert found.account.username == "emma2345"

    def test_a_line_renamed_by_hand_is_not_told_as_gone(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("rename", username="anna2345", to="berta234")
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        assert found.account.username == "berta234"
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.book("berta234")["state"] == "active"

    def test_a_line_of_another_reference_is_not_touched(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        foreign = replace(account.ref, reference="b:other:1")
        deeds: tuple[Deed, ...] = (
            lambda: adapter.terminate(foreign),
            lambda: adapter.suspend(foreign, "overdue"),
            lambda: adapter.extend(foreign, later(60), purchase(account)),
        )
        for deed in deeds:
            with pytest.raises(Conflict):
                deed()
        assert len(panel.sent("POST")) == 1  # the create

    def test_an_unreadable_id_is_sent_nowhere(self, panel: Panel) -> None:
        adapter = panel.adapter()
        assert isinstance(adapter.get(AccountRef(id=AccountId("../profile"), username="x")), Unknown)
        assert isinstance(adapter.find(username=""), Unknown)
        assert isinstance(adapter.find(reference="b:1:1"), Unknown)
        assert panel.sent() == []


class TestPages:
    def test_every_page_is_read_whatever_pagination_says(self, start: Start) -> None:
        panel = start(list="index", page="2")
        adapter = panel.adapter()
        names = [f"anna234{number}" for number in range(5)]
        for name in names:
            panel.control.act("create", username=name)
        first = panel.naive("GET", "lines/index", params={"page": 1, "per_page": 100})
        assert len(first["data"]["items"]) == 2  # the panel has its own idea of per_page
        assert [account.username for account in adapter.list_accounts()] == names

    def test_a_line_that_goes_while_the_list_is_read_hides_no_other(self, start: Start) -> None:
        panel = start(list="index", page="2")
        adapter = panel.adapter()
        for number in range(5):
            panel.control.act("create", username=f"anna234{number}")
        reading = adapter.list_accounts()
        next(reading)
        panel.control.act("delete", username="anna2340")
        naive = panel.naive("GET", "lines/index", params={"page": 2})["data"]["items"]
        assert "anna2342" not in [line["username"] for line in naive]  # it has moved to page 1
        with pytest.raises(OutcomeUnknown):
            list(reading)

    def test_one_list_is_not_the_other(self, start: Start) -> None:
        panel = start(list="index")
        assert "error" in panel.naive("GET", "lines")
        with pytest.raises(PanelError):
            list(panel.adapter(list_dialect="lines").list_accounts())

    def test_a_list_above_the_limit_names_the_setting(self, panel: Panel) -> None:
        for number in range(4):
            panel.control.act("create", username=f"anna234{number}")
        with pytest.raises(OutcomeUnknown) as caught:
            list(panel.adapter(max_reply_bytes=1024).list_accounts())
        assert "max_reply_bytes" in caught.value.advice


class TestPurchases:
    def test_another_package_may_restart_the_term(self, start: Start) -> None:
        panel = start(change="restarts")
        adapter = panel.adapter()
        account = made(adapter, order(package="12", until=later(365)))
        change = PackageChange(package="2", purchase=purchase(account, package="2"))
        with pytest.raises(InvalidOrder):
            adapter.change_package(account.ref, change)
        assert panel.charged() == 10
        leave = replace(change, purchase=purchase(account, package="2", allow_restart=True))
        changed = adapter.change_package(account.ref, leave).account
        assert changed is not None
        assert changed.package == "2"
        assert changed.expires_at is not None
        assert changed.expires_at < later(31)  # eleven months are gone, with the plan's leave

    def test_an_expired_line_has_no_term_to_lose(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("set_expiry", username="anna2345", expires_at=later(-3).isoformat())
        found = adapter.get(account.ref)
        assert isinstance(found, Found)
        request = purchase(found.account, package="2")
        assert adapter.extend(account.ref, later(30), request).outcome is Outcome.DONE

    def test_an_unlimited_line_becomes_limited_only_with_leave(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("set_expiry", username="anna2345", expires_at=None)
        request = purchase(account, before=None)
        with pytest.raises(InvalidOrder):
            adapter.extend(account.ref, later(30), request)
        assert panel.book("anna2345")["expires_at"] is None
        adapter.extend(account.ref, later(30), replace(request, allow_restart=True))
        assert panel.book("anna2345")["expires_at"] is not None

    def test_what_a_renewal_cannot_give_is_refused_unsent(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        bought = purchase(account, package="2", allow_restart=True)
        for change in (
            PackageChange(package="2"),
            PackageChange(package="1", purchase=bought),
            PackageChange(package="2", options={"bouquets": "1"}, purchase=bought),
            PackageChange(package="2", connections=9, purchase=bought),
        ):
            with pytest.raises(InvalidOrder):
                adapter.change_package(account.ref, change)
        with pytest.raises(InvalidOrder):
            adapter.extend(account.ref, later(30))
        assert panel.charged() == 1
        fitting = PackageChange(package="2", connections=3, purchase=bought)
        assert adapter.change_package(account.ref, fitting).outcome is Outcome.DONE

    def test_bouquets_outside_the_package_are_dropped_silently(self, panel: Panel) -> None:
        body = {"package": 1, "username": "naive234", "bouquets": [1, 3]}
        assert "line_id" in panel.naive("POST", "line/create", json=body)
        assert panel.book("naive234")["bouquets"] == [1]
        adapter = panel.adapter()
        assert adapter.create(order(options={"bouquets": "1, 3"})).differs == ("options",)
        assert adapter.create(order("berta234", options={"bouquets": "1"})).differs == ()
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order("clara234", options={"bouquets": "one"}))
        assert caught.value.field == "options.bouquets"
        with pytest.raises(InvalidOrder):
            adapter.create(order("clara234", options={"colour": "red"}))

    def test_a_device_has_its_mac_in_one_form(self, panel: Panel) -> None:
        adapter = panel.adapter()
        result = adapter.create(order(mac="001a79-000001", connections=2))
        assert result.differs == ()
        assert panel.book("anna2345")["mac"] == "00:1A:79:00:00:01"
        assert panel.book("anna2345")["connections"] == 2
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(order("berta234", mac="zz"))
        assert caught.value.field == "mac"

    def test_lengths_that_are_no_days_have_no_term(self, panel: Panel) -> None:
        terms = {package.id: package.term for package in panel.adapter().list_packages()}
        assert (terms["1"], terms["30"]) == (MONTH, None)


class TestEditing:
    def test_a_plain_reseller_may_not_edit(self, panel: Panel) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        told = panel.naive("POST", f"line/{account.id}/update-advanced", json={"password": "x"})
        assert "error" in told
        assert Verb.RESET_CREDENTIALS not in adapter.capabilities.verbs
        sent = len(panel.sent())
        with pytest.raises(Unsupported):
            adapter.reset_credentials(account.ref, order().credentials)
        assert len(panel.sent()) == sent
        claimed = panel.adapter(may_edit=True)
        new = Credentials(username="anna2345", password=Secret("TrainWindow8"))
        with pytest.raises(PermissionMissing):
            claimed.reset_credentials(account.ref, new)

    def test_a_lost_rename_is_already_when_repeated(self, start: Start) -> None:
        panel = start(permissions="all")
        adapter = panel.adapter()
        account = made(adapter)
        new = Credentials(username="berta234", password=Secret("TrainWindow8"))
        lost(panel, "reset_credentials", lambda: adapter.reset_credentials(account.ref, new))
        assert adapter.reset_credentials(account.ref, new).outcome is Outcome.ALREADY

    def test_a_rename_onto_a_strangers_name_is_refused_unsent(self, start: Start) -> None:
        panel = start(permissions="all", names="free")
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("create", username="berta234")
        with pytest.raises(Conflict):
            adapter.reset_credentials(
                account.ref, Credentials(username="berta234", password=Secret("TrainWindow8"))
            )
        assert len(panel.sent("POST")) == 1
