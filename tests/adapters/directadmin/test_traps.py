"""Traps of DirectAdmin's legacy API (met by public clients): each fools a naive caller, and not ours."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    CapacityExhausted,
    Conflict,
    ContractBroken,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PanelRefused,
    Secret,
    Unknown,
)
from panelbridge.testing.practice import Fault


def refusal_of(panel: Any, name: str, secret: str) -> PanelRefused:
    with pytest.raises(PanelRefused) as caught:
        panel.adapter(password_min=5, verify_passwords=False)._client.set_password(name, Secret(secret))
    return caught.value


class TestReplies:
    def test_a_login_that_fails_is_a_200_with_a_page(self, panel: Any, order: Any) -> None:
        naive = panel.naive("CMD_API_SHOW_USERS", key="wrong")
        assert naive.ok
        assert parse_qs(naive.text).get("list[]", []) == []  # "this reseller has no users"
        adapter = panel.adapter(key="wrong")
        with pytest.raises(AuthenticationFailed):
            list(adapter.list_accounts())
        with pytest.raises(AuthenticationFailed):
            adapter.create(order())
        assert isinstance(adapter.find(username="maria"), Unknown)

    def test_a_page_in_answer_to_a_write_is_unknown(self, panel: Any, made: Any) -> None:
        """No error key is no error to the naive caller."""
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("revoke", permission="CMD_API_USER_PASSWD")
        naive = panel.naive("CMD_API_USER_PASSWD", username=account.username, passwd="x", passwd2="x")
        assert naive.ok
        assert parse_qs(naive.text).get("error", ["0"]) == ["0"]
        with pytest.raises(ContractBroken) as caught:
            adapter.reset_credentials(
                account.ref, Credentials(username=account.username, password=Secret("geheim-2345"))
            )
        assert caught.value.outcome is Outcome.UNKNOWN

    def test_an_entity_without_its_semicolon_tears_a_plain_split(self, panel: Any) -> None:
        naive = panel.naive("CMD_API_SHOW_USER_CONFIG", user="nobody").text
        assert "&#39nobody&#39" in naive
        torn = parse_qs(naive)
        assert torn["details"] == ["The user "]
        assert isinstance(panel.adapter().find(username="nobody"), Unknown | Absent)
        with pytest.raises(PanelRefused, match="The user 'nobody' doesn't exist"):
            panel.adapter()._client.user_config("nobody")

    def test_decoding_every_entity_there_is_would_eat_fields(self, panel: Any, made: Any) -> None:
        """``&quota=`` begins like a quotation mark without its semicolon."""
        adapter = panel.adapter()
        account = made(adapter)
        naive = html.unescape(panel.naive("CMD_API_SHOW_USER_USAGE", user=account.username).text)
        assert "quota" not in parse_qs(naive)
        (used,) = adapter.usages()
        assert (used.id, used.disk_bytes) == (account.id, int(14.5 * (1 << 20)))

    def test_a_text_cannot_bring_a_mark_of_its_own(self, panel: Any, made: Any) -> None:
        """Decoded first, an echoed ``&#38error=0`` is a field: which of the two is believed? Neither."""
        account = made(panel.adapter())
        naive = panel.naive("CMD_API_USER_PASSWD", username=account.username, passwd="&error=0", passwd2="no")
        assert "error=1" in naive.text
        forced = panel.naive(
            "CMD_API_SHOW_USER_CONFIG", user="x&error=0&username=x&suspended=no&domain=x&package=x"
        ).text
        assert parse_qs(html.unescape(forced))["error"][-1] == "0"
        with pytest.raises(ContractBroken, match="repeats"):
            panel.adapter()._client.user_config("x&error=0")

    def test_a_secret_in_a_refusal_is_starred(self, panel: Any, made: Any) -> None:
        account = made(panel.adapter())
        naive = panel.naive("CMD_API_USER_PASSWD", username=account.username, passwd="pw'1", passwd2="pw'1")
        assert "pw&#391" in naive.text
        told = refusal_of(panel, account.username, "pw'1")
        assert "pw" not in told.message.removeprefix("the panel refuses: Invalid Password")
        assert "***" in told.message


