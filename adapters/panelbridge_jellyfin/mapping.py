"""Payloads of Jellyfin and Emby to records and back: pure, and strict about every field used.

A policy is kept as it came and written back whole: what a write leaves out falls back to the server's
defaults, and those are "not disabled" and "every folder".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from panelbridge.contract.models import AccountId, AccountState, PanelAccount, Usage
from panelbridge.contract.strict import Strict
from panelbridge_jellyfin.settings import (
    EVERYTHING,
    NOTHING,
    Dialect,
    FolderPackage,
    JellyfinSettings,
    guid_key,
)

Policy = Mapping[str, Any]


class _Wire(Strict):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=False)


class _Policy(_Wire):
    is_administrator: bool
    is_disabled: bool
    enable_all_folders: bool
    enabled_folders: list[str] | None
    enable_live_tv_access: bool


class _JellyfinPolicy(_Policy):
    max_active_sessions: int
    # Refused (400) when one is missing or empty, so a policy without them must not be written back.
    authentication_provider_id: str = Field(min_length=1)
    password_reset_provider_id: str = Field(min_length=1)


class _Named(_Wire):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{1,64}$")
    name: str = Field(min_length=1)


class _User(_Named):
    policy: dict[str, Any]
    has_configured_password: bool | None = None
    last_login_date: str | None = None


class _Folders(_Wire):
    items: list[Any]


class _Page(_Wire):
    items: list[Any]
    total_record_count: int = Field(ge=0)


class _Info(_Wire):
    version: str
    server_name: str


@dataclass(frozen=True, kw_only=True)
class User:
    """One user as read. ``grants`` is None for every folder there is or ever will be."""

    id: str
    name: str
    administrator: bool
    disabled: bool
    grants: tuple[frozenset[str], bool] | None
    connections: int | None  # 0 = unlimited; None on Emby
    has_password: bool | None  # None: this release does not tell
    used: bool  # somebody has logged in
    policy: Policy = field(repr=False)

    @property
    def sees_nothing(self) -> bool:
        return self.grants == (frozenset(), False)

    @property
    def waits(self) -> bool:
        """As ``locked`` leaves a user, until the password is set."""
        return self.disabled and self.sees_nothing

    @property
    def unfinished(self) -> bool:
        """Access that no package gives: the server's own to a new user, or ours while we make one."""
        return self.grants is None or self.sees_nothing


def names_from(payload: Any) -> tuple[str, str]:
    """Id and name as far as the row says them; empty where it does not."""
    reported = payload if isinstance(payload, dict) else {}
    return _words(reported.get("Id")) or "", _words(reported.get("Name")) or ""


def is_administrator(payload: Any) -> bool:
    """Whether the row says so, as far as it can be read."""
    policy = payload.get("Policy") if isinstance(payload, dict) else None
    return isinstance(policy, dict) and policy.get("IsAdministrator") is True


def user_from(payload: Any, dialect: Dialect) -> User:
    """Raises ``ContractBroken``."""
    wire = _User.read(payload)
    policy: _Policy = (_JellyfinPolicy if dialect is Dialect.JELLYFIN else _Policy).read(wire.policy)
    folders = frozenset(map(guid_key, policy.enabled_folders or ()))
    return User(
        id=wire.id,
        name=wire.name,
        administrator=policy.is_administrator,
        disabled=policy.is_disabled,
        grants=None if policy.enable_all_folders else (folders, policy.enable_live_tv_access),
        connections=policy.max_active_sessions if isinstance(policy, _JellyfinPolicy) else None,
        has_password=wire.has_configured_password,
        used=wire.last_login_date is not None,
        policy=wire.policy,
    )


