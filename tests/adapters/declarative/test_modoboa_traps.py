"""Modoboa's traps: a few naive lines fall into each, the description does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests

from panelbridge import (
    AuthenticationFailed,
    Conflict,
    CreateOrder,
    Credentials,
    Found,
    InvalidOrder,
    Outcome,
    OutcomeUnknown,
    PackageChange,
    PanelError,
    PermissionMissing,
    RateLimited,
    Secret,
)
from panelbridge.contract.models import AccountRef
from panelbridge.testing.practice import ScriptedReply
from tests.adapters.declarative.conftest import SOON, Practised, Start, order_of


def order(number: int = 1) -> CreateOrder:
    return order_of(number, package="1gib", until=SOON)


def sold(panel: Practised, number: int = 1) -> AccountRef:
    account = panel.adapter.create(order(number)).account
    assert account is not None
    return account.ref


class Naive:
    """What somebody writes in an afternoon."""

    def __init__(self, panel: Practised) -> None:
        self.url = panel.practice.url + "api/v2/"
        self.headers = {"Authorization": f"Token {panel.practice.settings['token']}"}

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return requests.request(method, self.url + path, headers=self.headers, timeout=5, **more)

    def create(self, number: int, **changes: Any) -> requests.Response:
        body = {"username": f"svc{number:05d}@shop.example", "password": "Passw0rd1x", "role": "SimpleUsers"}
        return self.call("POST", "accounts/", json={**body, **changes})


def books(panel: Practised, number: int = 1) -> Any:
    return panel.practice.control.books()["accounts"].get(f"svc{number:05d}")


def test_a_path_without_its_slash_loses_the_write(practised: Start) -> None:
    panel = practised("modoboa")
    naive = Naive(panel)
    assert naive.call("GET", "accounts").history  # a read is sent on, so the path looks right
    assert naive.call("POST", "accounts", json={"username": "svc00001@shop.example"}).status_code == 500
    assert books(panel) is None
    sold(panel)
    sent = [one["path"] for one in panel.practice.control.requests() if one["method"] == "POST"]
    assert sent[-1] == "/api/v2/accounts/"


def test_the_address_is_no_id(practised: Start) -> None:
    panel = practised("modoboa")
    ref = sold(panel)
    by_name = Naive(panel).call("PATCH", "accounts/svc00001@shop.example/", json={"is_active": False})
    assert by_name.status_code == 404  # "no such account", and it is there
    assert ref.id == str(books(panel)["id"])
    assert panel.adapter.suspend(ref, "overdue").outcome is Outcome.DONE
    assert books(panel)["state"] == "suspended"


def test_a_search_finds_others_as_well(practised: Start) -> None:
    panel = practised("modoboa")
    Naive(panel).call("POST", "domains/", json={"name": "shop.example.org"})
    Naive(panel).create(1, username="svc00001@shop.example.org")
    found = Naive(panel).call("GET", "accounts/", params={"search": "svc00001@shop.example"}).json()
    assert found["results"][0]["username"] != "svc00001@shop.example"  # the first row is somebody else
    sold(panel)
    ours = panel.adapter.find(username="svc00001")
    assert isinstance(ours, Found)
    assert ours.account.reference == "bridge:1:1"


@pytest.mark.parametrize(("throttled", "wait"), [("yes", 1.0), ("silently", None)])
def test_too_many_writes_a_second_are_asked_to_wait(
    practised: Start, throttled: str, wait: float | None
) -> None:
    panel = practised("modoboa", throttled=throttled)
    naive = Naive(panel)
    answers = [naive.create(number) for number in range(2, 8)]
    assert answers[-1].status_code == 429
    with pytest.raises(RateLimited) as caught:
        panel.adapter.create(order())
    assert (caught.value.outcome, caught.value.retry_after) == (Outcome.RETRY_LATER, wait)
    assert books(panel) is None


def test_the_loser_of_a_race_answers_500_and_the_account_is_there(practised: Start) -> None:
    panel = practised("modoboa")
    panel.practice.control.act("race", username="svc00002")
    assert Naive(panel).create(2).status_code == 500  # "failed", and svc00002 exists
    assert books(panel, 2) is not None
    panel.practice.control.act("race", username="svc00001")
    assert panel.adapter.create(order()).outcome is Outcome.DONE
    assert books(panel)["reference"] == "bridge:1:1"


def test_a_name_is_taken_in_the_servers_own_language(practised: Start) -> None:
    panel = practised("modoboa")
    naive = Naive(panel)
    naive.create(1)
    assert "already exists" not in naive.create(1).text  # what the naive one looks for
    nobody = b'{"count": 0, "next": null, "previous": null, "results": []}'
    panel.practice.control.set_reply("find", times=1, **vars(ScriptedReply(body=nobody)))
    with pytest.raises(Conflict):  # taken since we looked, which the panel says in a language of ours
        panel.adapter.create(order())


def test_a_token_without_rights_sees_nobody_and_proves_nothing(practised: Start) -> None:
    panel = practised("modoboa")
    ref = sold(panel)
    panel.practice.control.act("revoke_rights")
    gone = Naive(panel).call("DELETE", f"accounts/{ref.id}/")
    assert (gone.status_code, books(panel) is None) == (404, False)  # "already gone", and it is not
    with pytest.raises(OutcomeUnknown):
        panel.adapter.terminate(ref)
    with pytest.raises(PermissionMissing):
        panel.adapter.test_connection()


def test_a_domain_that_is_not_there_is_no_missing_account(practised: Start) -> None:
    panel = practised("modoboa")
    naive = Naive(panel).create(1, username="svc00001@elsewhere.example")
    assert naive.status_code == 404  # on a create
    stranger = panel.with_settings(domain="elsewhere.example")
    with stranger:
        with pytest.raises(InvalidOrder, match="No Domain"):
            stranger.create(order())
        with pytest.raises(PanelError):
            stranger.test_connection()


def test_a_domain_is_not_deleted_by_delete(practised: Start) -> None:
    panel = practised("modoboa")
    ref = sold(panel)
    assert Naive(panel).call("DELETE", "domains/1/").status_code == 400
    assert Naive(panel).call("POST", "domains/1/delete/").status_code == 204  # and its accounts with it
    assert books(panel) is None
    with pytest.raises(OutcomeUnknown):  # nobody sees the domain any more, so nothing is proved
        panel.adapter.terminate(ref)


def test_a_weak_password_is_refused_by_name(practised: Start) -> None:
    panel = practised("modoboa")
    assert Naive(panel).create(1, password="abcdefgh1").status_code == 400
    weak = replace(order(), credentials=Credentials(username="svc00001", password=Secret("abcdefgh1")))
    with pytest.raises(InvalidOrder) as caught:
        panel.adapter.create(weak)
    assert caught.value.field == "password"
    common = replace(order(), credentials=Credentials(username="svc00001", password=Secret("Passw0rd")))
    with pytest.raises(InvalidOrder, match="too common") as caught:
        panel.adapter.create(common)  # which only the panel knows
    assert (caught.value.field, books(panel)) == ("password", None)


def test_a_quota_is_a_text_and_one_that_is_no_number_is_none(practised: Start) -> None:
    panel = practised("modoboa")
    ref = sold(panel)
    told = Naive(panel).call("PATCH", f"accounts/{ref.id}/", json={"mailbox": {"quota": "10 GB"}})
    assert (told.status_code, books(panel)["quota"]) == (200, 0)  # "done", and the mailbox has no limit
    changed = panel.adapter.change_package(ref, PackageChange(package="10gib"))
    assert (changed.outcome, books(panel)["quota"]) == (Outcome.DONE, 10240)


def test_a_domain_that_is_full_refuses(practised: Start) -> None:
    panel = practised("modoboa", domain_quota="1500")
    sold(panel)
    with pytest.raises(InvalidOrder, match="domain quota exceeded"):
        panel.adapter.create(order(2))
    assert books(panel, 2) is None


def test_a_customer_who_writes_into_the_name_is_no_stranger(practised: Start) -> None:
    panel = practised("modoboa")
    ref = sold(panel)
    panel.practice.control.act("rename", username="svc00001")
    assert panel.adapter.suspend(ref, "overdue").outcome is Outcome.DONE


def test_a_customer_who_writes_a_reference_into_the_name_can_still_be_suspended(practised: Start) -> None:
    """Else he makes himself one whom nobody can suspend: what he can write is no proof of whose he is."""
    panel = practised("modoboa")
    ref = sold(panel)
    panel.practice.control.act("edit_reference", username="svc00001", reference="bridge:99:1")
    try:
        outcome = panel.adapter.suspend(ref, "overdue").outcome
    except PanelError as error:
        outcome = error.outcome
    assert outcome is Outcome.DONE


def test_the_word_bearer_is_refused(practised: Start) -> None:
    panel = practised("modoboa")
    headers = {"Authorization": f"Bearer {panel.practice.settings['token']}"}
    url = panel.practice.url + "api/v2/account/me/"
    assert requests.get(url, headers=headers, timeout=5).status_code == 401
    assert panel.adapter.test_connection().identity == "shop.example"
    with panel.with_settings(token="wr0ng") as stranger, pytest.raises(AuthenticationFailed):
        stranger.test_connection()
