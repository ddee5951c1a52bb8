"""A real Modoboa, driven by the shipped description; what became of an account is read with its API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import pytest
import requests

from panelbridge import (
    Absent,
    AccountState,
    AuthenticationFailed,
    CreateOrder,
    Found,
    InvalidOrder,
    Outcome,
    PackageChange,
    PanelError,
    RateLimited,
)
from panelbridge.contract.models import VerbResult
from tests.real.described import (
    HOSTILE,
    Described,
    adapter_for,
    made,
    new_password,
    order_of,
    refused_or_kept,
    with_hostile,
)
from tests.real.modoboa import DOMAIN, Modoboa, missing, running_modoboa
from tests.real.started import select_nothing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Shop(Described):
    modoboa: Modoboa

    def order(self) -> CreateOrder:
        return order_of(self.adapter, package="1gib")

    def shown(self, username: str) -> list[dict[str, Any]]:
        """The rows that have exactly this address."""
        reply = requests.get(
            f"{self.modoboa.url}api/v2/accounts/",
            params={"search": f"{username}@{DOMAIN}"},
            headers={"Authorization": f"Token {self.modoboa.token}"},
            timeout=30,
        )
        rows: list[dict[str, Any]] = reply.json()["results"]
        return [row for row in rows if row["username"] == f"{username}@{DOMAIN}"]


def unhurried(do: Callable[[], Answer]) -> Answer:
    """``do``, repeated when the panel asks to slow down (five writes a second), as the engine does it."""
    while True:
        try:
            return do()
        except RateLimited as error:
            wait = error.retry_after or 1.0  # the panel leaves the header out now and then
        select_nothing(wait)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_modoboa(tmp_path_factory.mktemp("modoboa")) as modoboa:
        given = {"base_url": modoboa.url, "token": modoboa.token, "domain": DOMAIN}
        with adapter_for("modoboa", **given) as adapter:
            yield Shop(modoboa=modoboa, spec="modoboa", settings=given, adapter=adapter)


def ended(do: Callable[[], VerbResult]) -> Outcome:
    return unhurried(do).outcome


def test_the_life_of_an_account(shop: Shop) -> None:
    adapter, order = shop.adapter, shop.order()
    name = order.credentials.username
    assert adapter.test_connection().identity == DOMAIN
    assert isinstance(adapter.find(username=name), Absent)

    account = made(unhurried(lambda: adapter.create(order)))
    assert (account.username, account.reference) == (name, order.reference)
    assert shop.shown(name)[0]["mailbox"]["quota"] == "1024"
    assert ended(lambda: adapter.create(order)) is Outcome.ALREADY
    assert isinstance(adapter.get(account.ref), Found)

    assert ended(lambda: adapter.suspend(account.ref, "overdue")) is Outcome.DONE
    assert shop.shown(name)[0]["is_active"] is False
    assert ended(lambda: adapter.suspend(account.ref, "overdue")) is Outcome.ALREADY
    found = adapter.get(account.ref)
    assert isinstance(found, Found)
    assert found.account.state is AccountState.SUSPENDED
    assert ended(lambda: adapter.unsuspend(account.ref)) is Outcome.DONE
    assert shop.shown(name)[0]["is_active"] is True

    change = PackageChange(package="10gib")
    assert ended(lambda: adapter.change_package(account.ref, change)) is Outcome.DONE
    assert shop.shown(name)[0]["mailbox"]["quota"] == "10240"
    assert ended(lambda: adapter.change_package(account.ref, change)) is Outcome.ALREADY

    renewed = new_password(adapter, account)
    assert ended(lambda: adapter.reset_credentials(account.ref, renewed)) is Outcome.DONE
    assert account.id in [one.id for one in adapter.list_accounts()]

    assert ended(lambda: adapter.terminate(account.ref)) is Outcome.DONE
    assert shop.shown(name) == []
    assert ended(lambda: adapter.terminate(account.ref)) is Outcome.ALREADY
    assert isinstance(adapter.get(account.ref), Absent)


def test_a_wrong_token_is_told_as_such(shop: Shop) -> None:
    with shop.other(token="0123456789abcdef") as stranger:
        for attempt in (stranger.test_connection, lambda: stranger.create(shop.order())):
            with pytest.raises(AuthenticationFailed):
                attempt()


def test_an_unknown_domain_is_refused(shop: Shop) -> None:
    with shop.other(domain="nowhere.example") as stranger, pytest.raises(InvalidOrder, match="No Domain"):
        unhurried(lambda: stranger.create(shop.order()))


@pytest.mark.parametrize("cut", ["when it was sent", "before its answer"])
def test_a_create_that_loses_its_answer_makes_one_account(shop: Shop, cut: str) -> None:
    order = shop.order()
    name = order.credentials.username
    shop.create_unheard(order, "POST ", late=cut == "before its answer")
    assert ended(lambda: shop.adapter.create(order)) in (Outcome.ALREADY, Outcome.DONE)
    assert len(shop.shown(name)) == 1


def test_equal_creates_at_once_make_one_account(shop: Shop) -> None:
    """The panel answers 500 to those who lose."""
    order = shop.order()

    def create(_: int) -> Outcome:
        try:
            with shop.other() as adapter:
                return unhurried(lambda: adapter.create(order)).outcome
        except PanelError as error:
            return error.outcome

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(create, range(4)))
    assert Outcome.DONE in outcomes
    assert Outcome.REFUSED not in outcomes
    assert len(shop.shown(order.credentials.username)) == 1


@pytest.mark.parametrize("field", ["username", "password", "reference"])
def test_hostile_text_is_data_or_refused(shop: Shop, field: str) -> None:
    before = {row.id for row in shop.adapter.list_accounts()}
    kept = set()
    for text in HOSTILE.values():
        order = with_hostile(shop.order(), field, text)
        account = unhurried(partial(refused_or_kept, shop.adapter, order, field))
        if account is not None:
            kept.add(account.id)
    assert {row.id for row in shop.adapter.list_accounts()} - before == kept


def test_the_reference_is_kept_letter_by_letter(shop: Shop) -> None:
    order = replace(shop.order(), reference="real:{{7*7}}<i>x</i>&amp;'\"%00")
    account = made(unhurried(lambda: shop.adapter.create(order)))
    assert shop.shown(account.username)[0]["first_name"] == f"panelbridge {order.reference}"
