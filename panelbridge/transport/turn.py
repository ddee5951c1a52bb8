"""A turn at a panel: what is looked at and then bought is looked at and bought by one caller at a time.

The journal's slots keep its own attempts apart, in all processes. A library user's threads have no journal:
this lock is theirs, one for each name in a process, whichever adapter object asks.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from panelbridge.contract.exceptions import PanelBusy
from panelbridge.transport.deadline import remaining


class _Turn:
    """A lock that can be held weakly."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: WeakValueDictionary[bytes, _Turn] = WeakValueDictionary()
_turns_lock = threading.Lock()


@contextmanager
def turn(*name: str, patience: float) -> Iterator[None]:
    """Wait for the turn of ``name`` (an address, a credential, an account) and keep it inside the block.

    Raises ``PanelBusy`` when it did not come within ``patience`` seconds or the caller's deadline.
    """
    with _turns_lock:
        mine = _turns.setdefault(_key(name), _Turn())
    left = remaining()
    wait = patience if left is None else min(patience, left)
    if not mine.lock.acquire(timeout=max(0.0, wait)):
        raise PanelBusy(
            "another purchase is under way at the panel; nothing was sent",
            advice="Nothing to do: the bridge repeats when it is over.",
        )
    try:
        yield
    finally:
        mine.lock.release()


def _key(name: tuple[str, ...]) -> bytes:
    """No credential is kept for being the name of a turn."""
    return hashlib.sha256("\0".join(name).encode()).digest()
