"""Synapse's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Conflict,
    CreateOrder,
    Found,
    NotFound,
    Outcome,
    OutcomeUnknown,
    PanelError,
    PermissionMissing,
    Unknown,
)
from panelbridge.contract.models import AccountRef
from panelbridge.testing.practice import Fault, ScriptedReply
from tests.adapters.declarative.conftest import SOON, Practised, Start, order_of

NOBODY = ScriptedReply(status=404, body=b'{"errcode": "M_NOT_FOUND", "error": "User not found"}')


def order(number: int = 1, reference: str | None = None) -> CreateOrder:
    request = order_of(number, package="", until=SOON)
    return replace(request, reference=reference or request.reference)


def sold(panel: Practised, number: int = 1) -> AccountRef:
    account = panel.adapter.create(order(number)).account
    assert account is not None
    return account.ref


class Naive:
    """What somebody writes in an afternoon."""

    def __init__(self, panel: Practised) -> None:
        self.url = panel.practice.url
        self.headers: dict[str, str] = {}
        given = panel.practice.settings
        token = self.log_in(given["user"], given["password"]).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.url + path, headers=self.headers, timeout=5, **more)

    def log_in(self, user: str, password: str) -> requests.Response:
        request = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": user}}
        return self.call("POST", "_matrix/client/v3/login", json={**request, "password": password})

    def user(self, method: str, name: str = "svc00001", **body: Any) -> requests.Response:
        return self.call(method, f"_synapse/admin/v2/users/@{name}:matrix.example", json=body)

    def deactivate(self, name: str = "svc00001") -> requests.Response:
        return self.call("POST", f"_synapse/admin/v1/deactivate/@{name}:matrix.example", json={})


def books(panel: Practised, number: int = 1) -> Any:
    return panel.practice.control.books()["accounts"].get(f"svc{number:05d}")


def test_a_create_of_a_taken_name_takes_it_over(practised: Start) -> None:
    panel = practised("synapse")
    panel.practice.control.act("create", username="svc00001")
    assert Naive(panel).user("PUT", password="Passw0rd1").ok  # "created", and it was somebody's
    assert books(panel)["password"] == "Passw0rd1"
    panel.practice.control.act("create", username="svc00002")
    with pytest.raises(Conflict):
        panel.adapter.create(order(2))
    assert books(panel, 2)["password"] == "somebody-else"


def test_a_200_to_a_create_is_no_creation(practised: Start) -> None:
    panel = practised("synapse")
    changed = ScriptedReply(body=b'{"name": "@svc00001:matrix.example", "deactivated": false}')
    panel.practice.control.set_reply("create", times=1, **vars(changed))
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(order())
    assert caught.value.outcome is Outcome.UNKNOWN
    assert panel.adapter.create(order()).outcome is Outcome.DONE


def test_who_is_deactivated_is_still_shown(practised: Start) -> None:
    panel = practised("synapse")
    ref = sold(panel)
    naive = Naive(panel)
    assert [naive.deactivate().status_code for _ in range(2)] == [200, 200]
    assert naive.user("GET").ok  # "still there"
    assert isinstance(panel.adapter.get(ref), Absent)
    assert panel.adapter.terminate(ref).outcome is Outcome.ALREADY
    assert panel.adapter.terminate(sold(panel, 2)).outcome is Outcome.DONE


def test_a_name_of_a_deactivated_is_used_up(practised: Start) -> None:
    panel = practised("synapse")
    panel.adapter.terminate(sold(panel))
    assert Naive(panel).user("PUT", password="Passw0rd1").ok  # "created", and nobody can log in
    assert Naive(panel).log_in("svc00001", "Passw0rd1").status_code == 403
    with pytest.raises(PanelError) as caught:
        panel.adapter.create(order())
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_reference_in_use_is_a_409_that_made_the_user(practised: Start) -> None:
    panel = practised("synapse")
    sold(panel)
    ids = [{"auth_provider": "panelbridge", "external_id": "bridge:1:1"}]
    assert Naive(panel).user("PUT", "svc00002", password="x", external_ids=ids).status_code == 409
    assert books(panel, 2) is not None  # "refused", and made
    with pytest.raises(OutcomeUnknown):
        panel.adapter.create(order(3, reference="bridge:1:1"))


def test_a_lock_of_nobody_makes_somebody_who_is_not_locked(practised: Start) -> None:
    panel = practised("synapse")
    ref = sold(panel)
    panel.practice.control.set_reply("get", times=None, **vars(NOBODY))
    with pytest.raises(NotFound):
        panel.adapter.suspend(ref, "overdue")
    panel.practice.control.clear_faults()
    assert Naive(panel).user("PUT", "svc00009", locked=True).ok
    assert books(panel, 9)["state"] == "active"


def test_the_locked_are_missing_from_the_plain_list(practised: Start) -> None:
    panel = practised("synapse")
    ref = sold(panel)
    panel.adapter.suspend(ref, "overdue")
    told = Naive(panel).call("GET", "_synapse/admin/v2/users").json()
    assert "@svc00001:matrix.example" not in [one["name"] for one in told["users"]]  # "gone"
    ours = {one.username: one.state for one in panel.adapter.list_accounts()}
    assert ours["svc00001"] is AccountState.SUSPENDED


def test_a_creation_is_in_seconds_here_and_in_milliseconds_there(practised: Start) -> None:
    panel = practised("synapse")
    sold(panel)
    naive = Naive(panel)
    one = naive.user("GET").json()["creation_ts"]
    rows = naive.call("GET", "_synapse/admin/v2/users").json()["users"]
    row = next(row for row in rows if row["name"].startswith("@svc00001"))
    assert row["creation_ts"] == one * 1000
    assert datetime.fromtimestamp(one, UTC).year < 2100
    with pytest.raises((ValueError, OverflowError)):  # the year 58,000
        datetime.fromtimestamp(row["creation_ts"], UTC)
    assert [account.expires_at for account in panel.adapter.list_accounts()] == [None, None]


def test_the_version_is_told_to_anybody(practised: Start) -> None:
    panel = practised("synapse", role="user")
    headers = {"Authorization": "Bearer none"}
    url = panel.practice.url + "_synapse/admin/v1/server_version"
    assert requests.get(url, headers=headers, timeout=5).ok  # "the connection works"
    with pytest.raises(PermissionMissing, match="not a server admin"):
        panel.adapter.test_connection()


def test_an_address_that_is_none_is_404_as_well(practised: Start) -> None:
    panel = practised("synapse")
    assert Naive(panel).call("GET", "_synapse/admin/v9/users/@x:y").status_code == 404
    ref = sold(panel)
    lost = ScriptedReply(status=404, body=b'{"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}')
    panel.practice.control.set_reply("get", times=1, **vars(lost))
    assert isinstance(panel.adapter.get(ref), Unknown)


def test_another_host_is_told_as_such(practised: Start) -> None:
    panel = practised("synapse")
    with panel.with_settings(host="elsewhere.example") as stranger:
        for attempt in (stranger.test_connection, lambda: stranger.create(order())):
            with pytest.raises(PermissionMissing, match="local users"):
                attempt()


def test_a_lost_token_is_asked_for_anew(practised: Start) -> None:
    panel = practised("synapse")
    ref = sold(panel)
    naive = Naive(panel)
    panel.practice.control.act("expire_tokens")
    assert naive.user("PUT", locked=True).status_code == 401
    assert panel.adapter.suspend(ref, "overdue").outcome is Outcome.DONE
    assert books(panel)["state"] == "suspended"
    with panel.with_settings(password="wr0ng") as stranger, pytest.raises(AuthenticationFailed):
        stranger.test_connection()


def test_a_lock_keeps_out_and_a_lift_lets_in(practised: Start) -> None:
    panel = practised("synapse")
    ref = sold(panel)
    naive = Naive(panel)
    panel.adapter.suspend(ref, "overdue")
    assert naive.log_in("svc00001", "Passw0rd00000001").status_code == 401
    panel.practice.control.set_fault(Fault.SUCCESS_BUT_NOTHING, "unsuspend")
    with pytest.raises(PanelError) as caught:
        panel.adapter.unsuspend(ref)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert panel.adapter.unsuspend(ref).outcome is Outcome.DONE
    found = panel.adapter.get(ref)
    assert isinstance(found, Found)
    assert naive.log_in("svc00001", "Passw0rd00000001").ok
