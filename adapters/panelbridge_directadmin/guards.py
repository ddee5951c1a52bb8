"""What an error means depends on when it comes: before our write nothing has happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.exceptions import OutcomeUnknown, PanelError
from panelbridge.models import Outcome


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Reads before a write: an unknown read means that this call has changed nothing yet."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            error.outcome = Outcome.RETRY_LATER
            error.advice = "Nothing was changed; the bridge repeats the call."
        raise


@contextmanager
def already_sent() -> Iterator[None]:
    """Reads after a write: however they fail, the write was answered and must not be told as not sent."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            raise
        raise OutcomeUnknown(
            f"the panel answered the change, but reading back failed: {error.message}"
        ) from error
