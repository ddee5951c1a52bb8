"""What an error means depends on when it comes: before our first write nothing happened, after it maybe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from panelbridge.exceptions import OutcomeUnknown, PanelError
from panelbridge.models import Outcome


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Before the first write an unknown answer means that this call has changed nothing yet."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            error.outcome = Outcome.RETRY_LATER
        raise


@contextmanager
def already_sent() -> Iterator[None]:
    """After the first write no answer means that nothing happened."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            raise
        raise OutcomeUnknown(f"an earlier step was done, then: {error.message}") from error
