"""The fence around a call that only adds: where may the expiry be if the call had its effect?"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from panelbridge.contract.models import PanelAccount, Term
from panelbridge.provisioning.models import Fence

# A panel's month is a calendar month of its own time zone, 28 to 31 days; a daylight-saving change moves
# it by an hour. Two purchases always land beyond one purchase's window.
_SHORT_MONTH = timedelta(days=28)
_LONG_MONTH = timedelta(days=31, hours=1)


class FenceReading(Enum):
    MOVED_AS_BOUGHT = auto()
    UNMOVED = auto()
    ELSEWHERE = auto()


def build_fence(
    account: PanelAccount, term: Term, now: datetime, tolerance: timedelta, attempt: float
) -> Fence:
    """``now`` is our clock; ``tolerance`` covers the panel's; ``attempt`` is the try's length in seconds."""
    before = expiry_of(account)
    low = high = now
    if before is not None and before > now:
        low = high = before
    if term.months:
        low, high = low + term.months * _SHORT_MONTH, high + term.months * _LONG_MONTH
    else:
        low, high = low + timedelta(days=term.days), high + timedelta(days=term.days)
    return Fence(
        before=before, earliest=low - tolerance, latest=high + tolerance + timedelta(seconds=attempt)
    )


def read_fence(fence: Fence, account: PanelAccount, granularity: timedelta) -> FenceReading:
    after = expiry_of(account)
    if same_expiry(after, fence.before, granularity):
        return FenceReading.UNMOVED
    if after is not None and fence.earliest <= after <= fence.latest:
        return FenceReading.MOVED_AS_BOUGHT
    return FenceReading.ELSEWHERE


def expiry_of(account: PanelAccount) -> datetime | None:
    """``None`` for an account that never expires."""
    return None if account.never_expires else account.expires_at


def same_expiry(one: datetime | None, other: datetime | None, granularity: timedelta) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) < granularity


def is_one_term(before: datetime, after: datetime, term: Term, now: datetime, slack: timedelta) -> bool:
    """Whether one purchase of ``term``, made at any moment until now, moves ``before`` to ``after``."""
    shortest = timedelta(days=term.days) if term.days else term.months * _SHORT_MONTH
    longest = timedelta(days=term.days) if term.days else term.months * _LONG_MONTH
    return before + shortest - slack <= after <= max(before, now) + longest + slack
