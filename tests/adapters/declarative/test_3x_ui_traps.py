"""3x-ui's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Conflict,
    Found,
    Outcome,
    PanelError,
    Secret,
    Unknown,
)
from panelbridge.contract.models import PackageChange
from panelbridge.testing.practice import Fault
from tests.adapters.declarative.conftest import SOON, Practised, Start, books, order_of, ref

LATER = SOON + timedelta(days=31)
PAST = (SOON - timedelta(days=60)).isoformat()
ORDER = order_of(package="50gib", until=SOON, connections=2)
REF = ref()
GIB = 1024**3


def call(panel: Practised, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    """What somebody writes in an afternoon."""
    settings = panel.practice.settings
    url = f"{panel.practice.url}{settings['secret_path']}/panel/api{path}"
    told = {"Authorization": f"Bearer {settings['token']}", **headers}
    return requests.request(method, url, json=body, headers=told, timeout=5)


def enabled(panel: Practised) -> bool:
    client = call(panel, "GET", "/clients/get/svc00001").json()["obj"]["client"]
    return bool(client["enable"])


def got(panel: Practised) -> Any:
    found = panel.adapter.get(REF)
    assert isinstance(found, Found)
    return found.account


def test_a_wrong_token_is_a_404_without_a_body_like_a_wrong_path(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    wrong = call(panel, "GET", "/clients/get/svc00001", Authorization="Bearer wrong")
    assert (wrong.status_code, wrong.content) == (404, b"")  # "gone", says whoever looks at the status
    script = {"Authorization": "Bearer wrong", "X-Requested-With": "XMLHttpRequest"}
    assert call(panel, "GET", "/clients/get/svc00001", **script).status_code == 401
    for setting in ("token", "secret_path"):
        with panel.with_settings(**{setting: "wr0ngwr0ngwr0ng"}) as stranger:
            assert isinstance(stranger.get(REF), Unknown)
            with pytest.raises(AuthenticationFailed):
                stranger.terminate(REF)
            with pytest.raises(AuthenticationFailed):
                stranger.test_connection()
    assert books(panel) is not None


def test_a_page_of_a_web_server_is_no_wrong_token(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.practice.control.set_reply("test_connection", status=404, content_type="text/html", body=b"<html>")
    with pytest.raises(PanelError) as caught:
        panel.adapter.test_connection()
    assert not isinstance(caught.value, AuthenticationFailed)


def test_failures_are_200_in_the_panels_language(practised: Start) -> None:
    panel = practised("3x-ui", language="de")
    missing = call(panel, "POST", "/clients/del/nobodyhere")
    assert (missing.status_code, missing.json()["success"]) == (200, False)  # "deleted"
    assert "not found" not in missing.json()["msg"]  # and whoever looks for the text never finds it
    panel.adapter.create(ORDER)
    assert panel.adapter.terminate(REF).outcome is Outcome.DONE
    assert panel.adapter.terminate(REF).outcome is Outcome.ALREADY
    assert isinstance(panel.adapter.get(REF), Absent)


def test_a_refused_read_proves_nobody_absent(practised: Start) -> None:
    """The search has the client, the read fails: a database that is locked, whatever its text says."""
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    refused = call(panel, "GET", "/clients/get/nobodyhere").content
    panel.practice.control.set_reply("get", body=refused, times=None)
    assert isinstance(panel.adapter.get(REF), Unknown)
    with pytest.raises(PanelError) as caught:
        panel.adapter.terminate(REF)
    assert caught.value.outcome is not Outcome.ALREADY
    assert books(panel) is not None


def test_a_search_that_lacks_rows_proves_nobody_absent(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.set_fault(Fault.TRUNCATED_PAGE, "find", times=None)
    assert isinstance(panel.adapter.get(REF), Unknown)
    panel.practice.control.clear_faults()
    panel.practice.control.act("create", username="svc000011")  # a piece of its name is ours
    found = call(panel, "GET", "/clients/list/paged?search=svc00001").json()["obj"]["items"]
    assert [row["email"] for row in found] == ["svc00001", "svc000011"]
    assert got(panel).username == "svc00001"


def test_a_change_without_enable_disables(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    body = {"email": "svc00001", "expiryTime": round(LATER.timestamp() * 1000)}
    assert call(panel, "POST", "/clients/update/svc00001", body).json()["success"] is True
    naive = books(panel)
    assert (naive["state"], naive["bytes"], naive["reference"]) == ("suspended", 0, "")  # "extended"
    assert naive["password"] == "Passw0rd00000001"  # secrets are kept


def test_our_changes_move_what_is_asked_and_nothing_else(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    whole = call(panel, "GET", "/clients/get/svc00001").json()["obj"]["client"]
    by_hand = {"tgId": 7, "reset": 30, "resetDay": 5, "resetMax": 3, "limitHwid": 2}
    of_3_6 = {"trafficReset": "monthly", "trafficResetDay": 5, "adTag": "vip", "ofALaterRelease": "kept"}
    by_hand |= {**of_3_6, "reverse": {"tag": "home"}}  # type: ignore[dict-item]
    texts = {"security": "auto", "flow": "vision", "group": "vip"}
    call(panel, "POST", "/clients/update/svc00001", {**whole, **by_hand, **texts, "id": whole["uuid"]})
    before = books(panel)
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.DONE
    assert books(panel) == {**before, "expires_at": LATER.isoformat()}
    panel.adapter.change_package(REF, PackageChange(package="200gib"))
    assert books(panel) == {
        **before,
        "expires_at": LATER.isoformat(),
        "package": "200gib",
        "bytes": 200 * GIB,
    }
    panel.adapter.suspend(REF, "overdue")
    panel.adapter.unsuspend(REF)
    panel.adapter.extend(REF, SOON)
    panel.adapter.change_package(REF, PackageChange(package="50gib"))
    assert books(panel) == before


def test_a_renewal_of_a_used_up_quota_lifts_it(practised: Start) -> None:
    """A later date alone: done, and the panel's job disables the client again."""
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.act("use_up", username="svc00001")
    assert got(panel).state.value == "limited"
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.DONE
    panel.practice.control.act("review")
    assert (enabled(panel), books(panel)["used"], got(panel).state) == (True, 0, AccountState.ACTIVE)


