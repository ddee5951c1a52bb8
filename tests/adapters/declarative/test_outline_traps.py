"""Outline's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

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
    Secret,
    Unsupported,
)
from panelbridge.contract.models import AccountId, PackageChange
from tests.adapters.declarative.conftest import UNTIL, Practised, Start, order_of, ref

ORDER = order_of(package="50gib", until=UNTIL)
REF = ref()
GIB = 1024**3


def call(panel: Practised, method: str, path: str, **more: Any) -> requests.Response:
    secret = panel.practice.settings["secret_path"]
    return requests.request(method, f"{panel.practice.url}{secret}{path}", timeout=5, **more)


def books(panel: Practised) -> Any:
    return panel.practice.control.books()["accounts"]


def test_a_wrong_secret_is_a_404_like_a_missing_key(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    wrong = requests.get(f"{panel.practice.url}wrongsecret/access-keys/svc00001", timeout=5)
    missing = call(panel, "GET", "/access-keys/nobody")
    assert (wrong.status_code, missing.status_code) == (404, 404)  # "gone", says whoever looks at the status
    assert (wrong.json()["code"], missing.json()["code"]) == ("ResourceNotFound", "NotFound")
    with panel.with_settings(secret_path="wrongsecret") as stranger:
        assert not isinstance(stranger.get(REF), Absent)
        for verb in (
            lambda: stranger.terminate(REF),
            lambda: stranger.suspend(REF, "x"),
            stranger.test_connection,
        ):
            with pytest.raises(AuthenticationFailed):
                verb()
    assert isinstance(panel.adapter.get(replace(REF, id=AccountId("nobody"))), Absent)


def test_a_repeated_post_makes_a_second_key(practised: Start) -> None:
    panel = practised("outline")
    for _ in range(2):
        assert call(panel, "POST", "/access-keys", json={"name": "one customer"}).status_code == 201
    assert len(books(panel)) == 2
    assert panel.adapter.create(ORDER).outcome is Outcome.DONE
    assert panel.adapter.create(ORDER).outcome is Outcome.ALREADY
    assert sorted(books(panel)) == ["0", "1", "svc00001"]


def test_409_for_a_password_of_another_key_is_no_success(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    other = replace(
        ORDER, credentials=replace(ORDER.credentials, username="svc00002"), reference="bridge:2:1"
    )
    body = {"name": "x", "password": "Passw0rd00000001"}
    assert call(panel, "PUT", "/access-keys/svc00002", json=body).status_code == 409  # "exists already"
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(other)
    assert caught.value.outcome is not Outcome.DONE
    assert "svc00002" not in books(panel)


def test_a_suspension_is_a_limit_of_nothing_and_its_end_the_real_limit(practised: Start) -> None:
    """Lifting the limit, as a naive client does, gives a customer of 50 GiB an unlimited key."""
    panel = practised("outline")
    panel.adapter.create(ORDER)
    suspended = panel.adapter.suspend(REF, "overdue").account
    assert suspended is not None
    assert (suspended.state, books(panel)["svc00001"]["bytes"]) == (AccountState.SUSPENDED, 0)
    assert call(panel, "DELETE", "/access-keys/svc00001/data-limit").status_code == 204
    assert books(panel)["svc00001"]["bytes"] is None
    panel.adapter.suspend(REF, "overdue")
    assert panel.adapter.unsuspend(REF).outcome is Outcome.DONE
    assert books(panel)["svc00001"]["bytes"] == 50 * GIB
    assert panel.adapter.unsuspend(REF).outcome is Outcome.ALREADY


def test_an_unlimited_key_is_unlimited_again(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(replace(ORDER, package="unlimited"))
    panel.adapter.suspend(REF, "overdue")
    panel.adapter.unsuspend(REF)
    assert books(panel)["svc00001"]["bytes"] is None


def test_there_is_no_expiry(practised: Start) -> None:
    panel = practised("outline")
    result = panel.adapter.create(ORDER)
    assert panel.adapter.capabilities.extend is Extend.NONE
    assert result.account is not None
    assert (result.account.expires_at, result.account.never_expires, result.differs) == (None, False, ())
    with pytest.raises(Unsupported):
        panel.adapter.extend(REF, ORDER.until)


def reset(panel: Practised, password: str) -> Any:
    """How a reset ends: its outcome, or that of its error."""
    try:
        return panel.adapter.reset_credentials(
            REF, replace(ORDER.credentials, password=Secret(password))
        ).outcome
    except PanelError as error:
        return error.outcome


@pytest.mark.parametrize("suspended", [False, True])
def test_a_new_password_is_a_new_key_of_the_same_id(practised: Start, suspended: bool) -> None:
    """Deleted and made again: with its name, its limit, and suspended where it was."""
    panel = practised("outline")
    panel.adapter.create(ORDER)
    if suspended:
        panel.adapter.suspend(REF, "overdue")
    before = books(panel)["svc00001"]
    assert reset(panel, "An0therPassw0rd1") is Outcome.DONE
    assert books(panel) == {"svc00001": {**before, "password": "An0therPassw0rd1"}}
    assert "spares" not in panel.practice.control.books()
    assert reset(panel, "An0therPassw0rd1") is Outcome.ALREADY


def test_a_password_of_another_key_is_refused_before_anything_is_deleted(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    call(panel, "PUT", "/access-keys/other", json={"name": "x", "password": "Taken0therKey001"})
    before = books(panel)
    assert reset(panel, "Taken0therKey001") is Outcome.REFUSED
    assert books(panel) == before
    assert "spares" not in panel.practice.control.books()


@pytest.mark.parametrize(
    "fault", ["cut_before", "error_500_before", "cut_after_commit", "success_but_nothing"]
)
@pytest.mark.parametrize("match", ["replace", "reset_credentials", "spare"])
def test_a_reset_that_is_cut_is_never_an_account_lost(practised: Start, fault: str, match: str) -> None:
    """Between the delete and the second key there is none: seen as that, not as absent, and completed."""
    panel = practised("outline")
    panel.adapter.create(ORDER)
    before = books(panel)["svc00001"]
    panel.practice.control.set_fault(fault, match)
    first = reset(panel, "An0therPassw0rd1")
    assert first in (Outcome.DONE, Outcome.UNKNOWN)
    if first is Outcome.UNKNOWN:
        assert not isinstance(panel.adapter.get(REF), Absent)
        assert reset(panel, "An0therPassw0rd1") in (Outcome.DONE, Outcome.ALREADY)
    assert books(panel)["svc00001"] == {**before, "password": "An0therPassw0rd1"}
    assert [account.username for account in panel.adapter.list_accounts()] == ["svc00001"]
    assert panel.adapter.terminate(REF).outcome is Outcome.DONE
    assert "spares" not in panel.practice.control.books()


def test_a_moment_without_a_password_is_said(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    panel.practice.control.set_fault("cut_before", "reset_credentials")
    try:
        panel.adapter.reset_credentials(REF, replace(ORDER.credentials, password=Secret("An0therPassw0rd1")))
        said = "done"
    except PanelError as error:
        said = error.message
    assert "neither the old password nor the new one works until it is sent again" in said


def test_another_package_is_another_name_and_another_limit(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    for package, limit in (("200gib", 200 * GIB), ("unlimited", None), ("50gib", 50 * GIB)):
        try:
            outcome = panel.adapter.change_package(REF, PackageChange(package=package)).outcome
        except PanelError as error:
            outcome = error.outcome
        assert outcome is Outcome.DONE
        assert (books(panel)["svc00001"]["package"], books(panel)["svc00001"]["bytes"]) == (package, limit)
    assert books(panel)["svc00001"]["reference"] == "bridge:1:1"


def test_a_package_changed_while_suspended_counts_when_it_is_lifted(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    panel.adapter.suspend(REF, "overdue")
    try:
        outcome = panel.adapter.change_package(REF, PackageChange(package="200gib")).outcome
    except PanelError as error:
        outcome = error.outcome
    assert (outcome, books(panel)["svc00001"]["bytes"]) == (Outcome.DONE, 0)
    panel.adapter.unsuspend(REF)
    assert books(panel)["svc00001"]["bytes"] == 200 * GIB


def test_a_missing_parameter_is_a_refusal(practised: Start) -> None:
    panel = practised("outline")
    panel.adapter.create(ORDER)
    told = call(panel, "PUT", "/access-keys/svc00001/name", json={})
    assert (told.status_code, told.json()["code"]) == (400, "MissingParameter")
    panel.practice.control.set_reply("suspend", status=400, body=told.content)
    with pytest.raises(PanelError) as caught:
        panel.adapter.suspend(REF, "overdue")
    assert caught.value.outcome is Outcome.REFUSED


def test_a_secret_of_one_letter_leaves_the_panels_words_readable(practised: Start) -> None:
    panel = practised("outline", secret="s")
    panel.adapter.create(ORDER)
    words = b'{"code": "InvalidArgument", "message": "this is not possible as /s says"}'
    panel.practice.control.set_reply("suspend", status=400, body=words)
    with pytest.raises(PanelError) as caught:
        panel.adapter.suspend(REF, "overdue")
    assert "this is not possible as /*** says" in caught.value.message


@pytest.mark.parametrize("spec", ["outline", "marzban"])
def test_the_customer_is_told_his_access_key(practised: Start, spec: str) -> None:
    """Sold and paid, and nothing to connect with: the key is what he bought."""
    panel = practised(spec)
    package = "50gib" if spec == "outline" else "1"
    result = panel.adapter.create(replace(ORDER, package=package))
    assert result.account is not None
    connect = getattr(panel.adapter, "connect", None)
    details = () if connect is None else connect(result.account)
    assert [(one.kind.value, one.secret) for one in details] == [("access_key", True)]
    assert details[0].value.get_secret_value().startswith("ss://")
    assert "ss://" not in repr(result)


def test_keys_made_by_hand_are_listed_and_never_taken(practised: Start) -> None:
    panel = practised("outline")
    panel.practice.control.act("create", username="svc00001")
    assert [(one.username, one.reference) for one in panel.adapter.list_accounts()] == [("svc00001", None)]
    with pytest.raises(Conflict):
        panel.adapter.create(ORDER)


def test_packages_of_the_operator_replace_the_descriptions(practised: Start) -> None:
    panel = practised("outline")
    with panel.with_settings(packages='{"tiny": {"quota_gib": 1}}') as adapter:
        assert [package.id for package in adapter.list_packages()] == ["tiny"]
        adapter.create(replace(ORDER, package="tiny"))
        assert books(panel)["svc00001"]["bytes"] == GIB
        with pytest.raises(InvalidOrder):
            adapter.create(replace(ORDER, credentials=replace(ORDER.credentials, username="svc00002")))
    panel.adapter.suspend(REF, "overdue")
    with pytest.raises(InvalidOrder) as caught:  # the panel's package is unknown here: nothing is guessed
        panel.adapter.unsuspend(REF)
    assert caught.value.field == "package"
    assert books(panel)["svc00001"]["bytes"] == 0


def test_a_limit_that_somebody_else_set_is_told(practised: Start) -> None:
    panel = practised("outline")
    panel.practice.control.set_fault("success_but_nothing", "suspend", times=None)
    panel.adapter.create(ORDER)
    assert (
        call(panel, "PUT", "/access-keys/svc00001/data-limit", json={"limit": {"bytes": 0}}).status_code
        == 204
    )
    with pytest.raises(PanelError) as caught:
        panel.adapter.suspend(REF, "overdue")
    assert caught.value.outcome is Outcome.UNKNOWN


def test_the_secret_path_stands_in_no_log_and_no_error(
    practised: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    panel = practised("outline")
    secret = panel.practice.settings["secret_path"]
    panel.adapter.create(ORDER)
    found = panel.adapter.get(REF)
    assert isinstance(found, Found)
    told = (
        repr(found)
        + repr(panel.adapter.settings)
        + "".join(str(record.__dict__) for record in caplog.records)
    )
    assert "access-keys" in told
    assert secret not in told
