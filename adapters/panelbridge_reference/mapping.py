"""Payloads of the reference protocol to records and back: pure, and strict about every field used."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, Field

from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    Connection,
    CreateOrder,
    Package,
    PanelAccount,
    PanelBalance,
    Term,
)
from panelbridge.contract.secret import Secret
from panelbridge.contract.strict import Strict

PERMISSIONS = frozenset({"accounts.read", "accounts.write", "accounts.delete"})


class _Account(Strict):
    id: str = Field(min_length=1)
    username: str
    password: str
    enabled: bool
    banned: bool
    expires_at: AwareDatetime | None = Field(strict=False)  # null = never
    package: str
    connections: int
    reference: str | None


class _Package(Strict):
    id: str
    name: str
    term: str  # 1m, 30d
    connections: int
    price: Decimal = Field(strict=False)


class _Panel(Strict):
    version: str
    reseller: str
    time: AwareDatetime = Field(strict=False)
    permissions: list[str]
    balance: Decimal | None = Field(strict=False)


def account_from(payload: Any, now: datetime) -> PanelAccount:
    """``now`` decides whether an enabled account has expired. Raises ``ContractBroken``."""
    wire = _Account.read(payload)
    return PanelAccount(
        id=AccountId(wire.id),
        username=wire.username,
        state=_state(wire, now),
        expires_at=wire.expires_at.astimezone(UTC) if wire.expires_at else None,
        never_expires=wire.expires_at is None,
        password=Secret(wire.password),
        package=wire.package,
        connections=wire.connections,
        reference=wire.reference,
    )


def unreadable(payload: Any) -> PanelAccount:
    """An account that the panel lists and of which no more than its names can be read."""
    row = payload if isinstance(payload, dict) else {}
    reported = {name: value for name, value in row.items() if isinstance(value, str)}
    return PanelAccount(
        id=AccountId(reported.get("id", "")),
        username=reported.get("username", ""),
        state=AccountState.UNREADABLE,
    )


def _state(wire: _Account, now: datetime) -> AccountState:
    if wire.banned:
        return AccountState.BANNED
    if not wire.enabled:
        return AccountState.SUSPENDED
    return AccountState.of_enabled(wire.expires_at, now)


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    wire = _Package.read(payload)
    try:
        term = Term.parse(wire.term)
    except ValueError:
        raise ContractBroken("the panel's package has an unreadable field: term") from None
    return Package(id=wire.id, name=wire.name, term=term, connections=wire.connections, price=wire.price)


def connection_from(payload: Any, now: datetime) -> Connection:
    """Raises ``ContractBroken``."""
    wire = _Panel.read(payload)
    return Connection(
        version=wire.version,
        identity=wire.reseller,
        missing_permissions=tuple(sorted(PERMISSIONS.difference(wire.permissions))),
        clock_skew=(wire.time - now).total_seconds(),
        balance=None if wire.balance is None else PanelBalance(amount=wire.balance),
    )


def order_to(order: CreateOrder, *, dated: bool) -> dict[str, Any]:
    """The body of a create; ``dated`` where the panel takes a date and does not sell lengths."""
    body: dict[str, Any] = {
        "password": order.credentials.password.get_secret_value(),
        "package": order.package,
        "reference": order.reference,
    }
    if dated:
        body["expires_at"] = moment_to(order.until)
    if order.connections is not None:
        body["connections"] = order.connections
    return body


def moment_to(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, as the protocol writes dates."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
