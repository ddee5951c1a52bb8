"""What a change in mid-period costs. Integers in, integers out, rounded once."""

from __future__ import annotations

from datetime import datetime


def upgrade_price(
    *, old_units: int, new_units: int, now: datetime, period_from: datetime, period_until: datetime
) -> int:
    """``max(0, new - old) x unused seconds / period seconds``, rounded up to one unit.

    A downgrade costs nothing and returns nothing. Unused time of an expired period is zero.
    """
    difference = max(0, new_units - old_units)
    period = int((period_until - period_from).total_seconds())
    unused = min(period, max(0, int((period_until - now).total_seconds())))
    if difference == 0 or unused == 0 or period <= 0:
        return 0
    return -(-difference * unused // period)
