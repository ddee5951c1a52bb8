"""A breaker per panel: after several failures in a row callers wait, one probe finds out when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum


class BreakerState(StrEnum):
    CLOSED = "closed"  # calls pass
    OPEN = "open"  # calls wait
    HALF_OPEN = "half_open"  # one probe is on its way


class Breaker:
    """``allow`` before a call, ``succeeded`` or ``failed`` after it. Safe between threads of one process.

    ``threshold`` failures in a row open it for ``open_seconds``; then one caller at a time is let through as
    a probe. The first good probe closes it and runs the ``on_close`` callbacks, in the probe's thread.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        threshold: int = 5,
        open_seconds: float = 15.0,
    ) -> None:
        self._clock = clock
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._waits_until: float | None = None  # None = closed
        self._probing = False
        self._callbacks: list[Callable[[], None]] = []

    @property
    def state(self) -> BreakerState:
        with self._lock:
            if self._waits_until is None:
                return BreakerState.CLOSED
            return BreakerState.HALF_OPEN if self._probing else BreakerState.OPEN

    def on_close(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` each time the breaker closes after having been open."""
        self._callbacks.append(callback)

    def allow(self) -> bool:
        """Whether to call now. A caller that got ``True`` reports how it ended.

        A probe that never reports (its thread died) is replaced after another ``open_seconds``.
        """
        with self._lock:
            if self._waits_until is None:
                return True
            now = self._clock()
            if now < self._waits_until:
                return False
            self._probing = True
            self._waits_until = now + self._open_seconds
            return True

    def room(self) -> int | None:
        """How many calls ``allow`` would let through now; ``None`` = any number. Takes no allowance."""
        with self._lock:
            if self._waits_until is None:
                return None
            return 0 if self._clock() < self._waits_until else 1

    def succeeded(self) -> None:
        """The panel answered, whatever it said."""
        with self._lock:
            was_open = self._waits_until is not None
            self._failures = 0
            self._waits_until = None
            self._probing = False
        if was_open:
            for callback in self._callbacks:
                callback()

    def failed(self) -> None:
        """The panel did not answer, or answered that it is broken."""
        with self._lock:
            self._failures += 1
            if self._probing or self._failures >= self._threshold:
                self._waits_until = self._clock() + self._open_seconds
                self._probing = False