def usages_from(users: list[Any], sessions: list[Any]) -> list[Usage]:
    """A user without a readable id or name is left out; what a session does not tell is not known."""
    found = []
    for row in users:
        reported = row if isinstance(row, dict) else {}
        own, name = reported.get("Id"), reported.get("Name")
        if not isinstance(own, str) or not isinstance(name, str):
            continue
        mine = [one for one in sessions if isinstance(one, dict) and one.get("UserId") == own]
        newest = max(mine, key=lambda one: str(one.get("LastActivityDate") or ""), default={})
        found.append(
            Usage(
                id=AccountId(own),
                username=name,
                connections=sum(1 for one in mine if one.get("NowPlayingItem")),
                last_seen=_moment(reported.get("LastActivityDate")),
                address=_words(newest.get("RemoteEndPoint")),
                player=_words(newest.get("Client")),
            )
        )
    return found


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    """An ISO date; .NET prints seven digits behind the second."""
    text = re.sub(r"(\.\d{6})\d+", r"\1", value) if isinstance(value, str) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def account_from(user: User, packages: Mapping[str, FolderPackage]) -> PanelAccount:
    return PanelAccount(
        id=AccountId(user.id),
        username=user.name,
        # A lock-out after bad passwords sets the same flag: nothing here distinguishes the two.
        state=AccountState.SUSPENDED if user.disabled else AccountState.ACTIVE,
        package=package_of(user, packages),
        connections=user.connections,
    )


def unreadable(user_id: str, name: str) -> PanelAccount:
    """A user whose row holds what cannot be read."""
    return PanelAccount(id=AccountId(user_id), username=name, state=AccountState.UNREADABLE)


def package_of(user: User, packages: Mapping[str, FolderPackage]) -> str:
    """The package of exactly this access, else words that are never a package's name."""
    if user.grants is None:
        return EVERYTHING
    if user.sees_nothing:
        return NOTHING
    for name, package in packages.items():
        if package.grants == user.grants:
            return name
    folders, live_tv = user.grants
    return "folders: " + ",".join([*sorted(folders), *(["live tv"] if live_tv else [])])


def locked(policy: Policy) -> Policy:
    """Off, and nothing to see: how a user waits for its password."""
    return _changed(
        policy, IsDisabled=True, EnableAllFolders=False, EnabledFolders=[], EnableLiveTvAccess=False
    )


def switched(policy: Policy, *, disabled: bool) -> Policy:
    return _changed(policy, IsDisabled=disabled)


def granted(
    policy: Policy, package: FolderPackage, connections: int | None, settings: JellyfinSettings
) -> Policy:
    """The access of ``package``; ``connections`` None leaves them as they are."""
    folders, live_tv = package.grants
    body = {"EnableAllFolders": False, "EnabledFolders": sorted(folders), "EnableLiveTvAccess": live_tv}
    if settings.dialect is Dialect.JELLYFIN:
        body["LoginAttemptsBeforeLockout"] = settings.login_attempts
        if connections is not None:
            body["MaxActiveSessions"] = connections
    return _changed(policy, **body)


def _changed(policy: Policy, **changes: Any) -> Policy:
    return {name: _sendable(item) for name, item in {**policy, **changes}.items()}


def _sendable(value: Any) -> Any:
    """Numbers with a point are read as ``Decimal``, which JSON cannot write."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {name: _sendable(item) for name, item in value.items()}
    return [_sendable(item) for item in value] if isinstance(value, list) else value


def folders_from(payload: Any) -> dict[str, str]:
    """Names of the media folders by the key of their id, without those whose row says none.

    Raises ``ContractBroken``.
    """
    rows = (row for row in _Folders.read(payload).items if isinstance(row, dict))
    reported = ((_words(row.get("Id")), _words(row.get("Name"))) for row in rows)
    return {guid_key(own): name or own for own, name in reported if own is not None}


def page_from(payload: Any) -> tuple[list[Any], int]:
    """Rows of a page, and how many all pages have. Raises ``ContractBroken``."""
    page = _Page.read(payload)
    return page.items, page.total_record_count


def info_from(payload: Any) -> tuple[str, str]:
    """Version and name of the server. Raises ``ContractBroken``."""
    info = _Info.read(payload)
    return info.version, info.server_name
