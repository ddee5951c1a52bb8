"""What an account uses, and where it may be used from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panelbridge.models.account import AccountId
from panelbridge.secret import Secret


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one account uses now. ``None`` means the panel does not tell; a limit of ``None`` is none."""

    id: AccountId
    username: str
    disk_bytes: int | None = None
    disk_limit_bytes: int | None = None
    traffic_bytes: int | None = None  # in the panel's present period
    traffic_limit_bytes: int | None = None
    connections: int | None = None  # in use at this moment


@dataclass(frozen=True, kw_only=True)
class SignOn:
    """A one-time address that logs somebody in. As good as a password: never stored, never logged."""

    url: Secret
    expires_at: datetime | None = None  # UTC; None = the panel does not tell
