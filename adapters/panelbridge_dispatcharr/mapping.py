"""Dispatcharr's payloads to records and back: pure, and strict about every field used.

Seen on 0.29.0. The player's password is ``custom_properties.xc_password``; two keys beside it are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from panelbridge.exceptions import ContractBroken, InvalidOrder
from panelbridge.models import AccountId, AccountState, Connection, CreateOrder, Package, PanelAccount
from panelbridge.secret import Secret

WireT = TypeVar("WireT", bound=BaseModel)

ADMIN_LEVEL = 10
STREAMER_LEVEL = 0
PLAYER_PASSWORD = "xc_password"  # noqa: S105 - the panel's name of a property
HELD_PASSWORD = "panelbridge_held_xc_password"  # noqa: S105 - ours: the player password while suspended
REFERENCE = "panelbridge_reference"  # ours


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class _Properties(_Wire):
    player: str | None = Field(default=None, alias=PLAYER_PASSWORD)
    held: str | None = Field(default=None, alias=HELD_PASSWORD)
    reference: str | None = Field(default=None, alias=REFERENCE)


class _User(_Wire):
    id: int = Field(ge=1)
    username: str = Field(min_length=1)
    user_level: int
    channel_profiles: list[int]
    stream_limit: int
    custom_properties: _Properties | None


class _Me(_Wire):
    username: str
    user_level: int


class _Profile(_Wire):
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
    held: str | None = field(repr=False)  # the same, put aside while suspended
    reference: str | None

    @property
    def password(self) -> str | None:
        return self.player or self.held

    @property
    def state(self) -> AccountState:
        """Suspended is what we put aside; a password that is nowhere was taken away by somebody else."""
        if self.player:
            return AccountState.ACTIVE
        return AccountState.SUSPENDED if self.held else AccountState.BANNED


def user_from(payload: Any) -> User:
    """Raises ``ContractBroken``."""
    wire = _read(_User, payload)
    properties = wire.custom_properties or _Properties()
    return User(
        id=wire.id,
        username=wire.username,
        level=wire.user_level,
        profiles=frozenset(wire.channel_profiles),
        stream_limit=wire.stream_limit,
        player=properties.player or None,
        held=properties.held or None,
        reference=properties.reference,
    )


def account_of(user: User) -> PanelAccount:
    return PanelAccount(
        id=AccountId(str(user.id)),
        username=user.username,
        state=user.state,
        password=None if user.password is None else Secret(user.password),
        package=",".join(map(str, sorted(user.profiles))) or None,
        connections=user.stream_limit,
        reference=user.reference,
    )


def package_from(payload: Any) -> Package:
    """Raises ``ContractBroken``."""
    wire = _read(_Profile, payload)
    return Package(id=str(wire.id), name=wire.name)


def connection_from(me: Any, version: Any) -> Connection:
    """Raises ``ContractBroken``."""
    wire = _read(_Me, me)
    told = version.get("version") if isinstance(version, dict) else None
    known = isinstance(told, str) and told
    return Connection(
        version=told if known else None,
        identity=wire.username,
        missing_permissions=() if wire.user_level >= ADMIN_LEVEL else (f"user_level {ADMIN_LEVEL} (admin)",),
        warnings=() if known else ("the panel does not tell its version",),
    )


def order_to(order: CreateOrder, stream_limit: int) -> dict[str, Any]:
    """The body of a create; never without ``password``, which 0.29.0 answers with a crash."""
    password = order.credentials.password.get_secret_value()
    return {
        "username": order.credentials.username,
        "password": password,
        "user_level": STREAMER_LEVEL,
        "stream_limit": stream_limit if order.connections is None else connections_to(order.connections),
        "channel_profiles": [profile_to(order.package)],
        "custom_properties": {PLAYER_PASSWORD: password, REFERENCE: order.reference},
    }


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


def passwords_to(web: str, properties: Mapping[str, str | None]) -> dict[str, Any]:
    """Both passwords in one request; a property that is null is removed, others stay."""
    return {"password": web, "custom_properties": dict(properties)}


def _read(model: type[WireT], payload: Any) -> WireT:
    try:
        return model.model_validate(payload)
    except ValidationError as error:
        fields = sorted({".".join(map(str, item["loc"])) or "reply" for item in error.errors()})
        broken = f"the panel's reply has missing or unreadable fields: {', '.join(fields)}"
    raise ContractBroken(broken)
