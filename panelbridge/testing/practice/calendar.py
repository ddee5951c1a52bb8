"""Calendar months as most panels count them."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from panelbridge.contract.models import Term


def later(start: datetime, term: Term) -> datetime:
    """``start`` plus ``term``; a day that the month lacks becomes its last one."""
    if term.days:
        return start + timedelta(days=term.days)
    year, month = divmod(start.year * 12 + start.month - 1 + term.months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))
