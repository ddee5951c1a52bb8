"""Records of keys and of answers given under a caller's own idempotency key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from panelbridge.subscriptions import InstallationId, Mode


class Scope(StrEnum):
    """What a key may do. ``admin`` includes the others and is the operator's alone."""

    READ = "read"
    PROVISION = "provision"  # mutating verbs on subscriptions
    CREDITS = "credits"  # move credits
    PANEL_LOGIN = "panel_login"  # log in to a panel's administration as who the bridge is there
    ADMIN = "admin"  # panels, plans, resellers, installations, keys


@dataclass(frozen=True, kw_only=True)
class NewApiKey:
    """A key to be stored. An installation's key cannot be admin; the operator's has no installation."""

    prefix: str  # pb_live_<id>: may be shown and logged
    digest: bytes = field(repr=False)  # SHA-256 of the whole text
    mode: Mode
    scopes: frozenset[Scope]
    label: str  # what it is for, in words
    installation_id: InstallationId | None  # None = the operator's
    created_at: datetime
    expires_at: datetime | None = None  # UTC; None = never

    def __post_init__(self) -> None:
        if not self.scopes:
            raise ValueError("a key needs at least one scope")
        if self.installation_id is not None and Scope.ADMIN in self.scopes:
            raise ValueError("the admin scope is the operator's: an installation's key cannot have it")


@dataclass(frozen=True, kw_only=True)
class ApiKey(NewApiKey):
    """A stored key."""

    id: int
    revoked_at: datetime | None = None  # UTC; None = not revoked
    last_used_at: datetime | None = None  # written at most once in a few minutes

    def allows(self, scope: Scope) -> bool:
        """Whether this key may do what ``scope`` names."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def usable(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """What a caller was told under its own key. ``status`` is ``None`` while no final answer was given."""

    fingerprint: str  # HMAC over the target, so that the body itself is not kept
    status: int | None
    body: str | None  # without secrets
