"""What is refused before anything is sent: marks that fit into no address, and whom we never change."""

from __future__ import annotations

import re

from panelbridge.contract.exceptions import InvalidOrder, PermissionMissing
from panelbridge.contract.models import AccountRef, CreateOrder
from panelbridge_pterodactyl.mapping import User

# Goes into a path: no slash, which web servers refuse or unpack, and nothing that could be a dot segment.
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._@+-]{0,127}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def check_account(order: CreateOrder) -> None:
    """Raises ``InvalidOrder`` for marks that the panel cannot be asked by, and for other options."""
    for reference in (order.reference, order.customer):
        if reference is not None:
            check_reference(reference)
    if order.options.keys() - {"email"}:
        raise InvalidOrder("this backend has no options but the e-mail address", field="options")
    if _EMAIL.fullmatch(order.options["email"]) is None:
        raise InvalidOrder("the e-mail address is none that the panel takes", field="options.email")


def check_reference(reference: str) -> None:
    if _REFERENCE.fullmatch(reference) is None:
        raise InvalidOrder("the reference holds what cannot stand in the panel's address", field="reference")


def check_customer(user: User) -> User:
    """``user``, unless he administers the panel: the bridge changes no administrator."""
    if user.root_admin:
        raise PermissionMissing(
            "the server's user administers the panel; the bridge changes no administrator",
            advice="The panel's owner takes the administration from this user, or changes it by hand.",
        )
    return user


def number_of(ref: AccountRef) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,17}", ref.id) is None:
        raise InvalidOrder("the panel's ids of servers are numbers", field="id")
    return int(ref.id)
