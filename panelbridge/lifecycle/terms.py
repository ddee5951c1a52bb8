"""Terms and anchors: a month is a calendar month, and the anchor day is kept.

Jan 31 + 1 month = Feb 28, + 2 months = Mar 31: counted from the start, never from the last date, so twelve
monthly terms end where one yearly term does. Everything is UTC here; the service's time zone is applied by
the caller before and after.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from panelbridge.contract.models.term import Term


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """A start and the whole months since: ``until`` is start + months, clamped to the month's end."""

    start: datetime  # aware
    months: int = 0

    @property
    def until(self) -> datetime:
        return _add_months(self.start, self.months)

    def plus(self, term: Term) -> Anchor:
        """The anchor one term later. A term in days begins a new anchor at its end."""
        if term.months:
            return Anchor(start=self.start, months=self.months + term.months)
        return Anchor(start=self.until + timedelta(days=term.days))


def add_term(start: datetime, term: Term) -> datetime:
    """``start`` + ``term``: calendar months clamped to the month's end, or 24-hour days."""
    return Anchor(start=start).plus(term).until


def renewal_start(anchor: Anchor, now: datetime, *, keeps_gap: bool) -> Anchor:
    """What a renewal counts from.

    Before expiry and in grace: the old expiry (no free days, no lost days). ``keeps_gap`` false (after a
    suspension or an expiry past grace): the later of the old expiry and now.
    """
    if keeps_gap or anchor.until >= now:
        return anchor
    return Anchor(start=now.astimezone(UTC))


def _add_months(start: datetime, months: int) -> datetime:
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))
