"""Pure checks of an order and of what is held under its name."""

from __future__ import annotations

from collections.abc import Mapping

from panelbridge.contract.exceptions import Conflict, InvalidOrder
from panelbridge.contract.models import CreateOrder
from panelbridge_tvheadend.mapping import Access, Pair


def check_ours(pair: Pair, order: CreateOrder) -> None:
    asked = order.credentials.password.get_secret_value()
    same = all(entry.password == asked for entry in pair.passwords)
    if not (same and pair.belongs_to(order.reference)):
        raise Conflict("the login name is taken by entries that are not ours")


def check_whole(pair: Pair) -> None:
    if not pair.is_whole:
        raise Conflict(
            "the panel does not hold exactly one access entry and one password entry of this name",
            advice="An admin compares the entries of this name; a reset of the password adds a lost one.",
        )


def only_access(pair: Pair) -> Access:
    if len(pair.access) != 1:
        raise Conflict("the panel does not hold exactly one access entry of this name")
    return pair.access[0]


def has(access: Access, package: str, connections: int | None) -> bool:
    return access.channel_tag == [package] and connections in (None, access.conn_limit)


def check_options(options: Mapping[str, str]) -> None:
    if options:
        raise InvalidOrder("this panel has no options", field="options")
