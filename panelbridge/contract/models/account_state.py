"""Whether an account can be used."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum


class AccountState(StrEnum):
    """Whether the account can be used, as the panel says it."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # switched off by a verb of ours (or by the reseller's own hand)
    BANNED = "banned"  # switched off by the panel's owner; we cannot lift it
    EXPIRED = "expired"  # enabled, but its expiry has passed
    LIMITED = "limited"  # enabled, but what it may use is used up
    UNREADABLE = "unreadable"  # listed, and its row holds what cannot be read; a get of it is unknown

    @property
    def is_off(self) -> bool:
        """Somebody switched it off. Who is only expired or limited is not: a suspend must still be sent."""
        return self in (AccountState.SUSPENDED, AccountState.BANNED)

    @classmethod
    def of_enabled(cls, expires_at: datetime | None, now: datetime | None = None) -> AccountState:
        """Of an account that nobody switched off: expired from ``expires_at`` (UTC) on, else active."""
        has_expired = expires_at is not None and expires_at <= (now or datetime.now(UTC))
        return cls.EXPIRED if has_expired else cls.ACTIVE
