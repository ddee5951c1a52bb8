"""What the last scans of due rows led to, in memory. Losing it costs repeats, which settle safely.

A due row stands for one job until the row moves on (another attempt count or due time). A job that ended
and left its row as it was (the panel was busy, an earlier operation goes first) rests, longer each time, and
runs again.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from panelbridge.provisioning.models import OperationId
from panelbridge.subscriptions import PanelId

LATE = 2.0  # seconds with room for the panel and yet no start of any of its jobs: enqueued again
LOST = 5.0  # the same for so long: the engine is held to be broken
_FIRST_REST = 0.25
_LONGEST_REST = 5.0


class DueOperation(Protocol):
    """What a due row must tell; the journal's ``Operation`` does."""

    @property
    def id(self) -> OperationId: ...
    @property
    def panel_id(self) -> PanelId: ...
    @property
    def attempts(self) -> int: ...
    @property
    def due_at(self) -> datetime | None: ...


class Phase(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"  # given to the engine
    RUNNING = "running"  # settling in this process
    RESTING = "resting"  # ended; the row may have been left as it was


@dataclass(frozen=True, kw_only=True)
class Job:
    """One enqueue. The same due row in the same round has the same ``id``, so repeats attach."""

    id: str
    operation_id: OperationId
    panel_id: PanelId
    lost: bool = False  # the engine had it for too long


@dataclass(kw_only=True)
class _Entry:
    key: str
    panel_id: PanelId
    since: float
    phase: Phase = Phase.WAITING
    round: int = 0
    name: str = ""  # of its job: a row may leave the list and be back as it was, so rounds do not name it


class JobBook:
    """Thread-safe. Times are seconds of a monotonic clock, passed in.

    ``boot`` names this start of the worker: what later rounds are called must not repeat after a restart.
    """

    def __init__(self, *, boot: str, limit: int, panel_limit: int) -> None:
        self._boot = boot
        self._limit = limit
        self._panel_limit = panel_limit
        self._entries: dict[OperationId, _Entry] = {}
        self._running: Counter[PanelId] = Counter()
        self._last_start: dict[PanelId, float] = {}
        self._changed = threading.Condition()
        self._names = itertools.count(1)

    def plan(self, due: Sequence[DueOperation], now: float) -> list[Job]:
        """The jobs to enqueue now; what is no longer due is forgotten."""
        with self._changed:
            wanted = {row.id for row in due}
            for gone in [one for one in self._entries if one not in wanted]:
                if self._entries[gone].phase is not Phase.RUNNING:
                    del self._entries[gone]
            return [job for row in due if (job := self._job_for(row, now)) is not None]

    def started(
        self, operation_id: OperationId, panel_id: PanelId, now: float, *, within: bool = False
    ) -> bool:
        """Whether the caller may settle it: nobody here does, and the limits have room if that is asked."""
        with self._changed:
            entry = self._entries.get(operation_id)
            if entry is not None and entry.phase is Phase.RUNNING:
                return False
            if within and not self._has_room(panel_id):
                return False
            if entry is None:  # taken over from a worker that died
                entry = self._entries[operation_id] = _Entry(key="", panel_id=panel_id, since=now)
            entry.phase, entry.since = Phase.RUNNING, now
            self._running[panel_id] += 1
            self._last_start[panel_id] = now
            return True

    def finished(self, operation_id: OperationId, now: float) -> None:
        """Its place is free; while its row stays as it was, it rests."""
        with self._changed:
            entry = self._entries[operation_id]
            entry.phase, entry.since = Phase.RESTING, now
            self._running[entry.panel_id] -= 1
            self._changed.notify_all()

    def ended_before(self, job: Job) -> None:
        """An equal job ended in an earlier life: its row gets a new round at the next scan."""
        with self._changed:
            entry = self._entries.get(job.operation_id)
            if entry is not None and entry.phase is Phase.WAITING:
                entry.phase, entry.since = Phase.RESTING, 0.0

    def put_back(self, job: Job) -> None:
        """Nobody took it: the next scan plans it afresh."""
        with self._changed:
            entry = self._entries.get(job.operation_id)
            if entry is not None and entry.phase is Phase.WAITING:
                del self._entries[job.operation_id]

    def next_rest_ends(self) -> float:
        """When the next rest is over; infinity when none is taken."""
        with self._changed:
            ends = [_rest_ends(one) for one in self._entries.values() if one.phase is Phase.RESTING]
            return min(ends, default=float("inf"))

    def running(self) -> int:
        """Jobs that settle at this moment."""
        with self._changed:
            return self._running.total()

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether nothing runs any more, at the latest after ``seconds``."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running.total(), timeout=seconds)

    def _job_for(self, row: DueOperation, now: float) -> Job | None:
        due = int(row.due_at.timestamp() * 1_000_000) if row.due_at is not None else 0
        key = f"settle-{row.id}-{row.attempts}-{due}"
        entry = self._entries.get(row.id)
        if entry is not None and entry.phase is Phase.RUNNING:
            return None
        lost = False
        if entry is None or entry.key != key:
            entry = self._entries[row.id] = _Entry(key=key, panel_id=row.panel_id, since=now, name=key)
        elif entry.phase is Phase.RESTING:
            if now < _rest_ends(entry):
                return None
            entry.phase, entry.since, entry.round = Phase.WAITING, now, entry.round + 1
            entry.name = f"{key}-{self._boot}-{next(self._names)}"
        else:
            idle = now - self._idle_since(entry, now)
            if idle < LATE:
                return None
            lost = idle >= LOST
        return Job(id=entry.name, operation_id=row.id, panel_id=row.panel_id, lost=lost)

    def _idle_since(self, entry: _Entry, now: float) -> float:
        """Since when the engine could have started ``entry`` and started nothing of its panel."""
        if not self._has_room(entry.panel_id):
            entry.since = now
        return max(entry.since, self._last_start.get(entry.panel_id, 0.0))

    def _has_room(self, panel_id: PanelId) -> bool:
        return self._running[panel_id] < self._panel_limit and self._running.total() < self._limit


def _rest_ends(entry: _Entry) -> float:
    return entry.since + min(_FIRST_REST * 2.0 ** min(entry.round, 10), _LONGEST_REST)
