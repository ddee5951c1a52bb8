"""Virtualmin's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Conflict,
    Extend,
    Found,
    InvalidOrder,
    Outcome,
    PanelError,
    PermissionMissing,
    Secret,
    Unsupported,
)
from panelbridge.contract.models import AccountId, PackageChange
from panelbridge_declarative.cassette import record
from panelbridge_declarative.description.load import find
from tests.adapters.declarative.conftest import (
    UNTIL,
    Panel,
    Practised,
    Start,
    answer,
    books,
    order_of,
    ref,
)

FACTS = {"domain": "Maria.example", "email": "maria@customer.example"}
ORDER = order_of(package="0", until=UNTIL, options=FACTS)
REF = replace(ref(), id=AccountId("maria.example"))
PROGRAM = "panel-webmin/1"


def naive(
    panel: Practised, program: str, agent: str = PROGRAM, password: str = "", **fields: str
) -> requests.Response:
    """What somebody writes in an afternoon, once he knows of the User-Agent and of ``multiline``."""
    settings = panel.practice.settings
    return requests.post(
        f"{panel.practice.url}virtual-server/remote.cgi",
        data={
            "program": program,
            "json": "1",
            "multiline": "",
            **{key.replace("_", "-"): one for key, one in fields.items()},
        },
        auth=(settings["user"], password or settings["password"]),
        headers={"User-Agent": agent},
        timeout=5,
    )


def test_without_the_word_webmin_the_right_password_gets_a_login_page_and_200(practised: Start) -> None:
    panel = practised("virtualmin")
    page = naive(panel, "delete-domain", agent="python-requests/2.34", domain="maria.example")
    assert page.status_code == 200  # "deleted", says whoever looks at the status
    assert page.headers["Content-Type"].startswith("text/html")
    assert naive(panel, "list-plans", agent="My-WEBMIN-client").json()["status"] == "success"
    assert panel.adapter.test_connection().identity
    assert naive(panel, "list-plans", password="wrong").status_code == 401
    with panel.with_settings(password="wrong") as stranger, pytest.raises(AuthenticationFailed):
        stranger.create(ORDER)


def test_a_login_page_is_never_an_answer(panel: Panel) -> None:
    """A panel whose list of programs is another one: told by the test, and a write is not taken for done."""
    page = answer(b"<!DOCTYPE html><html><title>Login to Webmin</title></html>", kind="text/html")
    text = find("virtualmin").read_text()
    adapter, session = panel(text, page, user="root", password="s3cret-k3y")
    with pytest.raises(AuthenticationFailed) as caught:
        adapter.test_connection()
    assert "login page" in caught.value.message
    assert not isinstance(adapter.get(REF), (Found, Absent))
    with pytest.raises(PanelError):
        adapter.terminate(REF)
    sent = [dict(one["form"])["program"] for one in session.sent]
    assert sent == ["list-plans", "list-domains", "list-domains"]  # and the delete was never sent


def test_failures_are_200_and_the_first_line_of_the_error_is_a_warning(practised: Start) -> None:
    panel = practised("virtualmin")
    failed = naive(panel, "delete-domain", domain="nobody.example")
    assert (failed.status_code, failed.json()["status"]) == (200, "failure")
    assert "does not exist" not in failed.json()["error"]  # "some other failure": it is retried for ever
    assert "does not exist" in failed.json()["full_error"]
    panel.adapter.create(ORDER)
    assert panel.adapter.terminate(REF).outcome is Outcome.DONE
    assert panel.adapter.terminate(REF).outcome is Outcome.ALREADY
    assert isinstance(panel.adapter.get(REF), Absent)


def test_warnings_come_as_rows(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    rows = naive(panel, "list-domains").json()["data"]
    assert [row["name"] for row in rows] == ["perl: warning: Setting locale failed.", "maria.example"]
    assert rows[0]["values"] == {}  # "a domain nobody ordered"; and of one domain, the first row is not it
    assert [account.id for account in panel.adapter.list_accounts()] == ["maria.example"]
    assert [package.id for package in panel.adapter.list_packages()] == ["0", "1700000001"]
    found = panel.adapter.get(REF)
    assert isinstance(found, Found)
    assert (found.account.username, found.account.package) == ("svc00001", "0")


def test_an_unknown_plan_is_accepted_and_changes_nothing(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    changed = naive(panel, "modify-domain", domain="maria.example", apply_plan="Platinum")
    assert changed.json()["status"] == "success"  # "changed", and it is not
    assert books(panel)["package"] == "0"
    with pytest.raises(InvalidOrder):
        panel.adapter.change_package(REF, PackageChange(package="Platinum"))
    with panel.with_settings(packages='{"1700000002": {}}') as adapter, pytest.raises(PanelError) as caught:
        adapter.change_package(REF, PackageChange(package="1700000002"))  # a plan deleted at the panel since
    assert caught.value.outcome is Outcome.UNKNOWN
    assert books(panel)["package"] == "0"
    assert panel.adapter.change_package(REF, PackageChange(package="1700000001")).outcome is Outcome.DONE
    assert books(panel)["package"] == "1700000001"


def test_a_second_disable_or_enable_is_a_failure_and_no_failure_of_ours(panel: Panel) -> None:
    """Somebody else was faster between our read and our write."""
    text = find("virtualmin").read_text()
    texts = {
        "suspend": "Virtual server maria.example is already disabled",
        "unsuspend": "Virtual server maria.example is not disabled",
    }
    for verb, error in texts.items():
        before = _row(disabled=verb == "unsuspend")
        after = _row(disabled=verb == "suspend")
        failed = answer(
            {"status": "failure", "error": "a warning", "full_error": f"a warning\n{error}\nusage"}
        )
        adapter, _ = panel(text, before, failed, after, user="root", password="s3cret-k3y")
        result = adapter.suspend(REF, "overdue") if verb == "suspend" else adapter.unsuspend(REF)
        assert result.outcome is Outcome.DONE
        assert result.account is not None
        wanted = AccountState.SUSPENDED if verb == "suspend" else AccountState.ACTIVE
        assert result.account.state is wanted


def _row(*, disabled: bool) -> Any:
    values = {"id": ["1"], "username": ["svc00001"], "plan_id": ["0"], "contact_email": ["m@c.example"]}
    more = {"disabled": ["panelbridge"]} if disabled else {}
    return answer({"status": "success", "data": [{"name": "maria.example", "values": {**values, **more}}]})


def test_a_second_suspend_at_the_panel_fails(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    naive(panel, "disable-domain", domain="maria.example")
    assert naive(panel, "disable-domain", domain="maria.example").json()["status"] == "failure"
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY
    assert panel.adapter.unsuspend(REF).outcome is Outcome.DONE
    assert naive(panel, "enable-domain", domain="maria.example").json()["status"] == "failure"
    assert panel.adapter.unsuspend(REF).outcome is Outcome.ALREADY


def test_a_line_break_begins_another_parameter(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    naive(panel, "modify-domain", domain="maria.example", desc="a note\n--pass\nst0len")
    assert books(panel)["password"] == "st0len"
    for field, order in {
        "reference": replace(ORDER, reference="a note\n--pass\nst0len"),
        "domain": replace(ORDER, options={**ORDER.options, "domain": "b.example\n--pass\nst0len"}),
        "email": replace(ORDER, options={**ORDER.options, "email": "b@b.example\n--pass\nst0len"}),
    }.items():
        with pytest.raises(InvalidOrder) as caught:
            panel.adapter.create(order)
        assert field in (caught.value.field or "")
    panel.adapter.suspend(REF, "overdue\n--domain\nsomebody.example")
    assert books(panel)["state"] == "suspended"


def test_the_hash_of_the_password_is_never_told(practised: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    shown = naive(panel, "list-domains", domain="maria.example").json()["data"][-1]["values"]
    assert shown["hashed_password"] == [books(panel)["hashed_password"]]
    found = panel.adapter.get(REF)
    assert isinstance(found, Found)
    assert found.account.password is None
    tape = json.dumps(record(panel.practice.settings, "0", {**ORDER.options, "domain": "other.example"}))
    told = repr(found) + "".join(str(entry.__dict__) for entry in caplog.records) + tape
    assert "remote.cgi" in told
    assert "$6$" not in told


def test_the_domain_is_the_key_and_its_user_may_own_more(practised: Start) -> None:
    panel = practised("virtualmin")
    made = panel.adapter.create(ORDER)
    assert made.account is not None
    assert (made.account.id, made.account.username, made.differs) == ("maria.example", "svc00001", ())
    panel.practice.control.act("add_domain", username="svc00001", domain="a-shop.example")
    rows = naive(panel, "list-domains", user="svc00001").json()["data"]
    assert [row["name"] for row in rows[1:]] == ["a-shop.example", "maria.example"]  # the first is not it
    found = panel.adapter.find(username="svc00001")
    assert isinstance(found, Found)
    assert found.account.id == "maria.example"
    panel.adapter.suspend(found.account.ref, "overdue")
    assert books(panel)["state"] == "suspended"
    with pytest.raises(Conflict):
        panel.adapter.terminate(replace(REF, username="somebodyelse"))
    panel.adapter.terminate(REF)
    assert books(panel)["domains"] == ["a-shop.example"]


def test_a_taken_domain_is_nobodys_success(practised: Start) -> None:
    """The program prints its usage and has done nothing: refused, not asked about for a day."""
    panel = practised("virtualmin")
    naive(panel, "create-domain", domain="maria.example", user="alice", **{"pass": "Passw0rd1"})
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(ORDER)
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.field == "domain"
    assert "already hosted" in caught.value.message
    assert books(panel) is None


def test_lists_need_multiline_in_the_request(practised: Start) -> None:
    """With json alone a list is a table for people, and nothing in it has a value: no package, no account."""
    panel = practised("virtualmin")
    assert [package.name for package in panel.adapter.list_packages()] == ["Default Plan", "Gold"]
    made = panel.adapter.create(ORDER)
    assert made.outcome is Outcome.DONE
    bare = {"program": "list-domains", "json": "1"}
    settings = panel.practice.settings
    url = f"{panel.practice.url}virtual-server/remote.cgi"
    told = requests.post(
        url,
        data=bare,
        auth=(settings["user"], settings["password"]),
        headers={"User-Agent": PROGRAM},
        timeout=5,
    )
    assert [row["values"] for row in told.json()["data"]] == [{}] * 4  # a warning, two lines of head, ours


def test_the_reference_lives_in_the_description_which_holds_no_colon(practised: Start) -> None:
    panel = practised("virtualmin")
    refused = naive(panel, "create-domain", domain="x.example", user="x1234", desc="a:b", **{"pass": "p"})
    assert "cannot contain the : character" in refused.json()["full_error"]
    result = panel.adapter.create(ORDER)
    assert (result.outcome, result.differs) == (Outcome.DONE, ())
    shown = naive(panel, "list-domains", domain="maria.example").json()["data"][-1]["values"]
    assert shown["description"] == ["bridge/1/1"]
    assert result.account is not None
    assert result.account.reference == "bridge:1:1"
    assert panel.adapter.create(ORDER).outcome is Outcome.ALREADY  # it is seen whose it is
    with pytest.raises(Conflict):
        panel.adapter.create(replace(ORDER, reference="bridge:2:1"))


def test_a_customer_who_writes_into_the_description_can_still_be_suspended(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    panel.practice.control.act("edit_reference", username="svc00001", reference="bridge:99:1")
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.DONE
    assert books(panel)["state"] == "suspended"
    assert panel.adapter.terminate(REF).outcome is Outcome.DONE


def test_an_unknown_user_owns_no_top_level_domain(practised: Start) -> None:
    panel = practised("virtualmin")
    told = naive(panel, "list-domains", user="nobodyhere").json()["full_error"]
    assert "No top-level domain owned by nobodyhere exists" in told
    assert isinstance(panel.adapter.find(username="nobodyhere"), Absent)


def test_a_create_with_a_plan_that_is_gone_is_refused(practised: Start) -> None:
    panel = practised("virtualmin")
    with panel.with_settings(packages='{"1700000002": {}}') as adapter, pytest.raises(PanelError) as caught:
        adapter.create(replace(ORDER, package="1700000002"))
    assert caught.value.outcome is Outcome.REFUSED
    assert books(panel) is None


def test_a_new_password_leaves_a_disabled_domain_disabled(practised: Start) -> None:
    panel = practised("virtualmin")
    panel.adapter.create(ORDER)
    panel.adapter.suspend(REF, "overdue")
    renewed = replace(ORDER.credentials, password=Secret("An0therPass"))
    assert panel.adapter.reset_credentials(REF, renewed).outcome is Outcome.DONE
    assert (books(panel)["state"], books(panel)["password"]) == ("suspended", "An0therPass")
    panel.adapter.unsuspend(REF)
    assert (books(panel)["state"], books(panel)["password"]) == ("active", "An0therPass")


def test_a_program_that_is_not_there_is_not_allowed(panel: Panel, practised: Start) -> None:
    told = naive(practised("virtualmin"), "list-plains")
    assert (told.status_code, told.json()["status"]) == (200, "error")
    assert told.headers["Content-Type"] == "text/plain"
    reply = answer(told.content, kind="text/plain")
    adapter, _ = panel(find("virtualmin").read_text(), reply, user="root", password="s3cret-k3y")
    with pytest.raises(PermissionMissing):
        adapter.test_connection()


def test_there_is_no_expiry(practised: Start) -> None:
    panel = practised("virtualmin")
    result = panel.adapter.create(ORDER)
    assert panel.adapter.capabilities.extend is Extend.NONE
    assert result.account is not None
    assert result.account.expires_at is None
    with pytest.raises(Unsupported):
        panel.adapter.extend(REF, ORDER.until)
