"""The panel's dates: local, to the second, and out of force a day before they say.

The panel's own job switches an account off *on* the day of ``end_date`` (day granularity, read in the source
of 4.9), so that date is written a day after the paid time ends, and read back a day earlier.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from panelbridge.contract.exceptions import ContractBroken, InvalidOrder

_FORM = "%Y-%m-%d %H:%M:%S"
NEVER = "0000-00-00 00:00:00"
_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 1971, 9998
# The column's type ends in that night: anything later is stored as the zero date, never, and called success
# (RUN on Stalker 4.9, November 2026).
_END = datetime(2038, 1, 19, tzinfo=UTC)


class DatesHidden(ContractBroken):
    """The panel shows no account's expiry: a setting is wrong, not this one row."""


def end_date_to(until: datetime, zone: ZoneInfo) -> str:
    """What to write so that the account works until ``until``. Raises ``InvalidOrder``.

    Always in this one form: an epoch, an empty or an impossible date is stored as never, and called success.
    """
    if until.tzinfo is None or not _FIRST_YEAR <= until.year <= _LAST_YEAR:
        raise InvalidOrder("the expiry is no moment between 1971 and 2038 with a zone", field="until")
    wall = until.astimezone(zone).replace(tzinfo=None) + _DAY
    # On the panel's clock and on ours: its database keeps one or the other.
    if max(wall.replace(tzinfo=UTC), until.astimezone(UTC) + _DAY) >= _END:
        raise InvalidOrder(
            "the panel cannot keep an expiry on or after 18 January 2038: it would store never",
            field="until",
            advice="Sell a shorter term on this panel.",
        )
    return wall.strftime(_FORM)


def end_date_from(text: str | None) -> str | None:
    """``text`` as it is, ``None`` for the zero date. Raises ``ContractBroken`` when it is no date."""
    if text == NEVER:
        return None
    if text is None:
        raise DatesHidden(
            "the panel's reply has missing or unreadable fields: end_date",
            advice="The panel shows it only with internal billing enabled: enable that there, "
            "or set internal_billing to false here and let the bridge keep the dates.",
        )
    _wall(text)
    return text


def expiry_from(text: str, zone: ZoneInfo) -> datetime:
    """The end of the paid time, in UTC. The hour that a zone has twice is read as the first of the two."""
    return (_wall(text) - _DAY).replace(tzinfo=zone).astimezone(UTC)


def moment_from(text: str, zone: ZoneInfo) -> datetime:
    """A moment that is no expiry, in UTC. Raises ``ContractBroken``."""
    return _wall(text).replace(tzinfo=zone).astimezone(UTC)


def _wall(text: str) -> datetime:
    try:
        wall = datetime.strptime(text, _FORM)  # noqa: DTZ007 - the zone is the panel's, and not in the text
    except ValueError:
        wall = None
    if wall is None or not _FIRST_YEAR <= wall.year <= _LAST_YEAR:
        raise ContractBroken("the panel's reply has missing or unreadable fields: end_date")
    return wall