class TestCreate:
    def test_a_domain_that_exists_is_never_a_success(self, panel: Any, order: Any) -> None:
        """A public client takes it for its own earlier try, and hides another customer's account."""
        request = order()
        request = replace(request, options={**request.options, "domain": "strange.example"})
        with pytest.raises(PanelRefused, match="domain already exists") as caught:
            panel.adapter().create(request)
        assert caught.value.outcome is Outcome.REFUSED
        assert panel.account(request.credentials.username) is None
        assert panel.account("strange1")["email"] == "owner@strange.example"

    def test_an_address_is_needed_and_a_shared_one_is_chosen(self, panel: Any, order: Any) -> None:
        request = order()
        naive = panel.naive(
            "CMD_API_ACCOUNT_USER",
            action="create",
            add="Submit",
            username=request.credentials.username,
            passwd="geheim-2345",
            passwd2="geheim-2345",
            domain=request.options["domain"],
            email=request.options["email"],
            package="basic",
        )
        assert naive.text.startswith("error=1")
        panel.adapter().create(request)
        assert panel.account(request.credentials.username)["ip"] == "192.0.2.7"

    def test_an_address_of_the_settings_wins(self, panel: Any, order: Any) -> None:
        request = order()
        panel.adapter(ip="192.0.2.6").create(request)
        assert panel.account(request.credentials.username)["ip"] == "192.0.2.6"

    def test_without_a_shared_address_nothing_is_sent(self, panel: Any, order: Any) -> None:
        with panel.practice.books.writing() as db:
            db.execute("UPDATE addresses SET status = 'owned'")
        with pytest.raises(CapacityExhausted):
            panel.adapter().create(order())
        assert "create" not in panel.operations()

    @pytest.mark.parametrize("name", ["abc", "9lives", "Maria", "ma_ria", "m" * 11])
    def test_a_name_the_server_does_not_take_is_refused_unsent(
        self, panel: Any, order: Any, name: str
    ) -> None:
        request = order()
        request = replace(request, credentials=replace(request.credentials, username=name))
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(request)
        assert caught.value.field == "username"
        assert panel.operations() == []

    def test_a_package_of_another_reseller_is_refused_unsent(self, panel: Any, order: Any) -> None:
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter().create(order(package="gold"))
        assert caught.value.field == "package"
        assert "create" not in panel.operations()

    def test_a_lost_create_is_found_by_its_repeat(self, panel: Any, order: Any) -> None:
        request, adapter = order(), panel.adapter()
        panel.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        with pytest.raises(OutcomeUnknown):
            adapter.create(request)
        assert adapter.create(request).outcome is Outcome.ALREADY
        assert panel.operations().count("create") == 1

    def test_the_password_proves_whose_the_account_is(self, panel: Any, order: Any) -> None:
        """Name, domain and address match, and the door does not open: a person looks."""
        request = order()
        panel.control.act("create", username=request.credentials.username, **request.options)
        with pytest.raises(Conflict) as caught:
            panel.adapter().create(request)
        assert caught.value.outcome is Outcome.UNKNOWN
        blind = panel.adapter(verify_passwords=False)
        assert blind.create(request).outcome is Outcome.ALREADY


class TestSuspension:
    def test_both_directions_twice_are_errors_there_and_none_here(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        suspend = {"select0": account.username, "suspend": "Suspend"}
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
        assert panel.naive("CMD_API_SELECT_USERS", **suspend).text.startswith("error=1")
        assert adapter.suspend(account.ref, "overdue").outcome is Outcome.ALREADY
        assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
        again = panel.naive("CMD_API_SELECT_USERS", **{**suspend, "suspend": "Unsuspend"})
        assert again.text.startswith("error=1")
        assert adapter.unsuspend(account.ref).outcome is Outcome.ALREADY

    def test_a_hostile_reason_changes_no_field_of_the_account(self, panel: Any, made: Any) -> None:
        """It comes back in the record, encoded; decoded first it could say that nobody is suspended."""
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "late &#38suspended=no&usertype=admin")
        assert panel.account(account.username)["reason"] == "late &#38suspended=no&usertype=admin"
        assert adapter.get(account.ref).account.state is AccountState.SUSPENDED