def test_a_renewal_of_a_suspended_client_resets_what_was_used_and_leaves_it_off(practised: Start) -> None:
    """The call named resetTraffic enables: a suspended customer is on again."""
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.adapter.suspend(REF, "overdue")
    panel.practice.control.act("use_up", username="svc00001")
    assert call(panel, "POST", "/clients/resetTraffic/svc00001", {}).json()["success"] is True
    assert enabled(panel)
    panel.adapter.suspend(REF, "overdue")
    panel.practice.control.act("use_up", username="svc00001")
    assert got(panel).state is AccountState.SUSPENDED
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.DONE
    assert (books(panel)["state"], books(panel)["used"]) == ("suspended", 0)
    assert "reset_traffic" not in [
        effect["kind"] for effect in panel.practice.control.books()["effects"][-2:]
    ]


def test_limited_is_not_suspended_and_a_suspend_is_still_sent(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.act("use_up", username="svc00001")
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.DONE
    panel.adapter.extend(REF, LATER)
    assert not enabled(panel)
    panel.adapter.unsuspend(REF)
    assert (enabled(panel), got(panel).state) == (True, AccountState.ACTIVE)


def test_the_id_of_a_read_is_not_the_id_of_a_write(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    whole = call(panel, "GET", "/clients/get/svc00001").json()["obj"]["client"]
    assert call(panel, "POST", "/clients/update/svc00001", whole).json()["success"] is False
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.DONE


def test_times_are_milliseconds_and_total_gb_is_bytes(practised: Start) -> None:
    panel = practised("3x-ui")
    naive = {"email": "naive001", "totalGB": 50, "expiryTime": int(SOON.timestamp())}
    call(panel, "POST", "/clients/add", {"client": naive, "inboundIds": [1]})
    made = books(panel, "naive001")
    assert (made["bytes"], made["expires_at"][:4]) == (50, "1970")  # fifty bytes, long expired
    panel.adapter.create(ORDER)
    assert (books(panel)["bytes"], books(panel)["expires_at"]) == (50 * GIB, SOON.isoformat())


def test_a_time_that_has_not_started_is_unreadable_and_no_past(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.act(
        "set_expiry", username="svc00001", expires_at="1969-12-01T00:00:00+00:00"
    )  # a negative number: it begins at the first use
    assert isinstance(panel.adapter.get(REF), Unknown)
    panel.practice.control.act("set_expiry", username="svc00001", expires_at="1970-01-01T00:00:00+00:00")
    assert got(panel).never_expires


def test_a_create_of_the_same_sub_id_is_adopted_and_of_another_refused(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    theirs = {"email": "svc00001", "subId": "Passw0rd00000001", "totalGB": 1}
    assert call(panel, "POST", "/clients/add", {"client": theirs, "inboundIds": [1]}).json()["success"]
    assert (books(panel)["bytes"], books(panel)["password"]) == (
        1,
        "Passw0rd00000001",
    )  # no error, and changed
    other = {**theirs, "subId": "another"}
    refused = call(panel, "POST", "/clients/add", {"client": other, "inboundIds": [1]})
    assert (refused.status_code, refused.json()["success"]) == (200, False)
    assert panel.adapter.create(ORDER).outcome is Outcome.ALREADY
    stranger = replace(ORDER, credentials=replace(ORDER.credentials, password=Secret("An0therPassw0rd1")))
    with pytest.raises(Conflict):
        panel.adapter.create(stranger)


def test_a_lost_create_is_found_again_and_made_once(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.practice.control.set_fault("cut_after_commit", "create")
    assert panel.adapter.create(ORDER).outcome is Outcome.DONE
    kinds = [effect["kind"] for effect in panel.practice.control.books()["effects"]]
    assert kinds == ["create"]


def test_enabling_an_expired_client_is_undone(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.act("set_expiry", username="svc00001", expires_at=PAST)
    panel.practice.control.act("review")
    assert got(panel).state is AccountState.EXPIRED  # disabled by the clock: nobody suspended it
    assert call(panel, "POST", "/clients/bulkEnable", {"emails": ["svc00001"]}).json()["success"] is True
    panel.practice.control.act("review")
    assert not enabled(panel)  # "unsuspended", and it is off again
    result = panel.adapter.unsuspend(REF)
    assert result.account is not None
    assert result.account.state is AccountState.EXPIRED
    panel.practice.control.act("review")
    extended = panel.adapter.extend(REF, LATER)
    assert extended.account is not None
    assert extended.account.state is AccountState.ACTIVE  # paid late, and it works
    panel.practice.control.act("review")
    assert enabled(panel)


def test_a_suspension_outlives_the_clock_and_the_extend(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    panel.practice.control.act("set_expiry", username="svc00001", expires_at=PAST)
    panel.practice.control.act("review")
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.DONE  # it is off already, and not by us
    assert panel.adapter.suspend(REF, "overdue").outcome is Outcome.ALREADY
    panel.adapter.extend(REF, LATER)
    assert not enabled(panel)
    assert (got(panel).state, got(panel).reference) == (AccountState.SUSPENDED, "bridge:1:1")
    panel.adapter.unsuspend(REF)
    assert enabled(panel)
    assert books(panel)["reference"] == "bridge:1:1"


def test_relative_changes_are_never_sent(practised: Start) -> None:
    """A lost answer and a repeat: two months for one, and for a client without expiry none at all."""
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    for _ in range(2):
        call(panel, "POST", "/clients/bulkAdjust", {"emails": ["svc00001"], "addDays": 31})
    assert books(panel)["expires_at"] == (SOON + timedelta(days=62)).isoformat()
    panel.practice.control.set_fault("cut_after_commit", "extend")
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.DONE
    assert panel.adapter.extend(REF, LATER).outcome is Outcome.ALREADY
    assert books(panel)["expires_at"] == LATER.isoformat()


def test_a_new_password_is_a_new_link_too(practised: Start) -> None:
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    whole = call(panel, "GET", "/clients/get/svc00001").json()["obj"]["client"]
    kept = {**whole, "id": whole["uuid"], "password": "0nlyThePassw0rd1"}
    call(panel, "POST", "/clients/update/svc00001", kept)
    assert books(panel)["subId"] == "Passw0rd00000001"  # the old link hands the new password out
    renewed = replace(ORDER.credentials, password=Secret("An0therPassw0rd1"))
    assert panel.adapter.reset_credentials(REF, renewed).outcome is Outcome.DONE
    assert (books(panel)["subId"], books(panel)["password"]) == ("An0therPassw0rd1", "An0therPassw0rd1")


def test_the_secret_path_and_the_token_stand_in_no_log(
    practised: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    panel = practised("3x-ui")
    panel.adapter.create(ORDER)
    told = repr(got(panel)) + repr(panel.adapter.settings)
    told += "".join(str(entry.__dict__) for entry in caplog.records)
    assert "/panel/api/clients" in told
    for name in ("secret_path", "token"):
        assert panel.practice.settings[name] not in told
