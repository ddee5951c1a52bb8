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
    Unknown,
    Unsupported,
    Verb,
)
from panelbridge.contract.models import AccountId, PackageChange
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


@pytest.mark.parametrize("why", ["shell", "suspended"])
def test_code_0_with_an_error_as_text_has_changed_the_package(practised: Start, why: str) -> None:
    """With a shell that is missing, and for every suspended user: read, whatever the text says."""
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    if why == "shell":
        panel.practice.control.act("lose_shell")
    else:
        panel.adapter.suspend(REF, "overdue")
    changed = naive(panel, "v-change-user-package", "svc00001", "gold")
    assert (changed.status_code, changed.headers[CODE]) == (200, "0")
    assert changed.text.startswith("Error")  # "not changed", and it is
    assert books(panel)["package"] == "gold"
    assert panel.adapter.change_package(REF, PackageChange(package="default")).outcome is Outcome.DONE
    assert books(panel)["package"] == "default"


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
    assert caught.value.outcome is not Outcome.REFUSED
    assert caught.value.needs_person
    assert isinstance(panel.adapter.get(REF), Unknown)
    assert "svc00001" not in [account.username for account in panel.adapter.list_accounts()]


@pytest.mark.parametrize("stage", ["behind", "files"])
def test_a_user_half_made_by_a_kill_goes_to_a_person_and_is_never_proved_absent(
    practised: Start, stage: str
) -> None:
    """``v-delete-user`` says 3, "no such user", while the system user and the home stay."""
    panel = practised("hestiacp")
    panel.practice.control.act("kill", stage=stage)
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.UNKNOWN  # 137 and nothing else: the script may run on
    listed = naive(panel, "v-list-user", "svc00001", "json")
    assert listed.headers[CODE] == ("3" if stage == "behind" else "0")
    assert not isinstance(panel.adapter.get(REF), (Found, Absent))
    for deed in (lambda: panel.adapter.create(ORDER), lambda: panel.adapter.terminate(REF)):
        try:
            told = repr(deed())
        except PanelError as error:
            told = "attention" if error.needs_person else repr(error)
        assert told == "attention"
    panel.practice.control.act("clear_half", username="svc00001")
    assert isinstance(panel.adapter.get(REF), Absent)
    assert panel.adapter.terminate(REF).outcome is Outcome.ALREADY


def test_codes_of_limits_and_of_an_api_that_is_off_are_refusals(practised: Start) -> None:
    """Without a rule each is unknown: the change is sent again for ever, and a suspend waits behind it."""
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    panel.practice.control.act("fill_disk", username="svc00001")
    limit = naive(panel, "v-change-user-package", "svc00001", "gold")
    assert (limit.status_code, limit.headers[CODE]) == (400, "8")
    with pytest.raises(PanelError) as caught:
        panel.adapter.change_package(REF, PackageChange(package="gold"))
    assert (caught.value.outcome, caught.value.field) == (Outcome.REFUSED, "package")
    panel.practice.control.set_reply(
        "suspend", status=400, content_type="text/html", headers={CODE: "11"}, body=b"Error: API disabled"
    )
    with pytest.raises(PanelError) as caught:
        panel.adapter.suspend(REF, "overdue")
    assert caught.value.outcome is Outcome.REFUSED


def test_an_order_whose_domain_has_no_address_is_refused_and_taken_back(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.practice.control.act("lose_ip")
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.REFUSED
    assert books(panel) is None


def test_a_half_made_order_gets_its_domain_by_the_repeat(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.practice.control.set_fault("cut_before", "create", skip=1)
    with pytest.raises(PanelError):
        panel.adapter.create(ORDER)
    assert books(panel)["domains"] == []
    try:
        outcome = panel.adapter.create(ORDER).outcome
    except PanelError as error:
        outcome = error.outcome
    assert (outcome, books(panel)["domains"]) == (Outcome.DONE, ["maria.example"])
    assert kinds(panel) == ["create", "add_domain"]
    assert panel.adapter.create(ORDER).outcome is Outcome.ALREADY


def test_a_half_made_order_whose_domain_is_refused_goes_to_a_person_and_is_kept(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.practice.control.set_fault("cut_before", "create", skip=1)
    with pytest.raises(PanelError):
        panel.adapter.create(ORDER)
    naive(panel, "v-add-user", "svc00009", "Passw0rd1", "a@b.example")
    naive(panel, "v-add-domain", "svc00009", "maria.example")
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert (caught.value.needs_person, "domain" in caught.value.message) == (True, True)
    assert kinds(panel) == ["create"]


def test_a_package_without_domains_accepts_one_and_adds_none(practised: Start) -> None:
    """204 and code 0: told in ``differs``, for the customer has no site."""
    panel = practised("hestiacp")
    result = panel.adapter.create(replace(ORDER, package="mail"))
    assert (result.outcome, result.differs) == (Outcome.DONE, ("domain",))


def test_a_user_who_edits_his_name_can_still_be_suspended(practised: Start) -> None:
    panel = practised("hestiacp")
    panel.adapter.create(ORDER)
    assert books(panel)["reference"] == "bridge:1:1"
    panel.practice.control.act("edit_reference", username="svc00001", reference="bridge:99:1")
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.DONE


def test_every_text_says_that_it_is_html_and_names_are_checked_first(practised: Start) -> None:
    panel = practised("hestiacp")
    made = naive(panel, "v-add-user", "svc00009", "Passw0rd1", "a@b.example")
    assert (made.status_code, made.headers["Content-Type"]) == (204, "text/html; charset=UTF-8")
    assert naive(panel, "v-add-user", "sudo", "Passw0rd1", "a@b.example").headers[CODE] == "2"
    assert naive(panel, "v-add-user", "svc00008", "", "a@b.example").headers[CODE] == "2"
    assert naive(panel, "v-add-user", "svc00009", "x", "a@b.example", "none").headers[CODE] == "4"
    assert naive(panel, "v-add-user", "svc00008", "x", "a@b.example", "none").headers[CODE] == "3"
    assert "U_WEB_DOMAINS: 0" in naive(panel, "v-list-user", "svc00009").text


def test_a_create_may_take_longer_than_anybody_waits(practised: Start) -> None:
    """The description's time for a create is what the jobs give it; no answer cuts its second step."""
    for name in ("hestiacp", "virtualmin"):
        panel = practised(name)
        seconds = panel.adapter.capabilities.slow_verbs.get(Verb.CREATE, 0.0)
        assert seconds == panel.adapter.spec.limits.create_timeout_s
        assert seconds >= 60


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
