"""From the text of a key to its record, without a transaction for most requests.

A verified key is remembered for a few seconds under the hash of its whole text, so a revocation made in
another process counts within that time, and one made in this process at once.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from panelbridge.access import digest_of, prefix_of
from panelbridge.actions.caller import Access
from panelbridge.actions.outage import AWAY
from panelbridge.actions.problems import Problem
from panelbridge.service.services import ServiceUnits

REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 1024
_USE_NOTED_EVERY = timedelta(minutes=5)


class KeyVerifier:
    """One per application. Safe between threads."""

    def __init__(self, units: ServiceUnits, clock: Callable[[], datetime]) -> None:
        self._units = units
        self._clock = clock
        self._known: dict[bytes, tuple[float, Access]] = {}
        self._lock = threading.Lock()

    def verify(self, text: str) -> Access:
        """Raises ``unauthorized``, in the same words whether the key is unknown, wrong or revoked."""
        digest = digest_of(text)
        known = self._known.get(digest)
        access = known[1] if known and known[0] > time.monotonic() else self._look_up(text, digest)
        if access is None or not access.key.usable(self._clock()):
            raise Problem("unauthorized", "The API key is not known, was revoked, or has expired.")
        return access

    def forget(self) -> None:
        """Call after keys or installations changed."""
        with self._lock:
            self._known.clear()

    def _look_up(self, text: str, digest: bytes) -> Access | None:
        prefix = prefix_of(text)
        if prefix is None:
            return None
        with self._units.read() as unit:
            key = unit.access.key(prefix)
            if key is None or not hmac.compare_digest(key.digest, digest):
                return None
            installation = (
                unit.installations.installation(key.installation_id)
                if key.installation_id is not None
                else None
            )
        access = Access(key=key, installation=installation)
        self._note_use(access)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[digest] = (time.monotonic() + REMEMBERED_SECONDS, access)
        return access

    def _note_use(self, access: Access) -> None:
        now = self._clock()
        last = access.key.last_used_at
        if not access.key.usable(now) or (last is not None and now - last < _USE_NOTED_EVERY):
            return
        with (
            suppress(*AWAY),
            self._units.write() as unit,
        ):  # no reason to refuse: the request itself will tell
            unit.access.note_key_use(access.key.prefix, now)
