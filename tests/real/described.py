"""A shipped description at a real server: adapters, orders that fit, and hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from panelbridge import CreateOrder, Credentials, Outcome, PanelAccount, PanelError, Secret
from panelbridge.models import VerbResult
from panelbridge.settings import read_settings
from panelbridge.testing.conformance.hostile import VALUES
from panelbridge.testing.orders import credentials_for, order_for
from panelbridge.testing.practice.setup import MONTH
from panelbridge_declarative import DeclarativeAdapter

HOSTILE = VALUES


def adapter_for(spec: str, **given: Any) -> DeclarativeAdapter:
    values = {"spec": spec, "allow_http": True, **given}
    settings: Any = read_settings(DeclarativeAdapter.settings_model_for(values), values)
    return DeclarativeAdapter(settings)


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


def ending_of(do: Callable[[], VerbResult]) -> Outcome:
    """How a verb ended, whether it returned or raised."""
    try:
        return do().outcome
    except PanelError as error:
        return error.outcome
