"""HestiaCP's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Extend,
    Found,
    InvalidOrder,
    Outcome,
    PanelError,
    PermissionMissing,
    Secret,
    Unsupported,
)
from panelbridge.models import AccountId, PackageChange
from panelbridge_declarative.cassette import record
from tests.adapters.declarative.conftest import UNTIL, Practised, Start, books, order_of, ref

FACTS = {"domain": "maria.example", "email": "maria@customer.example"}
ORDER = order_of(package="default", until=UNTIL, options=FACTS)
REF = ref()
CODE = "Hestia-Exit-Code"


def naive(panel: Practised, *command: str, **more: str) -> requests.Response:
    """What somebody writes in an afternoon."""
    keys = {name: panel.practice.settings[name] for name in ("access_key", "secret_key")}
    arguments = {f"arg{at}": value for at, value in enumerate(command[1:], 1)}
    fields = {**keys, "returncode": "no", "cmd": command[0], **arguments, **more}
    return requests.post(f"{panel.practice.url}api/", data=fields, timeout=5)


def kinds(panel: Practised, name: str = "svc00001") -> list[str]:
    effects = panel.practice.control.books()["effects"]
    return [effect["kind"] for effect in effects if effect["account"] == name]


def test_a_second_suspend_looks_like_a_wrong_key(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    assert naive(panel, "v-suspend-user", "svc00001").status_code == 204
    again = naive(panel, "v-suspend-user", "svc00001")
    wrong = naive(panel, "v-suspend-user", "svc00001", secret_key="wrong")
    assert (again.status_code, wrong.status_code) == (401, 401)  # "bad credentials", twice
    assert (again.headers[CODE], wrong.headers[CODE]) == ("5", "9")
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY
    with panel.with_settings(secret_key="wrong") as stranger, pytest.raises(AuthenticationFailed):
        stranger.suspend(REF, "overdue")


def test_a_suspend_that_somebody_else_was_faster_with_is_already_so(practised: Start) -> None:
    """Between our read and our write: the second suspend's 401 is no failure."""
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    stale = naive(panel, "v-list-user", "svc00001", "json")
    naive(panel, "v-suspend-user", "svc00001")
    panel.practice.control.set_reply(
        "get", body=stale.content, content_type="application/json", headers={CODE: "0"}, times=1
    )
    result = panel.adapter.suspend(REF, "overdue")
    assert result.outcome is Outcome.DONE
    assert result.account is not None
    assert result.account.state is AccountState.SUSPENDED


def test_returncode_yes_is_always_200(practised: Start) -> None:
    panel = practised("hestiacp")
    missing = naive(panel, "v-delete-user", "nobodyhere", returncode="yes")
    assert (missing.status_code, missing.text) == (200, "3")  # "deleted", says whoever looks at the status
    missing = naive(panel, "v-list-user", "nobodyhere", "json", returncode="yes")
    assert missing.json() == 3  # even as JSON it reads
    found = panel.adapter.get(replace(REF, id=AccountId("nobodyhere"), username="nobodyhere"))
    assert isinstance(found, Absent)


def test_the_same_code_is_about_another_thing_per_command(practised: Start) -> None:
    panel = practised("hestiacp")
    no_package = naive(panel, "v-add-user", "svc00009", "Passw0rd1", "a@b.example", "nosuch")
    no_user = naive(panel, "v-delete-user", "svc00009")
    assert (no_package.status_code, no_user.status_code) == (400, 400)
    assert (no_package.headers[CODE], no_user.headers[CODE]) == ("3", "3")  # "gone, so create it anew"
    with panel.with_settings(packages='{"default": {}, "nosuch": {}}') as adapter:
        adapter.create(ORDER)
        other = replace(ORDER, credentials=replace(ORDER.credentials, username="svc00002"), package="nosuch")
        change = PackageChange(package="nosuch")
        with pytest.raises(InvalidOrder) as caught:
            adapter.create(other)
        assert (caught.value.field, caught.value.outcome) == ("package", Outcome.REFUSED)
        with pytest.raises(InvalidOrder) as caught:
            adapter.change_package(REF, change)
        assert (caught.value.field, caught.value.outcome) == ("package", Outcome.REFUSED)
        assert books(panel)["package"] == "default"
        assert adapter.terminate(REF).outcome is Outcome.DONE
        assert adapter.terminate(REF).outcome is Outcome.ALREADY


def test_a_success_has_no_text_and_needs_none(practised: Start) -> None:
    panel = practised("hestiacp")
    made = naive(panel, "v-add-user", "svc00009", "Passw0rd1", "a@b.example")
    assert (made.status_code, made.content) == (204, b"")
    with pytest.raises(requests.JSONDecodeError):
        made.json()
    assert panel.adapter.create(ORDER).outcome is Outcome.DONE
    assert books(panel)["domains"] == ["maria.example"]


