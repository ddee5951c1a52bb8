"""A clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Call it for the time (aware, UTC); ``advance`` moves it. Rules take any ``Callable[[], datetime]``."""

    def __init__(self, now: datetime = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def advance(self, length: timedelta | float) -> datetime:
        """Move by a length, or by seconds; backwards as well. Returns the new time."""
        self._now += length if isinstance(length, timedelta) else timedelta(seconds=length)
        return self._now

    def monotonic(self) -> float:
        """The same clock in seconds, for what counts instead of dating."""
        return self._now.timestamp()
