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
    Unsupported,
)
from panelbridge.models import AccountId, PackageChange
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


def test_there_is_no_expiry_no_new_password_no_other_package(practised: Start) -> None:
    panel = practised("outline")
    result = panel.adapter.create(ORDER)
    assert panel.adapter.capabilities.extend is Extend.NONE
    assert result.account is not None
    assert (result.account.expires_at, result.account.never_expires, result.differs) == (None, False, ())
    for verb in (
        lambda: panel.adapter.extend(REF, ORDER.until),
        lambda: panel.adapter.reset_credentials(REF, ORDER.credentials),
        lambda: panel.adapter.change_package(REF, PackageChange(package="200gib")),
    ):
        with pytest.raises(Unsupported):
            verb()


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
