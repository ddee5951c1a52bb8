"""What an error means depends on when it comes: before a verb's write nothing has happened, after it it has.

For adapters: put the reads before a write into ``nothing_sent`` and what follows one into ``already_sent``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import ParamSpec, TypeVar

from panelbridge.contract.exceptions import OutcomeUnknown, PanelError
from panelbridge.contract.models import Outcome

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def nothing_sent() -> Iterator[None]:
    """Around what comes before a write: a read that failed means that this call has changed nothing yet."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            error.outcome = Outcome.RETRY_LATER
            if error.needs_person:  # who repeats it meets the same; the advice says what a person does
                raise
            error.advice = "Nothing was changed; the bridge repeats the call."
        raise


@contextmanager
def already_sent() -> Iterator[None]:
    """Around what comes after a write: however it fails, the write was accepted and is never refused."""
    try:
        yield
    except PanelError as error:
        if error.outcome is Outcome.UNKNOWN:
            raise
        failure = OutcomeUnknown(f"the panel accepted the change, and then: {error.message}")
    else:
        return
    raise failure  # out here: the refusal is no cause of it that anybody should act on


class Writes:
    """The writes of one verb, in order. From the second on no failure can mean that nothing happened."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, write: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``write``; what it raises is unknown when an earlier one was done."""
        with already_sent() if self.count else nullcontext():
            result = write(*args, **kwargs)
        self.count += 1
        return result