def test_code_0_with_an_error_as_text_is_no_success(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    panel.practice.control.act("lose_shell")
    changed = naive(panel, "v-change-user-package", "svc00001", "gold")
    assert (changed.status_code, changed.headers[CODE]) == (200, "0")  # "changed", and it is not
    assert changed.text.startswith("Error")
    assert books(panel)["package"] == "default"
    with pytest.raises(PanelError) as caught:
        panel.adapter.change_package(REF, PackageChange(package="gold"))
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "shell" in caught.value.message


def test_a_suspended_user_gets_no_new_password(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    panel.adapter.suspend(REF, "overdue")
    refused = naive(panel, "v-change-user-password", "svc00001", "An0therPass")
    assert (refused.status_code, refused.headers[CODE]) == (
        401,
        "5",
    )  # "already so", by suspend's map of codes
    renewed = replace(ORDER.credentials, password=Secret("An0therPass"))
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter.reset_credentials(REF, renewed)
    assert "suspended" in caught.value.message
    assert books(panel)["password"] == "Passw0rd00000001"
    panel.adapter.unsuspend(REF)
    assert panel.adapter.reset_credentials(REF, renewed).outcome is Outcome.DONE
    assert books(panel)["password"] == "An0therPass"


def test_a_user_made_half_reads_as_taken_and_is_not_there(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.practice.control.act("half_make", username="svc00001")
    taken = naive(panel, "v-add-user", "svc00001", "Passw0rd1", "a@b.example")
    assert taken.headers[CODE] == "4"  # "it exists, so it was our first try": a customer without an account
    assert books(panel) is None
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert "knows no such account" in caught.value.message
    assert "svc00001" not in [account.username for account in panel.adapter.list_accounts()]


def test_a_taken_domain_takes_the_user_back(practised: Start) -> None:
    """The user is made before the domain is refused; left behind, the next try would read it as taken."""
    panel = practised("hestiacp")
    naive(panel, "v-add-user", "svc00009", "Passw0rd1", "a@b.example")
    naive(panel, "v-add-domain", "svc00009", "maria.example")
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter.create(ORDER)
    assert (caught.value.field, caught.value.outcome) == ("domain", Outcome.REFUSED)
    assert books(panel) is None
    assert kinds(panel) == ["create", "terminate"]
    free = replace(ORDER, options={**ORDER.options, "domain": "maria2.example"})
    assert panel.adapter.create(free).outcome is Outcome.DONE


def test_a_lost_answer_for_the_domain_leaves_the_user_and_is_unknown(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.practice.control.set_fault("cut_before", "create", skip=1)
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert kinds(panel) == ["create"]  # nothing is taken back on a guess


def test_the_key_that_resets_passwords_stands_in_no_log_and_no_cassette(
    practised: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    rkey = books(panel)["rkey"]
    seen = naive(panel, "v-list-user", "svc00001", "json").json()
    assert seen["svc00001"]["RKEY"] == rkey  # whoever logs the reply hands out the account
    found = panel.adapter.get(REF)
    assert isinstance(found, Found)
    told = repr(found) + "".join(str(entry.__dict__) for entry in caplog.records)
    assert "api/" in told
    assert rkey not in told
    tape = json.dumps(record(panel.practice.settings, "default", dict(ORDER.options, domain="other.example")))
    assert '\\"RKEY\\": \\"***\\"' in tape


def test_another_address_and_another_key_are_both_told_as_not_allowed(practised: Start) -> None:
    elsewhere = practised("hestiacp", **{"from": "elsewhere"})
    refused = naive(elsewhere, "v-list-users", "json")
    assert (refused.status_code, refused.headers[CODE]) == (401, "10")  # "wrong key", and it is our address
    with pytest.raises(PermissionMissing) as caught:
        elsewhere.adapter.test_connection()
    assert "address" in caught.value.message


def test_a_billing_key_lists_no_packages_so_the_operator_names_them(practised: Start) -> None:
    panel = practised("hestiacp", key="billing")
    assert naive(panel, "v-list-user-packages", "json").headers[CODE] == "10"
    assert panel.adapter.test_connection().identity
    with pytest.raises(PermissionMissing) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.REFUSED
    assert books(panel) is None
    with panel.with_settings(packages='{"default": {}, "gold": {}}') as adapter:
        assert adapter.create(ORDER).outcome is Outcome.DONE
        adapter.change_package(REF, PackageChange(package="gold"))
    assert books(panel)["package"] == "gold"


def test_rows_are_keyed_by_the_users_name_and_their_keys_in_capitals(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    panel.adapter.suspend(REF, "overdue")
    row = naive(panel, "v-list-user", "svc00001", "json").json()
    assert "username" not in row["svc00001"]
    assert row["svc00001"].get("suspended", "no") == "no"  # lower case: nobody is ever suspended
    listed = {account.username: account for account in panel.adapter.list_accounts()}
    assert listed.keys() == {"admin", "svc00001"}
    assert (listed["svc00001"].state, listed["svc00001"].package) == (AccountState.SUSPENDED, "default")


def test_there_is_no_expiry(practised: Start) -> None:
    panel = practised("hestiacp")
    result = panel.adapter.create(ORDER)
    assert panel.adapter.capabilities.extend is Extend.NONE
    assert result.account is not None
    assert (result.account.expires_at, result.differs) == (None, ())
    with pytest.raises(Unsupported):
        panel.adapter.extend(REF, ORDER.until)
