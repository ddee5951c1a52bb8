"""What the usage room needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from panelbridge.subscriptions import PanelId, PanelStore, SubscriptionId, SubscriptionStore
from panelbridge.usage.models import UsageSample


class UsageStore(Protocol):
    def lacking(self, panel: PanelId, day: date, limit: int) -> Sequence[SubscriptionId]:
        """Active subscriptions of the panel with an account and no sample of that day."""
        ...

    def keep(self, samples: Iterable[UsageSample]) -> None:
        """One a day of each; a second one of the day is passed over."""
        ...

    def of(self, subscription: SubscriptionId, limit: int = 90) -> Sequence[UsageSample]:
        """Newest first."""
        ...

    def forget_before(self, day: date) -> int:
        """Delete what is older than that day. Returns how many."""
        ...


class UsageUnit(Protocol):
    """The stores of one open transaction that the samples work with."""

    @property
    def panels(self) -> PanelStore: ...
    @property
    def subscriptions(self) -> SubscriptionStore: ...
    @property
    def usage(self) -> UsageStore: ...


class UsageUnits(Protocol):
    def read(self) -> AbstractContextManager[UsageUnit]: ...
    def write(self) -> AbstractContextManager[UsageUnit]: ...
