"""Dispatcharr's payloads to records and back: pure, and strict about every field used.

Seen on 0.29.0. The player's password is ``custom_properties.xc_password``, which only an admin can write.
Every other property can be written by whoever signs in with that user, so none of them is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from panelbridge.contract.exceptions import ContractBroken, InvalidOrder
from panelbridge.contract.models import (
    AccountId,
    AccountState,
    Connection,
    CreateOrder,
    Package,
    PanelAccount,
    Usage,
)
from panelbridge.contract.secret import Secret, random_text
from panelbridge.contract.strict import Strict

ADMIN_LEVEL = 10
STREAMER_LEVEL = 0
PLAYER_PASSWORD = "xc_password"  # noqa: S105 - the panel's name of a property
HELD_PASSWORD = "panelbridge_held_xc_password"  # noqa: S105 - of bridges before: removed where it is met
REFERENCE = "panelbridge_reference"  # ours, for the eyes of the panel's owner
UNRESTRICTED = "unrestricted"
"""The package of a user without a channel profile: he sees every channel (seen on 0.29.0)."""


class _Properties(Strict):
    player: str | None = Field(default=None, alias=PLAYER_PASSWORD)


class _Named(Strict):
    id: int = Field(ge=1)
    username: str = Field(min_length=1)


class _User(_Named):
    user_level: int
    channel_profiles: list[int]
    stream_limit: int
    custom_properties: _Properties | None
    api_key: str | None = Field(default=None, repr=False)


class _Me(Strict):
    username: str
    user_level: int


class _Profile(Strict):
    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of the panel, as far as an account is made of it."""

    id: int
    username: str
    level: int
    profiles: frozenset[int]
    stream_limit: int  # 0 = unlimited
    player: str | None = field(repr=False)  # the password a player uses
    has_api_key: bool  # made by whoever signed in with this user

    @property
    def package(self) -> str:
        return ",".join(map(str, sorted(self.profiles))) or UNRESTRICTED

    @property
    def state(self) -> AccountState:
        """Without a password nobody plays. Who took it away, nothing says that a customer cannot write."""
        return AccountState.ACTIVE if self.player else AccountState.SUSPENDED


class _Seen(_Named):
    last_login: str | None = None


def usage_from(payload: Any) -> Usage | None:
    """The last web sign-in; null is no news of a player, so it is not known. ``None``: an unreadable row."""
    try:
        wire = _Seen.read(payload)
        seen = None if wire.last_login is None else datetime.fromisoformat(wire.last_login).astimezone(UTC)
    except (ContractBroken, ValueError):
        return None
    return Usage(id=AccountId(str(wire.id)), username=wire.username, last_seen=seen)


def names_from(payload: Any) -> tuple[int | None, str | None]:
    """Id and name as far as the row says them: ``None`` where it does not."""
    reported = payload if isinstance(payload, dict) else {}
    own, name = reported.get("id"), reported.get("username")
    is_id = isinstance(own, int) and not isinstance(own, bool)
    return own if is_id else None, name if isinstance(name, str) and name else None


def listed_from(payload: Any) -> PanelAccount | None:
    """One row of the list; ``None`` for somebody who runs the panel and never was a customer of ours.

    One bad row is one bad account, of which id and name are reported as far as they can be read.
    """
    try:
        user = user_from(payload)
    except ContractBroken:
        own, name = names_from(payload)
        own_id = AccountId("" if own is None else str(own))
        return PanelAccount(id=own_id, username=name or "", state=AccountState.UNREADABLE)
    marked = REFERENCE in (payload["custom_properties"] or {})
    return account_from(user) if user.level < ADMIN_LEVEL or marked else None


def user_from(payload: Any) -> User:
    """Raises ``ContractBroken``."""
    wire = _User.read(payload)
    properties = wire.custom_properties or _Properties()
    return User(
        id=wire.id,
        username=wire.username,
        level=wire.user_level,
        profiles=frozenset(wire.channel_profiles),
        stream_limit=wire.stream_limit,
        player=properties.player or None,
        has_api_key=bool(wire.api_key),
    )


def account_from(user: User) -> PanelAccount:
    return PanelAccount(
        id=AccountId(str(user.id)),
        username=user.username,
        state=user.state,
        password=None if user.player is None else Secret(user.player),
        package=user.package,
        connections=user.stream_limit,
    )


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    wire = _Profile.read(payload)
    return Package(id=str(wire.id), name=wire.name)


def connection_from(me: Any, version: Any) -> Connection:
    """Raises ``ContractBroken``."""
    wire = _Me.read(me)
    reported = version.get("version") if isinstance(version, dict) else None
    known = isinstance(reported, str) and reported
    return Connection(
        version=reported if known else None,
        identity=wire.username,
        missing_permissions=() if wire.user_level >= ADMIN_LEVEL else (f"user_level {ADMIN_LEVEL} (admin)",),
        warnings=() if known else ("the panel does not tell its version",),
    )


def order_to(order: CreateOrder, stream_limit: int) -> dict[str, Any]:
    """The body of a create; never without ``password``, which 0.29.0 answers with a crash."""
    password = order.credentials.password.get_secret_value()
    return {
        "username": order.credentials.username,
        "user_level": STREAMER_LEVEL,
        **rights_to(order.package, stream_limit if order.connections is None else order.connections),
        **passwords_to({PLAYER_PASSWORD: password, REFERENCE: order.reference}),
    }


def rights_to(package: str, connections: int | None) -> dict[str, Any]:
    """What a package lets a user do; ``connections`` None leaves them. Raises ``InvalidOrder``."""
    rights: dict[str, Any] = {"channel_profiles": [profile_to(package)]}
    if connections is not None:
        rights["stream_limit"] = connections_to(connections)
    return rights


def profile_to(package: str) -> int:
    """The channel profile a package is. Raises ``InvalidOrder``."""
    if not (package.isascii() and package.isdigit() and len(package) < 10):  # noqa: PLR2004 - a 32-bit id
        raise InvalidOrder("a package of this panel is the number of a channel profile", field="package")
    return int(package)


def connections_to(connections: int) -> int:
    """Raises ``InvalidOrder``."""
    if connections < 0:
        raise InvalidOrder("the number of connections cannot be negative", field="connections")
    return connections


def passwords_to(properties: Mapping[str, str | None]) -> dict[str, Any]:
    """Properties, of which null removes one and others stay, and a web password that nobody knows.

    The web login is no part of what is sold: with it a customer writes his own properties.
    """
    return {"password": random_text(40), "custom_properties": dict(properties)}
