"""What the panel holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NewType

from panelbridge.contract.models.connect import ConnectDetail
from panelbridge.contract.secret import Secret

AccountId = NewType("AccountId", str)
"""The panel's own id of an account, as text."""


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


@dataclass(frozen=True, kw_only=True)
class AccountRef:
    """Names one account for the verbs that follow a create."""

    id: AccountId
    username: str  # as journaled; an adapter checks it against the panel before a destructive call
    reference: str | None = None  # bridge : subscription : generation, where the panel can hold it
    customer: str | None = None  # as in his orders, where a customer's accounts share one login
    # The present one, for panels that name an account by name and password; no part of who the account is.
    password: Secret | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A login name and password that shall work."""

    username: str
    password: Secret


@dataclass(frozen=True, kw_only=True)
class PanelAccount:
    """One account as read from the panel. ``None`` means the panel does not tell."""

    id: AccountId
    username: str
    state: AccountState
    expires_at: datetime | None = None  # UTC; None with never_expires False = the panel has no expiry field
    never_expires: bool = False
    password: Secret | None = field(default=None)  # only where the panel lets us read it
    package: str | None = None  # the panel's id of it
    connections: int | None = None  # simultaneous connections; 0 = unlimited
    reference: str | None = None  # bridge : subscription : generation, as the panel holds it
    customer: str | None = None  # whose login it is, where a customer's accounts share one
    trial: bool = False
    mac: str | None = None  # upper-case colon form, when the account is a device
    # Parts of its create that the panel shows as not done (a domain): a repeat of the create sends them.
    unfinished: tuple[str, ...] = ()
    # How to connect, as far as the panel itself says it with the account; not part of what an account is.
    connect: tuple[ConnectDetail, ...] = field(default=(), repr=False, compare=False)

    @property
    def ref(self) -> AccountRef:
        return AccountRef(
            id=self.id,
            username=self.username,
            reference=self.reference,
            customer=self.customer,
            password=self.password,
        )
