"""History: transfers as one wallet saw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panelbridge.ledger.accounts import ResellerId
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.transfers import Transfer, TransferKind


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
