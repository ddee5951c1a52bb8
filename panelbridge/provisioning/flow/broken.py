"""A step that breaks: an error nobody foresaw repeats a few times, and then a person is told of its cause."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.locking import lock_operation
from panelbridge.provisioning.flow.settle import backoff, settle_attention
from panelbridge.provisioning.models import OperationId, OperationState
from panelbridge.provisioning.port import Units

_MOST = 3  # in a row


def is_away(error: Exception) -> bool:
    """The database server is gone. Storage is above us, so its errors are known by their codes."""
    return str(getattr(error, "code", "")) in {"storage_unreachable", "storage_unanswered"}


class BrokenSteps:
    """Counts, in this process, how often in a row an operation's next step broke."""

    def __init__(self, units: Units, deps: Dependencies) -> None:
        self._units, self._deps = units, deps
        self._counts: Counter[OperationId] = Counter()
        self._lock = threading.Lock()

    def went_well(self, operation_id: OperationId) -> None:
        with self._lock:
            self._counts.pop(operation_id, None)

    def broke(self, operation_id: OperationId, error: Exception) -> None:
        """Put the next try off, or the operation before a person. Trouble of storage counts for none."""
        if str(getattr(error, "code", "")).startswith("storage_"):
            return
        with self._lock:
            self._counts[operation_id] += 1
            enough = self._counts[operation_id] >= _MOST
        with self._units.write() as unit:
            operation, _ = lock_operation(unit, operation_id)
            if operation.state not in (OperationState.READY, OperationState.SENT):
                return
            if enough:
                settle_attention(
                    unit,
                    self._deps,
                    operation,
                    code="step_failed",
                    message=f"its next step broke {_MOST} times in a row, with {type(error).__name__}",
                    advice="See the log for the place, and the account at the panel. Retry when the cause is "
                    "fixed; the hold is kept.",
                )
                self._counts.pop(operation_id, None)
                return
            now = self._deps.clock()
            put_off = replace(
                operation,
                due_at=now + timedelta(seconds=backoff(self._deps, operation.failures)),
                failures=operation.failures + 1,
                failing_since=operation.failing_since or now,
            )
            unit.journal.save(put_off, was=operation)
