"""Repeats of requests that may be repeated: a few quick tries, never past the deadline."""

from __future__ import annotations

import time

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential, wait_random

from panelbridge.contract.exceptions import OutcomeUnknown, PanelError, PanelUnreachable, RateLimited
from panelbridge.transport.deadline import remaining
from panelbridge.transport.reply import ReplyTooLarge

TRIES = 3
_backoff = wait_exponential(multiplier=0.1, max=1.0) + wait_random(0, 0.1)


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
