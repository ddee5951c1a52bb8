"""One deadline for everything a call does: name look-up, connect, TLS, headers, body, repeats and waits.

Carried in a context variable, so that a verb made of several requests shares it. A new thread starts with
none: set the deadline in the thread that calls.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("panelbridge_deadline", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Every request inside ends within ``seconds``, in total. Nested, the smaller one counts."""
    ends_at = time.monotonic() + seconds
    outer = _ends_at.get()
    token = _ends_at.set(ends_at if outer is None else min(ends_at, outer))
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining() -> float | None:
    """Seconds left, below zero when it has passed; ``None`` outside of any ``deadline``."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()


def within(seconds: float) -> float:
    """The smaller of ``seconds`` and what is left. Raises ``TimeoutError`` when nothing is left."""
    left = remaining()
    if left is None:
        return seconds
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    return min(seconds, left)
