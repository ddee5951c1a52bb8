"""A real ejabberd, driven by the shipped description; its own ``check_password`` says who can log in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from panelbridge import (
    Absent,
    AuthenticationFailed,
    Credentials,
    Found,
    NotFound,
    Outcome,
    PanelAccount,
    PanelError,
    PermissionMissing,
)
from tests.real.described import (
    HOSTILE,
    Described,
    adapter_for,
    ending_of,
    kept_of_hostile,
    made,
    new_password,
    order_of,
)
from tests.real.ejabberd import HOST, Ejabberd, missing, running_ejabberd

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


@dataclass(frozen=True, kw_only=True)
class Shop(Described):
    ejabberd: Ejabberd

    def call(self, command: str, **given: str) -> Any:
        server = self.ejabberd
        reply = requests.post(
            f"{server.url}{command}",
            json={"host": HOST, **given},
            auth=(server.username, server.password),
            timeout=30,
        )
        return reply.json()

    def logs_in(self, credentials: Credentials) -> bool:
        password = credentials.password.get_secret_value()
        return bool(self.call("check_password", user=credentials.username, password=password) == 0)

    def users(self) -> list[str]:
        found: list[str] = self.call("registered_users")
        return found

    def sold(self) -> tuple[PanelAccount, Credentials]:
        order = order_of(self.adapter)
        return made(self.adapter.create(order), order), order.credentials


def settings_of(server: Ejabberd) -> dict[str, Any]:
    return {
        "base_url": server.url.removesuffix("api/"),
        "user": server.username,
        "password": server.password,
        "host": HOST,
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("ejabberd")
    with running_ejabberd(folder) as server:
        settings = settings_of(server)
        with adapter_for("ejabberd", **settings) as adapter:
            yield Shop(ejabberd=server, spec="ejabberd", settings=settings, adapter=adapter)


def test_the_life_of_an_account(shop: Shop) -> None:
    adapter, order = shop.adapter, order_of(shop.adapter)
    credentials = order.credentials
    assert adapter.test_connection().identity
    assert isinstance(adapter.find(username=credentials.username), Absent)

    account = made(adapter.create(order), order)
    assert shop.logs_in(credentials)
    assert ending_of(lambda: adapter.create(order)) is Outcome.UNKNOWN  # nothing shows whose it is
    assert isinstance(adapter.get(account.ref), Found)

    for _ in range(2):
        assert adapter.suspend(account.ref, "überfällig").outcome is Outcome.DONE
        assert not shop.logs_in(credentials)
    assert adapter.unsuspend(account.ref).outcome is Outcome.DONE
    assert shop.logs_in(credentials)

    renewed = new_password(adapter, account)
    assert adapter.reset_credentials(account.ref, renewed).outcome is Outcome.DONE
    assert (shop.logs_in(renewed), shop.logs_in(credentials)) == (True, False)
    assert account.username in [one.username for one in adapter.list_accounts()]

    assert adapter.terminate(account.ref).outcome is Outcome.DONE
    assert account.username not in shop.users()
    assert adapter.terminate(account.ref).outcome is Outcome.ALREADY
    assert isinstance(adapter.get(account.ref), Absent)


def test_a_ban_of_nobody_would_make_somebody(shop: Shop) -> None:
    account, _ = shop.sold()
    shop.adapter.terminate(account.ref)
    with pytest.raises(NotFound):
        shop.adapter.suspend(account.ref, "overdue")
    assert account.username not in shop.users()

    assert shop.call("ban_account", user=account.username, reason="overdue") == 0
    assert account.username in shop.users()


def test_wrong_credentials_and_a_wrong_host_are_told_as_such(shop: Shop) -> None:
    order = order_of(shop.adapter)
    with shop.other(password="wr0ng-password") as stranger, pytest.raises(AuthenticationFailed):
        stranger.create(order)
    with shop.other(host="nowhere.test") as stranger, pytest.raises(PermissionMissing, match="virtual host"):
        stranger.create(order)
    assert order.credentials.username not in shop.users()


@pytest.mark.parametrize("late", [False, True], ids=["when it was sent", "before its answer"])
def test_a_create_that_loses_its_answer_makes_one_account(shop: Shop, late: bool) -> None:
    order = order_of(shop.adapter)
    shop.create_unheard(order, "POST /api/register ", late=late)
    assert ending_of(lambda: shop.adapter.create(order)) is Outcome.UNKNOWN
    assert shop.users().count(order.credentials.username) == 1
    assert shop.logs_in(order.credentials)


@pytest.mark.parametrize("field", ["username", "password", "reference"])
def test_hostile_text_is_data_or_refused(shop: Shop, field: str) -> None:
    before = set(shop.users())
    kept = kept_of_hostile(shop.adapter, field)
    assert set(shop.users()) - before == kept


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_hostile_reason_suspends_like_any_other(shop: Shop, reason: str) -> None:
    account, credentials = shop.sold()
    try:
        shop.adapter.suspend(account.ref, HOSTILE[reason])
    except PanelError as error:
        pytest.fail(f"{error!r}")
    assert not shop.logs_in(credentials)