class TestTerminate:
    def test_an_error_although_the_user_is_gone_is_done(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(delete_reports="error")
        adapter = panel.adapter()
        naive, ours = made(adapter), made(adapter)
        fields = {"confirmed": "Confirm", "delete": "yes", "select0": naive.username}
        assert panel.naive("CMD_API_SELECT_USERS", **fields).text.startswith("error=1")
        assert panel.account(naive.username) is None
        assert adapter.terminate(ours.ref).outcome is Outcome.DONE
        assert adapter.terminate(ours.ref).outcome is Outcome.ALREADY

    def test_the_last_user_of_all_leaves_an_empty_list(self, panel: Any, made: Any) -> None:
        """An empty body may be an outage: it counts beside a refusal to show, while our login works."""
        adapter = panel.adapter()
        account = made(adapter)
        adapter.terminate(account.ref)
        assert panel.naive("CMD_API_SHOW_USERS").text == ""
        assert isinstance(adapter.get(account.ref), Absent)
        panel.control.set_fault(Fault.HTML_502, "test_connection", times=None)
        assert isinstance(adapter.get(account.ref), Unknown)
        with pytest.raises(ContractBroken):
            list(adapter.list_accounts())

    def test_a_name_given_out_anew_is_not_deleted(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("delete", username=account.username)
        panel.control.act("create", username=account.username, domain="somebody-else.example")
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.account(account.username)["domain"] == "somebody-else.example"

    def test_a_reseller_of_that_name_is_no_account_of_ours(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        panel.control.act("edit", username=account.username, columns={"usertype": "reseller"})
        with pytest.raises(Conflict):
            adapter.terminate(account.ref)
        assert panel.account(account.username) is not None


class TestPasswords:
    WANTED = Secret("geheim-234567")

    def test_a_success_that_set_nothing_is_found_out(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        wanted = Credentials(username=account.username, password=self.WANTED)
        panel.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "reset_credentials")
        with pytest.raises(ContractBroken, match="does not let its owner in"):
            adapter.reset_credentials(account.ref, wanted)
        assert adapter.reset_credentials(account.ref, wanted).outcome is Outcome.DONE

    def test_a_suspended_user_is_let_in_nowhere_and_gets_his_password(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        adapter.suspend(account.ref, "overdue")
        wanted = Credentials(username=account.username, password=self.WANTED)
        assert adapter.reset_credentials(account.ref, wanted).outcome is Outcome.DONE
        assert panel.account(account.username)["password"] == self.WANTED.get_secret_value()


def test_what_a_key_may_not_read_is_named(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    assert adapter.test_connection().missing_permissions == ()
    panel.control.act("revoke", permission="CMD_API_PACKAGES_USER")
    assert adapter.test_connection().missing_permissions == ("CMD_API_PACKAGES_USER",)


def test_an_admin_may_act_as_a_reseller(panel_with: Any, made: Any) -> None:
    panel = panel_with(login="admin|hostbridge")
    adapter = panel.adapter()
    account = made(adapter)
    assert isinstance(adapter.get(account.ref), Found)
    assert f"|{account.username}" not in adapter.sign_on(account.ref).url.get_secret_value()


class TestSignOn:
    def test_a_customer_gets_a_login_of_his_own(self, panel: Any, made: Any) -> None:
        adapter = panel.adapter()
        account = made(adapter)
        signed = adapter.sign_on(account.ref)
        with panel.practice.books.reading() as db:
            (row,) = db.execute("SELECT * FROM logins").fetchall()
        assert row["username"] == account.username
        assert signed.url.get_secret_value().endswith(f"/CMD_LOGIN_URL?hash={row['hash']}")
        assert row["hash"] not in repr(signed)

    def test_an_address_on_another_host_is_not_handed_on(self, panel_with: Any, made: Any) -> None:
        panel = panel_with(login_host="elsewhere.example")
        adapter = panel.adapter()
        with pytest.raises(PanelError, match="another host"):
            adapter.sign_on(made(adapter).ref)


def test_unlimited_is_none_and_not_a_number(panel: Any, made: Any) -> None:
    adapter = panel.adapter()
    account = made(adapter)
    adapter.change_package(account.ref, PackageChange(package="family"))
    (used,) = adapter.usages()
    assert (used.traffic_bytes, used.traffic_limit_bytes) == (120 << 20, None)
