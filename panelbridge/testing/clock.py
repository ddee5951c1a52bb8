"""Clocks that tests move: a date that stands still, and the real time with steps and passing time added."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any


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


class ElapsedClock:
    """The real date and the real seconds of a boot, plus what a test added to either.

    ``pass_time`` moves both, as waiting does. ``step_date`` moves the date only, as a corrected clock does.
    ``reboot`` names another boot, whose seconds begin anew.
    """

    def __init__(self) -> None:
        self._passed = timedelta(0)
        self._stepped = timedelta(0)
        self._boot: str | None = None
        self._booted_at = 0.0

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._passed + self._stepped

    def pass_time(self, length: timedelta) -> None:
        self._passed += length

    def step_date(self, length: timedelta) -> None:
        self._stepped += length

    def reboot(self, boot: str) -> None:
        self._boot, self._booted_at = boot, self._seconds()

    def reset(self) -> None:
        """As at the start: the real time of the real boot."""
        self._passed = self._stepped = timedelta(0)
        self._boot, self._booted_at = None, 0.0

    def elapsed(self) -> Any:
        """A ``Tick``: the seconds of the boot."""
        from panelbridge.provisioning.elapsed import Tick, boot_time

        boot = boot_time().boot if self._boot is None else self._boot
        return Tick(boot=boot, seconds=self._seconds() - self._booted_at)

    def for_desk(self, desk: Any) -> dict[str, Any]:
        """What a ``Desk`` takes of it beside the date; nothing from before it counted elapsed time."""
        return {"elapsed": self.elapsed} if "elapsed" in desk.__dataclass_fields__ else {}

    def _seconds(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self._passed.total_seconds()
