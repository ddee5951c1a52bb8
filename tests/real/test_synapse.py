"""A real Synapse, driven by the shipped description; real logins say who can come in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    Credentials,
    Found,
    Outcome,
    PermissionMissing,
)
from tests.real.described import (
    Described,
    adapter_for,
    clear,
    ending_of,
    kept_of_hostile,
    made,
    new_password,
    order_of,
)
from tests.real.synapse import HOST, Synapse, missing, running_synapse

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@dataclass(frozen=True, kw_only=True)
class Shop(Described):
    synapse: Synapse

    def log_in(self, credentials: Credentials) -> requests.Response:
        identifier = {"type": "m.id.user", "user": credentials.username}
        body = {"type": "m.login.password", "identifier": identifier, "password": clear(credentials)}
        return requests.post(f"{self.synapse.url}_matrix/client/v3/login", json=body, timeout=30)

    def users(self) -> list[str]:
        return [account.username for account in self.adapter.list_accounts()]


def settings_of(server: Synapse) -> dict[str, Any]:
    return {"base_url": server.url, "user": server.username, "password": server.password, "host": HOST}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("synapse")
    with running_synapse(folder) as server:
        settings = settings_of(server)
        with adapter_for("synapse", **settings) as adapter:
            yield Shop(synapse=server, spec="synapse", settings=settings, adapter=adapter)


def test_the_life_of_an_account(shop: Shop) -> None:
    adapter, order = shop.adapter, order_of(shop.adapter)
    credentials = order.credentials
    connection = adapter.test_connection()
    assert (connection.identity, connection.version) == (f"@root1:{HOST}", "1.163.2")
    assert isinstance(adapter.find(username=credentials.username), Absent)

    account = made(adapter.create(order))
    assert account.reference == order.reference
    assert shop.log_in(credentials).ok
    assert adapter.create(order).outcome is Outcome.ALREADY
    assert isinstance(adapter.get(account.ref), Found)

    assert adapter.suspend(account.ref, "overdue").outcome is Outcome.DONE
    assert shop.log_in(credentials).json()["errcode"] == "M_USER_LOCKED"
    assert adapter.suspend(account.ref, "overdue").outcome is Outcome.ALREADY
    listed = {one.username: one.state for one in adapter.list_accounts()}
    assert listed[account.username] is AccountState.SUSPENDED
    assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
    assert shop.log_in(credentials).ok

    renewed = new_password(adapter, account)
    assert adapter.reset_credentials(account.ref, renewed).outcome is Outcome.DONE
    assert (shop.log_in(renewed).ok, shop.log_in(credentials).ok) == (True, False)

    assert adapter.terminate(account.ref).outcome is Outcome.DONE
    assert not shop.log_in(renewed).ok
    assert adapter.terminate(account.ref).outcome is Outcome.ALREADY
    assert isinstance(adapter.get(account.ref), Absent)
    assert account.username not in shop.users()
    assert ending_of(lambda: adapter.create(order)) is Outcome.UNKNOWN  # the name is used up


def test_wrong_credentials_rights_and_host_are_told_as_such(shop: Shop) -> None:
    order = order_of(shop.adapter)
    with shop.other(password="wr0ng-password") as stranger, pytest.raises(AuthenticationFailed):
        stranger.create(order)
    with shop.other(host="nowhere.test") as stranger, pytest.raises(PermissionMissing, match="local users"):
        stranger.create(order)
    shop.adapter.create(order)
    customer = {"user": order.credentials.username, "password": clear(order.credentials)}
    with shop.other(**customer) as stranger, pytest.raises(PermissionMissing, match="admin"):
        stranger.test_connection()


def test_a_409_has_made_the_user_and_is_no_refusal(shop: Shop) -> None:
    first = order_of(shop.adapter)
    second = replace(order_of(shop.adapter), reference=first.reference)
    shop.adapter.create(first)

    outcome = ending_of(lambda: shop.adapter.create(second))

    assert second.credentials.username in shop.users()
    assert outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("late", [False, True], ids=["when it was sent", "before its answer"])
def test_a_create_that_loses_its_answer_makes_one_account(shop: Shop, late: bool) -> None:
    order = order_of(shop.adapter)
    shop.create_unheard(order, "PUT ", late=late)
    assert shop.adapter.create(order).outcome is Outcome.ALREADY
    assert shop.users().count(order.credentials.username) == 1
    assert shop.log_in(order.credentials).ok


def test_equal_creates_at_once_make_one_account(shop: Shop) -> None:
    order = order_of(shop.adapter)

    def create(_: int) -> Outcome:
        with shop.other() as adapter:
            return ending_of(lambda: adapter.create(order))

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(create, range(4)))
    assert Outcome.REFUSED not in outcomes
    assert {Outcome.DONE, Outcome.ALREADY} & set(outcomes)
    assert shop.users().count(order.credentials.username) == 1


@pytest.mark.parametrize("field", ["username", "password", "reference"])
def test_hostile_text_is_data_or_refused(shop: Shop, field: str) -> None:
    before = set(shop.users())
    kept = kept_of_hostile(shop.adapter, field)
    assert set(shop.users()) - before == kept
