"""A database server that goes away: what was kept is looked up before anything is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from panelbridge.actions.problems import Problem
from panelbridge.actions.wording import sentence
from panelbridge.storage.exceptions import StorageUnanswered, StorageUnreachable

ResultT = TypeVar("ResultT")
AWAY: tuple[type[Exception], ...] = (StorageUnreachable, StorageUnanswered)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0  # seconds between two tries


def looked_up(run: Callable[[], ResultT], *, seconds: float, repeatable: bool = True) -> ResultT:
    """What ``run`` returns; after a COMMIT without an answer it is run again, for ``seconds`` at most.

    ``run`` does nothing twice: each effect has a key of the caller's or of the business, and what was kept is
    found under it. Before any COMMIT was sent nothing is repeated: the caller hears *retry later* at once.
    Not ``repeatable``: the key is this call's own, so that a repeat by the caller would have another one.
    """
    ends, pause = time.monotonic() + seconds, _FIRST_PAUSE
    lost: StorageUnanswered | None = None
    while True:
        try:
            return run()
        except StorageUnanswered as error:
            lost = error
        except StorageUnreachable:
            if lost is None:
                raise
        if time.monotonic() + pause > ends:
            raise lost if repeatable else _not_to_be_repeated(lost)
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _not_to_be_repeated(error: StorageUnanswered) -> Problem:
    return Problem(error.code, sentence(str(error)), retry_safe=False)
