"""Request threads take turns at the interpreter, as long as each is quick.

Only one thread runs Python at a time anyway. Left to themselves, though, threads change places whenever one
lets go of the interpreter for a moment, which the SQLite driver does several times a statement, and each
change costs more than the moment. Here a thread keeps its turn until it waits for something outside: a panel,
or another's write. The turn is a courtesy and protects nothing: who has waited for too long goes on without
it, so that a slow one delays nobody for long.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager

_COURTESY = 0.02  # seconds
_free = threading.Lock()


class _Standing(threading.local):
    """Of one thread: whether it is between ``take_turn`` and ``end_turn``, and whether it has the turn."""

    wants = False
    has = False


_standing = _Standing()


def take_turn() -> None:
    """Until ``end_turn`` this thread runs Python, and others that want to wait."""
    _standing.wants = True
    _wait()


def end_turn() -> None:
    """The next may run."""
    _standing.wants = False
    _give()


class _Aside(AbstractContextManager[None]):
    """Has no state of its own: all threads share one."""

    def __enter__(self) -> None:
        _give()

    def __exit__(self, *_: object) -> None:
        if _standing.wants:
            _wait()


ASIDE = _Aside()
"""``with ASIDE:`` around whatever waits for something outside. Others run meanwhile; without a turn it does
nothing."""


def _wait() -> None:
    if not _standing.has:
        _standing.has = _free.acquire(timeout=_COURTESY)


def _give() -> None:
    if _standing.has:
        _standing.has = False
        _free.release()
