"""Records of the ledger: wallets, transfers, and what history shows of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from panelbridge.ledger.credits import Credits

ResellerId = NewType("ResellerId", int)
AccountNumber = NewType("AccountNumber", int)
TransferId = NewType("TransferId", int)

# The accounts without a limit. Their balance is the sum of their transfers and stands in no row.
STOCK = AccountNumber(1)  # the provider's; every top-up comes from it
CONSUMED = AccountNumber(2)  # what was delivered
ADJUSTMENT = AccountNumber(3)  # what a person added or took, with a reason
DEBT = AccountNumber(4)  # credits taken back that were spent already
FIRST_WALLET = AccountNumber(5)

ZERO = Credits(0)


class TransferKind(StrEnum):
    """What a transfer does to the wallets at its ends."""

    HOLD = "hold"  # pending: reserves, moves nothing
    POST = "post"  # resolves a hold: moves its amount, releases the rest
    VOID = "void"  # resolves a hold: releases all of it
    CHARGE = "charge"  # moves at once, without a hold
    TOP_UP = "top_up"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"  # moves back (part of) an earlier transfer, linked to it
    TRANSFER = "transfer"  # between two wallets


@dataclass(frozen=True, kw_only=True)
class Period:
    """The time a posting pays for: ``start`` included, ``until`` not."""

    start: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class TransferContext:
    """What a transfer is for. All of it but ``reason`` and ``note`` is chained."""

    subscription: int | None = None
    operation: int | None = None
    plan: str | None = None  # its code
    term: str | None = None  # as text, such as 1m
    reason: str = ""  # free text, erasable
    period_from: datetime | None = None  # UTC; the time it pays for
    period_to: datetime | None = None  # UTC; not included
    expiry_before: datetime | None = None  # UTC; at the panel; None = not known
    expiry_after: datetime | None = None  # UTC
    note: str | None = None  # free text, erasable


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One movement: one row, from, to, amount. Never changed, never deleted."""

    id: TransferId  # 0 until recorded
    kind: TransferKind
    source: AccountNumber
    target: AccountNumber
    amount: Credits  # always above zero
    released: Credits = ZERO  # what a partial post gave back to the wallet
    at: datetime  # UTC
    key: str | None = None  # idempotency; None = nothing repeats it
    resolves: TransferId | None = None  # the hold that it posts or voids
    corrects: TransferId | None = None  # the transfer that it takes back
    actor: str | None  # None once erased
    context: TransferContext = field(default_factory=TransferContext)


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


@dataclass(frozen=True, kw_only=True)
class HistoryFilter:
    """Which lines of history. ``since`` included, ``until`` not; ``after`` continues a page by line id."""

    reseller: ResellerId | None = None
    subscription: int | None = None
    operation: int | None = None
    kinds: frozenset[TransferKind] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    newest_first: bool = False
    after: int | None = None
    limit: int = 100


@dataclass(frozen=True, kw_only=True)
class HistoryLine:
    """One transfer as one wallet saw it."""

    id: int
    reseller: ResellerId
    transfer: Transfer
    balance_before: Credits
    balance_after: Credits
    held_before: Credits
    held_after: Credits

    @property
    def time(self) -> datetime:
        return self.transfer.at

    @property
    def kind(self) -> TransferKind:
        return self.transfer.kind

    @property
    def change(self) -> Credits:
        """What the balance moved by; zero for a hold or void."""
        return self.balance_after - self.balance_before

    @property
    def price(self) -> Credits:
        return self.transfer.amount
