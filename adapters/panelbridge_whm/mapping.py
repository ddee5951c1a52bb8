"""Payloads of WHM API 1 to records and back: pure, and strict about every field used.

Field names and their values are from the vendor's public reference of ``accountsummary``, ``listaccts``,
``listpkgs``, ``acctcounts`` and ``create_user_session`` (api.docs.cpanel.net).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from panelbridge.contract.connect_details import one_time_login
from panelbridge.contract.exceptions import ContractBroken, InvalidOrder
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    CreateOrder,
    Package,
    PanelAccount,
    SignOn,
    Usage,
)
from panelbridge.contract.strict import Strict
from panelbridge_whm.settings import WhmSettings

MIB = 1024 * 1024
_FLAGS = {0: False, 1: True, "0": False, "1": True}


def flag(value: Any) -> bool:
    """0 or 1, as a number or as text. Raises ``ValueError``."""
    if isinstance(value, (int, str)) and not isinstance(value, bool) and value in _FLAGS:
        return _FLAGS[value]
    raise ValueError("neither 0 nor 1")


def _disk(value: Any) -> int | None:
    """Bytes of ``14M`` (mebibytes); ``None`` for unlimited."""
    if value == "unlimited":
        return None
    found = re.fullmatch(r"(\d{1,15})M?", str(value)) if isinstance(value, (int, str)) else None
    if found is None:
        raise ValueError("no amount of disk space")
    return int(found[1]) * MIB


Flag = Annotated[bool, BeforeValidator(flag)]


class AccountRow(Strict):
    """One account as ``accountsummary`` and ``listaccts`` tell it."""

    user: str = Field(min_length=1)
    domain: str
    email: str | None
    plan: str
    owner: str
    suspended: Flag
    is_locked: Flag  # suspended so that only root may lift it

    @property
    def id(self) -> AccountId:
        return account_id(self.user, self.domain)


class _Disk(Strict):
    diskused: Annotated[int | None, BeforeValidator(_disk)]
    disklimit: Annotated[int | None, BeforeValidator(_disk)]


class _Package(Strict):
    name: str = Field(min_length=1)


class _Session(Strict):
    url: str
    expires: int


class Slots(Strict):
    """A reseller's account slots: no money."""

    active: int
    suspended: int
    limit: int | str | None = None  # text where there is none


def account_id(user: str, domain: str) -> AccountId:
    """WHM's id is the user; ours holds the domain too, so that a name given out anew is noticed."""
    return AccountId(f"{user}:{domain}")


def id_parts(text: str) -> tuple[str, str]:
    """User and domain of an id; the domain is empty where an admin gave the user alone."""
    user, _, domain = text.partition(":")
    return user, domain


def row_from(payload: Any) -> AccountRow:
    """Raises ``ContractBroken``."""
    return AccountRow.read(payload)


def account_from(row: AccountRow) -> PanelAccount:
    return PanelAccount(id=row.id, username=row.user, state=_state(row), package=row.plan)


def reported(payload: Any, name: str) -> str | None:
    """A name as its row says it, ``None`` where it does not; nothing else of the row is read."""
    value = payload.get(name) if isinstance(payload, dict) else None
    return value if isinstance(value, str) and value else None


def unreadable(payload: Any) -> PanelAccount:
    """An account that the panel lists and of which no more than its names can be read."""
    user, domain = reported(payload, "user") or "", reported(payload, "domain")
    return PanelAccount(
        id=AccountId(user) if domain is None else account_id(user, domain),
        username=user,
        state=AccountState.UNREADABLE,
    )


def _state(row: AccountRow) -> AccountState:
    if not row.suspended:
        return AccountState.ACTIVE
    return AccountState.BANNED if row.is_locked else AccountState.SUSPENDED


def usage_from(payload: Any) -> Usage:
    """Raises ``ContractBroken``."""
    row, disk = row_from(payload), _Disk.read(payload)
    return Usage(id=row.id, username=row.user, disk_bytes=disk.diskused, disk_limit_bytes=disk.disklimit)


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    name = _Package.read(payload).name
    return Package(id=name, name=name)


def resolve_package(wanted: str, names: Iterable[str], user: str) -> str:
    """The server's name of a package: a reseller's own are called ``RESELLER_NAME``.

    Raises ``InvalidOrder``: asked for one that is not there, the server may do anything.
    """
    known = set(names)
    for name in (wanted, f"{user}_{wanted}"):
        if name in known:
            return name
    raise InvalidOrder("the server offers us no package of that name", field="package")


def slots_from(payload: Any) -> Slots:
    """Raises ``ContractBroken``."""
    return Slots.read(payload)


def sign_on_from(payload: Any, settings: WhmSettings) -> SignOn:
    """The one-time login, when it leads to the panel's own host. Raises ``ContractBroken``."""
    session = _Session.read(payload)
    try:
        expires_at = datetime.fromtimestamp(session.expires, UTC)
    except (ValueError, OverflowError, OSError):
        raise ContractBroken("the end of the one-time login is no date") from None
    return one_time_login(session.url, settings.base_url, expires_at)


def order_facts(order: CreateOrder) -> tuple[str, str]:
    """Domain and e-mail address of an order that was checked."""
    return order.options["domain"].lower(), order.options["email"]
