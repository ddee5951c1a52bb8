"""What is checked before anything is sent, and what a create sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from panelbridge.contract.exceptions import InvalidOrder
from panelbridge.contract.models import AccountState, CreateOrder, PanelAccount, Purchase
from panelbridge_onestream.mapping import Line, mac_or_none, rid_of

_NUMBER = re.compile(r"[0-9]{1,9}")
_LINE_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_BOUQUETS = "bouquets"


def check_id(line_id: str) -> None:
    """Raises ``InvalidOrder`` unless it can be a line's id (a UUID) in a path."""
    if _LINE_ID.fullmatch(line_id) is None:
        raise InvalidOrder("the id of a line is a UUID", field="id")


def package_id(package: str) -> int:
    """Raises ``InvalidOrder``: packages are whole numbers there."""
    if _NUMBER.fullmatch(package) is None:
        raise InvalidOrder("the id of a package is a whole number", field="package")
    return int(package)


def bouquets_of(options: Mapping[str, str]) -> frozenset[int] | None:
    """The option ``bouquets``, such as ``1,2``; ``None`` when it is not given. Raises ``InvalidOrder``."""
    if not set(options) <= {_BOUQUETS}:
        raise InvalidOrder("the only option of this panel is bouquets", field="options")
    text = options.get(_BOUQUETS)
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise InvalidOrder("bouquets are whole numbers with commas between", field="options.bouquets")
    return frozenset(map(int, parts))


def with_mac(order: CreateOrder) -> CreateOrder:
    """``order`` with its device address in normal form, where it can be brought into it."""
    return order if order.mac is None else replace(order, mac=mac_or_none(order.mac) or order.mac)


def create_body(order: CreateOrder) -> dict[str, Any]:
    """What a create sends. Raises ``InvalidOrder``."""
    body: dict[str, Any] = {
        "package": package_id(order.package),
        "username": order.credentials.username,
        "password": order.credentials.password.get_secret_value(),
        "reseller_notes": order.reference,
        "rid": rid_of("create", order.key or order.reference),
    }
    if order.mac is not None:
        body["mac_addr"] = with_mac(order).mac
    if order.connections is not None:
        body["max_connections"] = order.connections
    bouquets = bouquets_of(order.options)
    if bouquets is not None:
        body["bouquets"] = sorted(bouquets)
    return body


def check_leave(account: PanelAccount, purchase: Purchase) -> None:
    """Raises ``InvalidOrder``: what a renewal does to an unlimited line, or with another package to the
    remaining term, is not documented, so it is bought with the plan's leave only.
    """
    has_term_to_lose = account.never_expires or (
        account.package != purchase.package and account.state is not AccountState.EXPIRED
    )
    if has_term_to_lose and not purchase.allow_restart:
        raise InvalidOrder("this renewal may restart the term, and the plan gives no leave", field="package")


def moved_unasked(before: Line, after: Line) -> tuple[str, ...]:
    """What an edit of name and password moved besides: whether it keeps the rest is not documented."""
    names = ("expires_at", "state", "package", "connections", "reference", "mac", "trial")
    moved = [name for name in names if getattr(before.account, name) != getattr(after.account, name)]
    return (*moved, *(("options",) if before.bouquets != after.bouquets else ()))
