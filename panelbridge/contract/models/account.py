"""What the panel holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from panelbridge.contract.models.account_state import AccountState
from panelbridge.contract.models.connect import ConnectDetail
from panelbridge.contract.secret import Secret

AccountId = NewType("AccountId", str)
"""The panel's own id of an account, as text."""


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
