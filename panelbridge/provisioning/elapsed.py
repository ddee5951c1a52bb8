"""Elapsed time, which quiet times are counted in. A date can be stepped; the seconds of one boot cannot.

``CLOCK_BOOTTIME`` runs on while the machine sleeps, and means nothing on another boot or host: a reading
therefore names the boot that it is of.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One reading of the clock of one boot."""

    boot: str
    seconds: float


def boot_time() -> Tick:
    """The clock of this boot, now."""
    return Tick(boot=_this_boot(), seconds=time.clock_gettime(time.CLOCK_BOOTTIME))


@cache
def _this_boot() -> str:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:  # nothing names this boot: no other process's reading is compared with ours
        return f"process-{uuid4()}"
