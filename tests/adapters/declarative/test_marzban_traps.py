"""Marzban's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    Conflict,
    CreateOrder,
    Credentials,
    Found,
    Outcome,
    PanelError,
    PermissionMissing,
    Secret,
    Unknown,
)
from panelbridge.contract.models import AccountId, AccountRef, PackageChange
from tests.adapters.declarative.conftest import SOON, Practised, Start, order_of, ref


def order(number: int = 1) -> CreateOrder:
    return order_of(number, package="1", until=SOON)


class Naive:
    """What somebody writes in an afternoon."""

    def __init__(self, panel: Practised) -> None:
        self.url = panel.practice.url + "api"
        login = {"username": panel.practice.settings["user"], "password": panel.practice.settings["password"]}
        self.login = login
        token = self.call("POST", "/admin/token", data=login).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = getattr(self, "headers", {})
        return requests.request(method, self.url + path, headers=headers, timeout=5, **more)


def books(panel: Practised, number: int = 1) -> Any:
    return panel.practice.control.books()["accounts"].get(f"svc{number:05d}")


def test_a_delete_that_answers_500_is_done(practised: Start) -> None:
    panel = practised("marzban", login="environment")
    panel.adapter.create(order())
    assert Naive(panel).call("DELETE", "/user/svc00001").status_code == 500  # "failed", and the user is gone
    assert books(panel) is None
    panel.adapter.create(order(2))
    assert panel.adapter.terminate(ref(2)).outcome is Outcome.DONE
    assert panel.adapter.terminate(ref(2)).outcome is Outcome.ALREADY
    assert books(panel, 2) is None


def test_inbounds_left_out_make_a_user_of_nothing(practised: Start) -> None:
    panel = practised("marzban")
    body = {"username": "naive001", "proxies": {"shadowsocks": {}}}
    made = Naive(panel).call("POST", "/user", json=body)
    assert (made.status_code, made.json()["status"], made.json()["links"]) == (200, "active", [])
    panel.adapter.create(order())
    assert books(panel)["reachable"] == {"shadowsocks": ["Shadowsocks TCP", "Shadowsocks UDP"]}


def test_proxies_left_out_poison_every_list(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    naive = Naive(panel)
    assert naive.call("POST", "/user", json={"username": "naive001"}).status_code == 500  # "not created"
    assert naive.call("GET", "/users").status_code == 500
    assert "naive001" in panel.practice.control.books()["accounts"]
    with pytest.raises(PanelError) as caught:  # never a part of the list
        list(panel.adapter.list_accounts())
    assert caught.value.outcome is Outcome.UNKNOWN
    assert isinstance(panel.adapter.get(ref()), Found)  # each by itself can still be read
    broken = AccountRef(id=AccountId("naive001"), username="naive001")
    assert isinstance(panel.adapter.get(broken), Unknown)
    naive.call("DELETE", "/user/naive001")
    assert len(list(panel.adapter.list_accounts())) == 1


def test_moving_the_expiry_never_switches_a_disabled_user_on(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.adapter.suspend(ref(), "overdue")
    result = panel.adapter.extend(ref(), SOON + timedelta(days=31))
    assert result.account is not None
    assert result.account.state is AccountState.SUSPENDED
    assert books(panel)["state"] == "suspended"


def test_an_expired_user_is_revived_by_the_expiry_and_told_as_expired_before(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    past = datetime.now(UTC) - timedelta(days=1)
    panel.practice.control.act("set_expiry", username="svc00001", expires_at=past.isoformat())
    naive = Naive(panel)
    assert naive.call("GET", "/user/svc00001").json()["status"] == "active"  # until the job has looked
    found = panel.adapter.get(ref())
    assert isinstance(found, Found)
    assert found.account.state is AccountState.EXPIRED
    panel.practice.control.act("review")
    assert (
        panel.adapter.unsuspend(ref()).outcome is Outcome.ALREADY
    )  # it is not switched off; extend revives it
    panel.adapter.extend(ref(), SOON)
    assert books(panel)["state"] == "active"


def test_a_login_as_json_and_a_token_that_was_taken_back(practised: Start) -> None:
    panel = practised("marzban")
    naive = Naive(panel)
    assert naive.call("POST", "/admin/token", json=naive.login).status_code == 422
    panel.adapter.create(order())
    panel.practice.control.act("expire_tokens")
    assert naive.call("GET", "/system").status_code == 401
    assert panel.adapter.suspend(ref(), "overdue").outcome is Outcome.DONE  # one silent new login
    logins = [one for one in panel.practice.control.requests() if one["operation"] == "login"]
    assert len(logins) == 4  # ours twice, the naive two


def test_a_repeat_is_409_and_ours_or_not(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    body = {"username": "svc00001", "proxies": {"shadowsocks": {}}}
    assert Naive(panel).call("POST", "/user", json=body).status_code == 409  # whose is it?
    assert panel.adapter.create(order()).outcome is Outcome.ALREADY
    with pytest.raises(Conflict):
        panel.adapter.create(replace(order(), reference="bridge:2:1"))


def test_names_that_differ_in_case_are_two_users(practised: Start) -> None:
    panel = practised("marzban")
    body = {"proxies": {"shadowsocks": {}}, "inbounds": {}}
    for name in ("alice01", "ALICE01"):
        assert Naive(panel).call("POST", "/user", json={"username": name, **body}).status_code == 200
    assert panel.adapter.capabilities.username.breach("ALICE01") is not None


def test_an_unknown_field_does_nothing_so_the_password_is_where_it_counts(practised: Start) -> None:
    panel = practised("marzban")
    body = {"username": "naive001", "proxies": {"shadowsocks": {}}, "password": "ignored01"}
    made = Naive(panel).call("POST", "/user", json=body)
    assert made.status_code == 200
    assert made.json()["proxies"]["shadowsocks"]["password"] != "ignored01"
    panel.adapter.create(order())
    assert books(panel)["password"] == "Passw0rd00000001"


def test_a_new_password_comes_with_a_new_link(practised: Start) -> None:
    """The old subscription link would show the new password to whoever holds it."""
    panel = practised("marzban")
    panel.adapter.create(order())
    naive = {"proxies": {"shadowsocks": {"password": "N3wPassword"}}}
    assert Naive(panel).call("PUT", "/user/svc00001", json=naive).status_code == 200
    assert books(panel)["link"] == 1
    renewed = Credentials(username="svc00001", password=Secret("An0therPassword"))
    assert panel.adapter.reset_credentials(ref(), renewed).outcome is Outcome.DONE
    assert (books(panel)["link"], books(panel)["password"]) == (2, "An0therPassword")


def test_the_link_differs_on_every_read_and_is_not_compared(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    naive = Naive(panel)
    first, second = (naive.call("GET", "/user/svc00001").json()["subscription_url"] for _ in range(2))
    assert first != second
    assert panel.adapter.get(ref()) == panel.adapter.get(ref())


def test_a_reseller_meets_403_for_the_users_of_others(practised: Start) -> None:
    panel = practised("marzban", role="reseller")
    panel.practice.control.act("create", username="svc00001")
    assert Naive(panel).call("GET", "/user/svc00001").status_code == 403
    assert isinstance(panel.adapter.get(ref()), Unknown)  # not absent: it is somebody's
    with pytest.raises(PermissionMissing):
        panel.adapter.create(order())
    assert list(panel.adapter.list_accounts()) == []


def test_404_is_absence_only_while_the_panel_answers(practised: Start) -> None:
    panel = practised("marzban")
    assert isinstance(panel.adapter.get(ref()), Absent)
    with panel.with_settings(base_url=panel.practice.url + "elsewhere/") as lost:
        assert not isinstance(lost.get(ref()), Found)
        with pytest.raises(PanelError) as caught:
            lost.terminate(ref())
        assert caught.value.outcome is not Outcome.REFUSED


def test_a_template_is_copied_because_nothing_else_applies_it(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(replace(order(), package="2"))
    shown = Naive(panel).call("GET", "/user/svc00001").json()
    assert shown["data_limit"] == 200 * 1024**3
    packages = {package.id: package.name for package in panel.adapter.list_packages()}
    assert packages == {"1": "50 GiB", "2": "200 GiB", "3": "Unlimited"}


def ended(deed: Any) -> Outcome:
    try:
        outcome: Outcome = deed().outcome
    except PanelError as error:
        outcome = error.outcome
    return outcome


def test_no_limit_is_0_in_a_template_and_null_in_its_user(practised: Start) -> None:
    panel = practised("marzban")
    result = panel.adapter.create(replace(order(), package="3"))
    assert (result.outcome, result.differs) == (Outcome.DONE, ())
    assert Naive(panel).call("GET", "/user/svc00001").json()["data_limit"] is None
    panel.adapter.create(order(2))
    assert ended(lambda: panel.adapter.change_package(ref(2), PackageChange(package="3"))) is Outcome.DONE
    assert ended(lambda: panel.adapter.change_package(ref(2), PackageChange(package="3"))) is Outcome.ALREADY
    assert books(panel, 2)["package"] == "3"


def test_an_empty_table_of_inbounds_changes_none_so_they_are_named(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(replace(order(), package="2"))
    assert books(panel)["reachable"] == {"shadowsocks": ["Shadowsocks TCP"]}
    Naive(panel).call("PUT", "/user/svc00001", json={"inbounds": {}})
    assert books(panel)["reachable"] == {"shadowsocks": ["Shadowsocks TCP"]}  # "everything", and it is not
    panel.adapter.change_package(ref(), PackageChange(package="1"))
    assert books(panel)["reachable"] == {"shadowsocks": ["Shadowsocks TCP", "Shadowsocks UDP"]}
    panel.practice.control.act("switch_inbound", username="svc00001")
    assert ended(lambda: panel.adapter.change_package(ref(), PackageChange(package="1"))) is Outcome.DONE
    assert books(panel)["reachable"] == {"shadowsocks": ["Shadowsocks TCP", "Shadowsocks UDP"]}


def test_a_renewal_of_a_used_up_quota_lifts_it(practised: Start) -> None:
    """A later date alone is accepted and leaves the customer cut off."""
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.practice.control.act("use_up", username="svc00001")
    later = SOON + timedelta(days=31)
    naive = Naive(panel).call("PUT", "/user/svc00001", json={"expire": int(later.timestamp()) - 60})
    assert (naive.status_code, naive.json()["status"]) == (200, "limited")
    assert ended(lambda: panel.adapter.extend(ref(), later)) is Outcome.DONE
    assert (books(panel)["state"], books(panel)["used"]) == ("active", 0)
    assert ended(lambda: panel.adapter.extend(ref(), later)) is Outcome.ALREADY


@pytest.mark.parametrize("match", ["reset", "extend"])
@pytest.mark.parametrize("fault", ["cut_before", "cut_after_commit", "error_500_before"])
def test_a_renewal_that_is_cut_ends_with_both_the_date_and_the_quota(
    practised: Start, match: str, fault: str
) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.practice.control.act("use_up", username="svc00001")
    panel.practice.control.set_fault(fault, match)
    later = SOON + timedelta(days=31)
    ended(lambda: panel.adapter.extend(ref(), later))
    assert ended(lambda: panel.adapter.extend(ref(), later)) in (Outcome.DONE, Outcome.ALREADY)
    found = panel.adapter.get(ref())
    assert isinstance(found, Found)
    assert (found.account.expires_at, books(panel)["state"], books(panel)["used"]) == (later, "active", 0)


def test_a_shorter_date_is_no_renewal_and_resets_nothing(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.practice.control.act("use_up", username="svc00001", bytes=5)
    panel.adapter.extend(ref(), SOON - timedelta(days=1))
    assert books(panel)["used"] == 5
    panel.adapter.extend(ref(), SOON)
    assert books(panel)["used"] == 0


def test_limited_is_told_and_is_not_suspended(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.practice.control.act("use_up", username="svc00001")
    found = panel.adapter.get(ref())
    assert isinstance(found, Found)
    assert found.account.state.value == "limited"
    assert panel.adapter.suspend(ref(), "overdue").outcome is Outcome.DONE
    assert books(panel)["state"] == "suspended"


def test_a_reset_cut_between_its_writes_says_that_no_password_works(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    panel.practice.control.set_fault("cut_before", "reset_credentials", skip=1)
    renewed = Credentials(username="svc00001", password=Secret("An0therPassword"))
    with pytest.raises(PanelError) as caught:
        panel.adapter.reset_credentials(ref(), renewed)
    assert "neither the old password nor the new one works" in caught.value.message
    assert panel.adapter.reset_credentials(ref(), renewed).outcome is Outcome.DONE


def test_when_a_user_was_last_seen_is_told_and_no_news_is_not_known(practised: Start) -> None:
    panel = practised("marzban")
    panel.adapter.create(order())
    (fresh,) = panel.adapter.usages()
    assert [getattr(fresh, name, "no such member") for name in ("last_seen", "never_seen")] == [None, False]
    panel.practice.control.act("use_up", username="svc00001", bytes=5)
    (used,) = panel.adapter.usages()
    assert used.last_seen is not None
    assert abs(used.last_seen - datetime.now(UTC)) < timedelta(hours=1)  # UTC, though no zone is written
