"""Wallets: what a reseller has, and what a transfer makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from panelbridge.ledger.accounts import AccountNumber, ResellerId
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.transfers import TransferId


@dataclass(frozen=True, kw_only=True)
class WalletState:
    """A reseller's wallet as it is now. ``tail`` is the head of its chain, in hex."""

    id: AccountNumber
    reseller: ResellerId
    balance: Credits  # without what is held taken off
    held: Credits  # reserved by holds that are not resolved
    overdraft: Credits  # how far below zero it may go
    floor: Credits | None  # an alert is due when available falls below it
    sequence: int  # transfers in the chain
    tail: str = field(repr=False)

    @property
    def available(self) -> Credits:
        """What the next hold may take: balance - held + overdraft."""
        return self.balance - self.held + self.overdraft


@dataclass(frozen=True, kw_only=True)
class LoggedHead:
    """The newest link of a reseller's chain at some time, as it was kept outside the books."""

    reseller: ResellerId
    sequence: int
    tail: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Move:
    """A wallet before a transfer, and its balance and held after."""

    wallet: WalletState
    balance: Credits
    held: Credits

    @property
    def available(self) -> Credits:
        return self.balance - self.held + self.wallet.overdraft

    @property
    def crosses_floor(self) -> bool:
        floor = self.wallet.floor
        return floor is not None and self.available < floor <= self.wallet.available


@dataclass(frozen=True, kw_only=True)
class FloorCrossing:
    """One fall below the floor, recorded in the transaction that caused it."""

    id: int
    reseller: ResellerId
    at: datetime  # UTC
    available: Credits
    floor: Credits
    transfer: TransferId | None  # None: the limits were changed
