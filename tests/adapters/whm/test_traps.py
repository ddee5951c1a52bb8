"""Traps of WHM API 1 (documented, or met by public clients): each fools a naive caller, and not ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from panelbridge import (
    Absent,
    AccountRef,
    AccountState,
    AuthenticationFailed,
    Conflict,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PanelRefused,
    PermissionMissing,
    Secret,
    Unknown,
)
from panelbridge.testing.practice import Fault

STRANGE = AccountRef(id="strange1", username="strange1")  # type: ignore[arg-type]


def test_a_failure_is_a_200(panel: Any, order: Any) -> None:
    """The naive caller believes the status."""
    request = order()
    weak = Credentials(username=request.credentials.username, password=Secret("aaaaaaaaaa"))
    naive = panel.naive(
        "createacct",
        username=weak.username,
        password="aaaaaaaaaa",
        plan="hostbridge_basic",
        domain=request.options["domain"],
        contactemail=request.options["email"],
    )
    assert naive.ok
    assert panel.account(weak.username) is None
    with pytest.raises(PanelRefused) as caught:
        panel.adapter().create(replace(request, credentials=weak))
    assert caught.value.outcome is Outcome.REFUSED


def test_the_reason_is_told_without_its_prefixes_markup_and_the_password(panel: Any, made: Any) -> None:
    account = made(panel.adapter())
    naive = panel.naive("passwd", user=account.username, password="aaaaaaaaab").json()["metadata"]["reason"]
    assert naive.startswith("API failure: (XID ")
    assert "<b>aaaaaaaaab</b>" in naive
    with pytest.raises(PanelRefused) as caught:
        panel.adapter().reset_credentials(
            account.ref, Credentials(username=account.username, password=Secret("aaaaaaaaab"))
        )
    assert caught.value.message == (
        "passwd: The password *** is too weak: its strength is below the minimum."
    )


def test_refused_access_has_a_shape_of_its_own(panel: Any) -> None:
    naive = panel.naive("listaccts", token="wrong").json()
    assert "metadata" not in naive  # a caller that looks for result 0 there finds nothing wrong
    adapter = panel.adapter(token="wrong")
    with pytest.raises(AuthenticationFailed):
        list(adapter.list_accounts())
    assert isinstance(adapter.find(username="anybody"), Unknown)


def test_refused_access_in_the_form_of_a_200(panel_with: Any) -> None:
    panel = panel_with(denied_status="200")
    assert panel.naive("listaccts", token="wrong").ok
    with pytest.raises(AuthenticationFailed):
        list(panel.adapter(token="wrong").list_accounts())


def test_refused_access_that_is_no_json_is_unknown(panel_with: Any, made: Any) -> None:
    """Once seen in the field. Nothing is concluded from it, least of all that an account is gone."""
    panel = panel_with(denied="broken")
    adapter = panel.adapter()
    account = made(adapter)
    panel.control.act("revoke", permission="removeacct")
    with pytest.raises(ValueError):
        panel.naive("removeacct", username=account.username).json()
    with pytest.raises(PanelError) as caught:
        adapter.terminate(account.ref)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert isinstance(panel.adapter(token="wrong").get(account.ref), Unknown)


def test_without_the_version_the_old_api_answers_in_another_envelope(panel: Any, made: Any) -> None:
    account = made(panel.adapter())
    naive = panel.naive("accountsummary", version="", user=account.username).json()
    assert "metadata" not in naive
    assert naive["status"] == 1
    assert panel.naive("suspendacct", version="", user="nobody").json()["result"][0]["status"] == 0
    assert isinstance(panel.adapter().get(account.ref), Found)


def test_a_page_is_never_a_success(panel_with: Any, order: Any) -> None:
    panel = panel_with(login_page="on")
    assert panel.naive("createacct", username="maria").ok
    adapter = panel.adapter()
    with pytest.raises(PanelError) as caught:
        adapter.create(order())
    assert caught.value.outcome is Outcome.RETRY_LATER  # it was the read before the write
    assert isinstance(adapter.find(username="maria"), Unknown)
    with pytest.raises(PanelError):
        adapter.test_connection()


class TestSlowCreate:
    def test_a_create_that_outlives_its_caller_is_found_by_looking(self, panel: Any, order: Any) -> None:
        """Hooks take minutes: the naive caller times out, tries again, and is refused its own account."""
        request = order()
        panel.control.set_fault(Fault.COMMIT_AFTER_HANGUP, "create", seconds=0.1)
        result = panel.adapter(create_timeout=0.3, create_poll=2.0).create(request)
        assert result.outcome is Outcome.DONE
        assert panel.operations().count("create") == 1
        naive = panel.naive(
            "createacct",
            username=request.credentials.username,
            password="another-pass-1",
            domain="other.example",
            plan="hostbridge_basic",
        )
        assert naive.json()["metadata"]["result"] == 0

    def test_one_that_does_not_turn_up_in_time_is_unknown_and_the_repeat_finds_it(
        self, panel: Any, order: Any
    ) -> None:
        request, adapter = order(), panel.adapter(create_timeout=0.2, create_poll=0.1)
        panel.control.set_fault(Fault.COMMIT_AFTER_HANGUP, "create")
        with pytest.raises(OutcomeUnknown):
            adapter.create(request)
        panel.control.release()
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert panel.operations().count("create") == 1

    def test_a_gateway_that_gave_up_is_looked_behind(self, panel: Any, order: Any) -> None:
        panel.control.set_fault(Fault.HTML_502, "create")
        assert panel.adapter().create(order()).outcome is Outcome.DONE

    def test_the_looks_keep_to_the_time_there_is(self, panel: Any, order: Any) -> None:
        panel.control.set_fault(Fault.CUT_BEFORE, "create")
        with pytest.raises(OutcomeUnknown):
            panel.adapter(create_poll=0.1).create(order())


class TestNames:
    @pytest.mark.parametrize("name", ["9lives", "testuser", "Maria", "ma-ria", "m" * 17, "mä"])
    def test_a_name_the_server_would_change_or_refuse_is_refused_unsent(
        self, panel: Any, order: Any, name: str
    ) -> None:
        """The naive caller asks for Maria and gets maria."""
        request = order()
        request = replace(request, credentials=replace(request.credentials, username=name))
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(request)
        assert caught.value.field == "username"
        assert panel.operations() == []

    def test_the_server_lower_cases_a_name(self, panel: Any, order: Any) -> None:
        fields = {"password": "long-enough-1", "domain": "x.example", "plan": "hostbridge_basic"}
        assert panel.naive("createacct", username="Maria", **fields).json()["metadata"]["result"] == 1
        assert panel.account("Maria") is None
        assert panel.account("maria") is not None

    def test_the_first_eight_characters_are_unique(self, panel: Any, order: Any) -> None:
        first, second = order(), order()
        first = replace(first, credentials=replace(first.credentials, username="sameones1"))
        second = replace(second, credentials=replace(second.credentials, username="sameones2"))
        assert panel.adapter().create(first).outcome is Outcome.DONE
        with pytest.raises(PanelRefused) as caught:
            panel.adapter().create(second)
        assert caught.value.outcome is Outcome.REFUSED

    def test_many_servers_allow_eight_only(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(username_max="8")
        with pytest.raises(InvalidOrder, match="3 to 8 characters"):
            panel.adapter().create(order())


def test_a_resellers_package_carries_his_name(panel: Any, order: Any, made: Any) -> None:
    """The naive caller asks for basic, which is not there."""
    account = made(panel.adapter())
    naive = panel.naive("changepackage", user=account.username, pkg="family")
    assert naive.json()["metadata"]["result"] == 0
    result = panel.adapter().create(order(package="basic"))
    assert (result.account.package, result.differs) == ("hostbridge_basic", ())
    changed = panel.adapter().change_package(account.ref, PackageChange(package="family"))
    assert changed.account.package == "hostbridge_family"


def test_a_package_of_another_reseller_is_refused_unsent(panel: Any, order: Any) -> None:
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter().create(order(package="neighbour_gold"))
    assert caught.value.field == "package"
    assert "create" not in panel.operations()


class TestSuspension:
    @pytest.mark.parametrize("second", ["ok", "error"])
    def test_twice_is_once_whatever_the_server_makes_of_it(
        self, panel_with: Any, made: Any, second: str
    ) -> None:
        panel = panel_with(second_suspend=second)
        adapter = panel.adapter()
        account = made(adapter)
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        assert adapter.suspend(account.ref, "other").outcome is Outcome.ALREADY
        assert panel.account(account.username)["reason"] == "overdue"
        assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
        assert adapter.unsuspend(account.ref).outcome is Outcome.ALREADY

    def test_the_default_reason_is_the_word_unknown_and_ours_is_told(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        first, second = made(adapter), made(adapter)
        panel.naive("suspendacct", user=first.username)
        assert panel.account(first.username)["reason"] == "Unknown"
        adapter.suspend(second.ref, "overdue since Monday")
        assert panel.account(second.username)["reason"] == "overdue since Monday"

    def test_a_suspension_that_forbids_its_end_would_lock_us_out(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        first, second = made(adapter), made(adapter)
        panel.naive("suspendacct", user=first.username, disallowun="1")
        with pytest.raises(PermissionMissing):
            adapter.unsuspend(first.ref)
        assert adapter.get(first.ref).account.state is AccountState.BANNED
        assert "unsuspend" not in panel.operations()
        adapter.suspend(second.ref, "overdue")
        assert adapter.unsuspend(second.ref).outcome is Outcome.DONE

    def test_a_lost_suspend_that_got_through_is_settled_by_its_repeat(
        self, panel_with: Any, made: Any
    ) -> None:
        panel = panel_with(second_suspend="error")
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "suspend")
        with pytest.raises(OutcomeUnknown):
            adapter.suspend(account.ref, "overdue")
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.ALREADY


class TestOwnership:
    def test_root_sees_everybody_and_touches_only_ours(self, panel_with: Any, order: Any) -> None:
        panel = panel_with(user="root")
        listed = panel.naive("listaccts").json()["data"]["acct"]
        assert [row["user"] for row in listed] == ["strange1"]
        adapter = panel.adapter(owner="hostbridge")
        made = adapter.create(order()).account
        assert [account.id for account in adapter.list_accounts()] == [made.id]
        assert panel.account(made.username)["owner"] == "hostbridge"
        for verb in (
            lambda: adapter.terminate(STRANGE),
            lambda: adapter.suspend(STRANGE, "overdue"),
            lambda: adapter.sign_on(STRANGE),
        ):
            with pytest.raises(Conflict):
                verb()
        assert isinstance(adapter.find(username="strange1"), Unknown)
        assert panel.account("strange1")["state"] == "active"

    def test_a_name_given_out_anew_for_another_domain_is_not_removed(self, panel: Any, made: Any) -> None:
        """removeacct asks for a name only and cannot be undone."""
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username)
        panel.control.act("create", username=account.username, domain="somebody-else.example")
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.account(account.username)["domain"] == "somebody-else.example"
        naive = panel.naive("removeacct", username=account.username)
        assert naive.json()["metadata"]["result"] == 1
        assert panel.account(account.username) is None

    def test_a_domain_that_somebody_has_is_refused_and_his_account_unharmed(
        self, panel: Any, order: Any
    ) -> None:
        request = order()
        request = replace(request, options={**request.options, "domain": "strange.example"})
        with pytest.raises(PanelRefused) as caught:
            panel.adapter().create(request)
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.account(request.credentials.username) is None

    def test_an_account_with_our_domain_and_another_contact_is_for_a_person(
        self, panel: Any, order: Any
    ) -> None:
        request, adapter = order(), panel.adapter()
        adapter.create(request)
        panel.control.act("edit", username=request.credentials.username, columns={"email": "new@c.example"})
        with pytest.raises(Conflict) as caught:
            adapter.create(request)
        assert caught.value.outcome is Outcome.UNKNOWN


def test_absence_is_proved_by_the_list_and_not_by_a_refusal(panel: Any, made: Any) -> None:
    """accountsummary refuses a name that is absent as it does one that is not ours."""
    adapter = panel.adapter()
    account = made(adapter)
    panel.control.act("delete", username=account.username)
    assert isinstance(adapter.get(account.ref), Absent)
    panel.control.act("revoke", permission="listaccts")
    assert isinstance(adapter.get(account.ref), Unknown)
    with pytest.raises(PanelError) as caught:
        adapter.terminate(account.ref)
    assert caught.value.outcome is not Outcome.DONE


def test_the_permissions_a_token_lacks_are_named_one_by_one(panel: Any) -> None:
    for permission in ("removeacct", "passwd"):
        panel.control.act("revoke", permission=permission)
    connection = panel.adapter().test_connection()
    assert connection.missing_permissions == ("passwd", "removeacct")
    assert connection.version == "11.136.0.4"
    assert abs(connection.clock_skew) < 60


def test_slots_are_told_and_are_no_money(panel_with: Any, made: Any) -> None:
    panel = panel_with(capacity="1")
    adapter = panel.adapter()
    made(adapter)
    assert adapter.test_connection().warnings == ("account slots: 1 active, 0 suspended, limit 1",)
    assert adapter.balance() is None
    with pytest.raises(PanelRefused, match="number of accounts"):
        made(adapter)


class TestSignOn:
    def test_a_customer_and_an_admin(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        for signed, user in ((adapter.sign_on(account.ref), account.username),
                             (adapter.admin_sign_on(), "hostbridge")):  # fmt: skip
            assert f"session={user}:" in signed.url.get_secret_value()
            assert signed.url.get_secret_value() not in repr(signed)
            assert signed.expires_at is not None

    def test_an_address_on_another_host_is_not_handed_on(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(session_host="elsewhere.example")
        adapter = panel.adapter()
        with pytest.raises(PanelError, match="another host"):
            adapter.sign_on(made(adapter).ref)


def test_usage_is_in_mebibytes_and_unlimited_is_none(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    limited, free = made(adapter), made(adapter, package="default")
    used = {usage.id: usage for usage in adapter.usages()}
    assert (used[limited.id].disk_bytes, used[limited.id].disk_limit_bytes) == (14 << 20, 1000 << 20)
    assert used[free.id].disk_limit_bytes is None
    panel.control.act("edit", username=free.username, columns={"diskused": "a lot"})
    assert [usage.id for usage in adapter.usages()] == [limited.id]  # never 0, and no other's trouble
