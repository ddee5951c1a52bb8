"""What the rules of every verb may use besides their transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from panelbridge.provisioning.effects import Unwitnessed
from panelbridge.provisioning.elapsed import Tick, boot_time
from panelbridge.provisioning.models import Timeouts
from panelbridge.provisioning.port import Panels


def _no_witness() -> Unwitnessed | None:
    """For a library user who keeps none."""
    return None


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    panels: Panels  # the adapters, breakers and slots of this process
    clock: Callable[[], datetime]  # UTC
    fingerprint: Callable[[str], str]  # HMAC under a key outside the database
    bridge: str  # short random name of this bridge, first part of every reference
    limits: Timeouts
    elapsed: Callable[[], Tick] = boot_time  # what waits are counted in; ``clock`` orders and shows
    witness: Callable[[], Unwitnessed | None] = _no_witness  # before each call; says why it must not be made
