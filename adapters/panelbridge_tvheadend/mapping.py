"""Tvheadend's rows to records and back: pure, and strict about every field used.

Two objects make an account, linked by nothing but an equal ``username``: the access entry holds its rights,
the password entry its password. Seen on the source of June 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import Field

from panelbridge.contract.exceptions import InvalidOrder
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Package,
    PanelAccount,
    Usage,
)
from panelbridge.contract.secret import Secret
from panelbridge.contract.strict import Strict
from panelbridge_tvheadend.settings import TvheadendSettings

EVERYBODY = frozenset({"", "*"})
"""Names whose access entry grants its rights to callers without credentials."""


UNRESTRICTED = "unrestricted"
"""The package of an access entry without a channel tag: it opens every channel."""


class Named(Strict):
    """What no entry lacks, whatever else is wrong with it."""

    uuid: str = Field(min_length=1)
    username: str


class Access(Named):
    """An access entry: what a name may do."""

    enabled: bool
    admin: bool
    conn_limit: int  # 0 = unlimited
    channel_tag: list[str]
    comment: str | None = None  # our reference; left out when it is empty (seen on the source of June 2026)

    @property
    def package(self) -> str:
        return ",".join(sorted(self.channel_tag)) or UNRESTRICTED


class Password(Named):
    """A password entry. A name may have several, and then every one of them logs in."""

    enabled: bool
    password: str = Field(repr=False)
    comment: str | None = None  # our reference


class _Tag(Strict):
    uuid: str = Field(min_length=1)
    name: str


class _Server(Strict):
    sw_version: str
    api_version: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What the panel holds under one name: one entry of each kind when all is well."""

    username: str
    access: tuple[Access, ...] = ()
    passwords: tuple[Password, ...] = field(default=(), repr=False)

    @property
    def entries(self) -> tuple[Access | Password, ...]:
        """Those that let somebody in first."""
        return (*self.passwords, *self.access)

    @property
    def is_whole(self) -> bool:
        return len(self.access) == len(self.passwords) == 1

    @property
    def was_never_enabled(self) -> bool:
        """A create that was interrupted before its last step: suspending begins at the password entry."""
        off = bool(self.access) and not any(entry.enabled for entry in self.access)
        return off and all(entry.enabled for entry in self.passwords)

    @property
    def state(self) -> AccountState:
        on = any(entry.enabled for entry in self.access) and any(entry.enabled for entry in self.passwords)
        return AccountState.ACTIVE if on else AccountState.SUSPENDED

    def belongs_to(self, reference: str) -> bool:
        """Whether every entry carries it, and none runs the panel."""
        marked = all(entry.comment == reference for entry in self.entries)
        return marked and not any(entry.admin for entry in self.access)

    def has_password(self, credentials: Credentials) -> bool:
        """Whether this is the only password of the name."""
        asked = credentials.password.get_secret_value()
        return [entry.password for entry in self.passwords] == [asked]


def reported_of(payload: Any) -> tuple[str | None, str | None]:
    """The uuid and name as far as the row says them; an empty name means everybody."""
    reported = payload if isinstance(payload, dict) else {}
    uuid, name = reported.get("uuid"), reported.get("username")
    return uuid if isinstance(uuid, str) and uuid else None, name if isinstance(name, str) else None


def access_from(payload: Any) -> Access:
    """Raises ``ContractBroken``."""
    return Access.read(payload)


def password_from(payload: Any) -> Password:
    """Raises ``ContractBroken``."""
    return Password.read(payload)


def account_from(pair: Pair) -> PanelAccount:
    """The account of a pair with an access entry; of two, the first says the rights."""
    access = pair.access[0]
    passwords = {entry.password for entry in pair.passwords}
    return PanelAccount(
        id=AccountId(access.uuid),
        username=pair.username,
        state=pair.state,
        password=Secret(passwords.pop()) if len(passwords) == 1 else None,
        package=access.package,
        connections=access.conn_limit,
        reference=access.comment or None,
    )


def unreadable(payload: Any) -> PanelAccount:
    """An account whose rows hold what cannot be read: one bad row is one bad account."""
    uuid, name = reported_of(payload)
    return PanelAccount(id=AccountId(uuid or ""), username=name or "", state=AccountState.UNREADABLE)


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    wire = _Tag.read(payload)
    return Package(id=wire.uuid, name=wire.name)


def connection_from(payload: Any, identity: str, *, admin: bool) -> Connection:
    """Raises ``ContractBroken``."""
    wire = _Server.read(payload)
    return Connection(
        version=wire.sw_version, identity=identity, missing_permissions=() if admin else ("admin",)
    )


def access_to(order: CreateOrder, settings: TvheadendSettings) -> dict[str, Any]:
    """An access entry that grants nothing yet: it is switched on when the password stands."""
    return {
        "enabled": False,
        "username": order.credentials.username,
        "prefix": settings.prefix,
        "streaming": list(settings.streaming),
        "webui": False,
        "admin": False,
        "conn_limit_type": settings.conn_limit_type,
        **rights_to(order.package, connections_to(order.connections, settings)),
        "comment": order.reference,
    }


def rights_to(package: str, connections: int | None) -> dict[str, Any]:
    """What a package lets an access entry do; ``connections`` None leaves them."""
    rights: dict[str, Any] = {"channel_tag": [package]}
    return rights if connections is None else {**rights, "conn_limit": connections}


def password_to(credentials: Credentials, reference: str | None, *, enabled: bool) -> dict[str, Any]:
    return {
        "enabled": enabled,
        "username": credentials.username,
        "password": credentials.password.get_secret_value(),
        "comment": reference or "",
    }


def connections_to(connections: int | None, settings: TvheadendSettings) -> int:
    """Raises ``InvalidOrder``."""
    if connections is not None and connections < 0:
        raise InvalidOrder("the number of connections cannot be negative", field="connections")
    return settings.conn_limit if connections is None else connections


def exactly(text: str) -> str:
    """The pattern of a grid filter that means this text and no other."""
    return "^" + re.sub(r"([.^$*+?()\[\]{}|\\])", r"\\\1", text) + "$"


def usages_from(accounts: list[PanelAccount], playing: list[Any], now: datetime) -> list[Usage]:
    """Who plays is seen now; of who does not, only that much is known."""
    found = []
    for account in accounts:
        mine = [one for one in playing if isinstance(one, dict) and one.get("username") == account.username]
        first = mine[0] if mine else {}
        found.append(
            Usage(
                id=account.id,
                username=account.username,
                connections=len(mine),
                last_seen=now if mine else None,
                address=_words(first.get("hostname")),
                player=_words(first.get("client")),
            )
        )
    return found


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
