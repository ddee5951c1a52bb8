"""Whether the database takes a write: tried for real, for only that shows a full disk."""

from __future__ import annotations

import threading
import time

from panelbridge.service.services import Check
from panelbridge.storage.exceptions import StorageBusy, StorageFull
from panelbridge.storage.units import SqlUnits

_FRESH = 2.0  # seconds for which a trial answers everybody: it costs a write


class WriteTrial:
    """One per process. Thread-safe."""

    def __init__(self, units: SqlUnits) -> None:
        self._units = units
        self._lock = threading.Lock()
        self._tried = -_FRESH
        self._found = Check(name="database", ok=False, message="was not tried yet")

    def check(self) -> Check:
        """The line of /readyz."""
        with self._lock:
            if time.monotonic() - self._tried >= _FRESH:
                self._found = self._try()
                self._tried = time.monotonic()
            return self._found

    def _try(self) -> Check:
        try:
            with self._units.write() as unit:
                unit.effects.set_mark("tried", f"{time.time_ns()}")
        except StorageFull:
            return Check(name="database", ok=False, message="the disk is full: no write is taken")
        except StorageBusy:
            return Check(name="database", ok=False, message="it is kept busy by others")
        except Exception:  # noqa: BLE001 - whatever fails here, the answer is that we are not ready
            return Check(name="database", ok=False, message="the database does not accept a write")
        return Check(name="database", ok=True, message="accepts writes")
