"""Fields of DirectAdmin's legacy API to records and back: pure, and strict about every field used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from panelbridge.contract.connect_details import one_time_login
from panelbridge.contract.exceptions import ContractBroken
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    CreateOrder,
    Package,
    PanelAccount,
    SignOn,
    Usage,
)
from panelbridge.contract.strict import unreadable_package
from panelbridge_directadmin.settings import DirectAdminSettings
from panelbridge_directadmin.wire import Fields

MEGABYTE = 1024 * 1024
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """One user as ``CMD_API_SHOW_USER_CONFIG`` says it."""

    username: str
    domain: str
    package: str
    usertype: str
    suspended: bool
    email: str  # empty where the server does not tell

    @property
    def id(self) -> AccountId:
        return account_id(self.username, self.domain)


def account_id(user: str, domain: str) -> AccountId:
    """DirectAdmin's id is the user; ours holds the domain too, so that a name given out anew is noticed."""
    return AccountId(f"{user}:{domain}")


def id_parts(text: str) -> tuple[str, str]:
    """User and domain of an id; the domain is empty where an admin gave the user alone."""
    user, _, domain = text.partition(":")
    return user, domain


def row_from(fields: Fields) -> UserRow:
    """Raises ``ContractBroken``, which names the field and never shows its value."""
    suspended = fields.one("suspended")
    if suspended not in _YES_NO:
        raise ContractBroken("the panel's reply has an unreadable field: suspended", field="suspended")
    return UserRow(
        username=fields.one("username"),
        domain=fields.one("domain"),
        package=fields.one("package"),
        usertype=fields.one("usertype"),
        suspended=_YES_NO[suspended],
        email=fields.one("email") if fields.all("email") else "",
    )


def account_from(row: UserRow) -> PanelAccount:
    state = AccountState.SUSPENDED if row.suspended else AccountState.ACTIVE
    return PanelAccount(id=row.id, username=row.username, state=state, package=row.package)


def unreadable(user: str) -> PanelAccount:
    """A user that the panel lists and of which no more than the name can be read."""
    return PanelAccount(id=AccountId(user), username=user, state=AccountState.UNREADABLE)


def usage_from(config: Fields, usage: Fields) -> Usage:
    """Raises ``ContractBroken``. Both count in megabytes."""
    row = row_from(config)
    return Usage(
        id=row.id,
        username=row.username,
        disk_bytes=_bytes(usage, "quota"),
        disk_limit_bytes=_limit(config, "quota"),
        traffic_bytes=_bytes(usage, "bandwidth"),
        traffic_limit_bytes=_limit(config, "bandwidth"),
    )


def _limit(fields: Fields, name: str) -> int | None:
    return None if fields.one(name) == "unlimited" else _bytes(fields, name)


def _bytes(fields: Fields, name: str) -> int:
    if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", fields.one(name)) is None:
        raise ContractBroken(f"the panel's reply has an unreadable field: {name}", field=name)
    return int(Decimal(fields.one(name)) * MEGABYTE)


def package_from(name: str) -> Package:
    return Package(id=name, name=name) if name else unreadable_package(None)


def sign_on_from(fields: Fields, settings: DirectAdminSettings, expires_at: datetime) -> SignOn:
    """The one-time login, when it leads to the panel's own host. Raises ``ContractBroken``."""
    name = "result" if fields.all("result") else "details"
    return one_time_login(fields.one(name), settings.base_url, expires_at)


def order_facts(order: CreateOrder) -> tuple[str, str]:
    """Domain and e-mail address of an order that was checked."""
    return order.options["domain"].lower(), order.options["email"]
