"""One day of one account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from panelbridge.subscriptions import SubscriptionId


@dataclass(frozen=True, kw_only=True)
class UsageSample:
    """What the panel said that day. ``None`` is not known: the panel does not say, or said nothing."""

    subscription_id: SubscriptionId
    generation: int
    day: date  # UTC
    taken_at: datetime  # UTC
    last_seen: datetime | None = None  # UTC
    never_seen: bool = False
    connections: int | None = None  # in use at that moment
    network: str | None = None  # keyed hash: equal for equal networks, and says nothing about them
    player: str | None = None  # what it was last used with, in the panel's words
