"""The real time with steps and passing time added, for what counts elapsed seconds beside dates."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from panelbridge.provisioning.elapsed import Tick, boot_time


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

    def elapsed(self) -> Tick:
        """The seconds of the boot."""
        boot = boot_time().boot if self._boot is None else self._boot
        return Tick(boot=boot, seconds=self._seconds() - self._booted_at)

    def monotonic(self) -> float:
        """The same seconds, whatever boot this is said to be."""
        return self._seconds()

    def _seconds(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self._passed.total_seconds()
