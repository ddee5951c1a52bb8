"""What a failure means depends on when it comes: before our write nothing has happened, after it it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.exceptions import OutcomeUnknown, PanelError
from panelbridge.models import Outcome


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Reads before a write: a read that failed means that this call has changed nothing yet."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            error.outcome = Outcome.RETRY_LATER
            error.advice = "Nothing was changed; the bridge repeats the call."
        raise


@contextmanager
def already_sent() -> Iterator[None]:
    """What follows a write: however it fails, the write must not be told as refused."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            raise
        failure = OutcomeUnknown(f"a change was sent, and what followed it failed: {error.message}")
    else:
        return
    raise failure
