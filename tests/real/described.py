"""A shipped description at a real server: adapters, orders that fit, and hostile ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from panelbridge import CreateOrder, Credentials, Outcome, PanelAccount, PanelError, Secret
from panelbridge.contract.models import VerbResult
from panelbridge.contract.settings import read_settings
from panelbridge.testing.conformance.hostile import VALUES
from panelbridge.testing.orders import credentials_for, order_for
from panelbridge.testing.practice.setup import MONTH
from panelbridge_declarative import DeclarativeAdapter
from tests.real.relay import Relay

HOSTILE = VALUES


def adapter_for(spec: str, **given: Any) -> DeclarativeAdapter:
    values = {"spec": spec, "allow_http": True, **given}
    settings: Any = read_settings(DeclarativeAdapter.settings_model_for(values), values)
    return DeclarativeAdapter(settings)


@dataclass(frozen=True, kw_only=True)
class Described:
    """A real panel as its shipped description reaches it."""

    spec: str
    settings: Mapping[str, Any]
    adapter: DeclarativeAdapter

    def other(self, **changes: Any) -> DeclarativeAdapter:
        """An adapter of its own, with some settings changed."""
        return adapter_for(self.spec, **{**self.settings, **changes})

    def create_unheard(self, order: CreateOrder, request_line: str, *, late: bool) -> None:
        """``order``, whose answer is lost on the way (see ``Relay``); returns once the panel is done."""
        with closing(Relay(self.settings["base_url"], request_line, late=late)) as relay:
            with self.other(base_url=relay.url) as lost:
                assert relay.ended(lambda: lost.create(order)) in (Outcome.DONE, Outcome.UNKNOWN)
            relay.wait_until_done()


def order_of(adapter: DeclarativeAdapter, package: str = "") -> CreateOrder:
    """A new account with random lower-case name and random password."""
    return order_for(adapter.capabilities, package=package, term=MONTH, options={}, tried_by="real")


def made(result: VerbResult, order: CreateOrder | None = None) -> PanelAccount:
    """The account of a create that was done; with the password that the journal of ``order`` knows."""
    assert result.outcome is Outcome.DONE
    assert result.account is not None
    assert result.differs == ()
    return result.account if order is None else replace(result.account, password=order.credentials.password)


def new_password(adapter: DeclarativeAdapter, account: PanelAccount) -> Credentials:
    return replace(credentials_for(adapter.capabilities), username=account.username)


def clear(credentials: Credentials) -> str:
    return credentials.password.get_secret_value()


def with_hostile(order: CreateOrder, field: str, text: str) -> CreateOrder:
    if field == "reference":
        return replace(order, reference=text)
    value: Any = Secret(text) if field == "password" else text
    return replace(order, credentials=replace(order.credentials, **{field: value}))


def refused_or_kept(adapter: DeclarativeAdapter, order: CreateOrder, field: str) -> PanelAccount | None:
    """The account of a hostile order with the text as it was sent; ``None`` when it was refused."""
    try:
        result = adapter.create(order)
    except PanelError as error:
        if error.outcome is not Outcome.REFUSED or error.field not in (field, None):
            raise
        return None
    account = result.account
    assert account is not None
    assert account.username == order.credentials.username
    if field == "reference" and adapter.capabilities.reference_field and field not in result.differs:
        assert account.reference == order.reference
    return account


def kept_of_hostile(adapter: DeclarativeAdapter, field: str) -> set[str]:
    """Login names of the hostile orders that were not refused."""
    orders = (with_hostile(order_of(adapter), field, text) for text in HOSTILE.values())
    accounts = (refused_or_kept(adapter, order, field) for order in orders)
    return {account.username for account in accounts if account is not None}


def ending_of(do: Callable[[], VerbResult]) -> Outcome:
    """How a verb ended, whether it returned or raised."""
    try:
        return do().outcome
    except PanelError as error:
        return error.outcome
