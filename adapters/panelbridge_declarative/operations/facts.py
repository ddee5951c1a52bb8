"""The facts that expressions read, made from what a verb was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panelbridge.contract.models import AccountRef, CreateOrder
from panelbridge.contract.secret import Secret
from panelbridge_declarative.mapping import NEVER

_EMPTY: dict[str, Any] = dict.fromkeys(
    ("id", "username", "password", "reference", "expires", "connections", "mac", "key", "package")
)


def of_name(username: str, reference: str | None = None) -> dict[str, Any]:
    """Somebody of whom only the name is known: until the panel says another, it is the id as well."""
    return {**_EMPTY, "id": username, "username": username, "reference": reference}


def of_ref(ref: AccountRef, **wanted: Any) -> dict[str, Any]:
    """The account that ``ref`` names, with what it shall have."""
    known = {
        "id": str(ref.id),
        "username": ref.username,
        "reference": ref.reference,
        "password": clear(ref.password),
    }
    return {**_EMPTY, **known, **wanted}


def of_order(order: CreateOrder) -> dict[str, Any]:
    """The account that ``order`` asks for."""
    return {
        **of_name(order.credentials.username, order.reference),
        "password": clear(order.credentials.password),
        "expires": order.until,
        "connections": order.connections,
        "mac": order.mac,
        "key": order.key,
        "package": order.package,
    }


def clear(secret: Secret | None) -> str | None:
    """The text of a secret, for the request that carries it."""
    return None if secret is None else secret.get_secret_value()


def of_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Results as expressions read them: an expiry that is none is null."""
    return {name: None if value == NEVER and name == "expires" else value for name, value in values.items()}
