"""What a change in mid-period costs: what was paid and is not used yet counts, at what was paid for it.

Each paid second carries the value *paid* for it, never the list's. Exact inside; rounded up once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil

from panelbridge.contract.models.term import Term
from panelbridge.lifecycle.terms import add_term

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class PaidPeriod:
    """A stretch of time and the value it carries, evenly, from its start to its end."""

    start: datetime  # aware
    until: datetime
    months: Fraction | None  # calendar months in it; None: it was sold in days
    paid: Fraction  # units of credit
    gift: bool = False  # worth nothing, and changing it costs nothing

    @classmethod
    def of(
        cls, length: Term, *, start: datetime, until: datetime, paid: int, gift: bool = False
    ) -> PaidPeriod:
        """A whole period of ``length``, for which ``paid`` units were charged."""
        months = Fraction(length.months) if length.months else None
        return cls(start=start, until=until, months=months, paid=Fraction(paid), gift=gift)

    def unused(self, now: datetime) -> PaidPeriod | None:
        """What is left of it from ``now`` on; ``None`` when nothing is."""
        if now <= self.start:
            return self
        if now >= self.until:
            return None
        share = _ratio(self.until - now, self.until - self.start)
        months = None if self.months is None else self.months * share
        return replace(self, start=now, months=months, paid=self.paid * share)


def change_charge(periods: Sequence[PaidPeriod], *, price: int, term: Term, now: datetime) -> int:
    """Units charged when everything paid and unused at ``now`` is to have ``price`` units for each ``term``.

    The new value less the carried one, rounded up once; a change down costs nothing and returns nothing.
    """
    left = _left(periods, now)
    missing = _value(_priced(left, price, term, now)) - _value(left)
    return max(0, ceil(missing))


def after_change(
    periods: Sequence[PaidPeriod], *, price: int, term: Term, now: datetime, charge: int
) -> tuple[PaidPeriod, ...]:
    """What is carried from ``now`` on, once ``charge`` units were paid for the change.

    The charge joins the value. Without one the value stays on its seconds: going up again within it is free.
    """
    left = _left(periods, now)
    priced = _priced(left, price, term, now)
    total = _value(priced)
    if charge == 0 or total == 0:
        return left
    scale = (_value(left) + charge) / total
    return tuple(replace(period, paid=period.paid * scale) for period in priced)


def _left(periods: Sequence[PaidPeriod], now: datetime) -> tuple[PaidPeriod, ...]:
    return tuple(period for period in (item.unused(now) for item in periods) if period is not None)


def _priced(left: Sequence[PaidPeriod], price: int, term: Term, now: datetime) -> tuple[PaidPeriod, ...]:
    return tuple(
        item if item.gift else replace(item, paid=price * _terms_in(item, term, now)) for item in left
    )


def _terms_in(period: PaidPeriod, term: Term, now: datetime) -> Fraction:
    """How many ``term`` the period is: by months where both are months, else by seconds."""
    if period.months is not None and term.months:
        return period.months / term.months
    return _ratio(period.until - period.start, add_term(now, term) - now)


def _value(periods: Sequence[PaidPeriod]) -> Fraction:
    return sum((period.paid for period in periods), Fraction())


def _ratio(part: timedelta, whole: timedelta) -> Fraction:
    return Fraction(part // _MICROSECOND, whole // _MICROSECOND)
