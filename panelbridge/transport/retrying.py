"""Repeats of requests that may be repeated: a few quick tries, never past the deadline."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from panelbridge.contract.exceptions import OutcomeUnknown, PanelError, PanelUnreachable, RateLimited
from panelbridge.transport.deadline import remaining

TRIES = 3
LONGEST_WAIT = 3600.0  # seconds: a panel that asks for more is asked again after that
_backoff = wait_exponential(multiplier=0.1, max=1.0) + wait_random(0, 0.1)


class ReplyTooLarge(OutcomeUnknown):
    """More bytes than the panel's settings allow; asking again would only load the panel again."""


def retry_after(value: str | None) -> float | None:
    """Seconds of a ``Retry-After`` header (a number or an HTTP date), an hour at most.

    ``None`` when it is absent or unreadable.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - beyond is no waiting time
        return min(float(text), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        wait = (at - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, wait), LONGEST_WAIT)


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, (PanelUnreachable, OutcomeUnknown, RateLimited)) and not isinstance(
        error, ReplyTooLarge
    )


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.retry_after if isinstance(error, PanelError) else None
    return _backoff(state) if asked is None else asked


def _enough(state: RetryCallState) -> bool:
    left = remaining()
    return state.attempt_number >= TRIES or (left is not None and state.upcoming_sleep >= left)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


REPEATS = Retrying(
    retry=retry_if_exception(_worth_repeating), wait=_pause, stop=_enough, sleep=_sleep, reraise=True
)
"""Copied for each call: a ``Retrying`` keeps the state of one."""
