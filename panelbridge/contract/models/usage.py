"""What an account uses, and where it may be used from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from panelbridge.contract.models.account import AccountId
from panelbridge.contract.secret import Secret


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one account uses now.

    ``None`` means not known: the panel does not tell, and nothing may be concluded. It is never written as 0.
    A limit of ``None`` is none.
    """

    id: AccountId
    username: str
    disk_bytes: int | None = None
    disk_limit_bytes: int | None = None
    traffic_bytes: int | None = None  # in the panel's present period
    traffic_limit_bytes: int | None = None
    connections: int | None = None  # in use at this moment
    last_seen: datetime | None = None  # UTC; last sign-in or stream, whichever the panel reports
    never_seen: bool = False  # the panel says that it was never used: not the same as not known
    address: str | None = field(default=None, repr=False)  # the last one; kept as a keyed hash only
    player: str | None = None  # what it was last used with, in the panel's words


@dataclass(frozen=True, kw_only=True)
class SignOn:
    """A one-time address that logs somebody in. As good as a password: never stored, never logged."""

    url: Secret
    expires_at: datetime | None = None  # UTC; None = the panel does not tell
