"""What runs later in this process: due operations and watches, once started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from panelbridge.provisioning import OperationId, Provisioner
from panelbridge.service.services import Check
from panelbridge.service.watches import Watch
from panelbridge.storage.engine.database import Database

if TYPE_CHECKING:
    from panelbridge.jobs import JobRunner

_DUE_ROWS = 1000  # looked at in one scan: the oldest of each panel, of what is not blocked


class Background:
    """The job runner and its provisioner know each other; the engine is imported by ``start`` only, so that
    a command which only looks does not pay for it.
    """

    def __init__(self, database: Database, watches: Sequence[Watch], clock: Callable[[], datetime]) -> None:
        self._database = database
        self._watches = watches
        self._clock = clock
        self._runner: JobRunner | None = None

    def start(self, provisioner: Provisioner) -> None:
        """Settle due operations from now on. Raises ``WorkerAlreadyRunning``."""
        from panelbridge.jobs import JobRunner, PeriodicTask

        tasks = [PeriodicTask(name=one.name, seconds=one.seconds, run=one.run) for one in self._watches]
        tasks.append(PeriodicTask(name="released names", seconds=600.0, run=provisioner.watch_released))
        tasks.append(PeriodicTask(name="what waits", seconds=20.0, run=provisioner.watch_waiting))
        tasks.append(PeriodicTask(name="paid time", seconds=60.0, run=provisioner.hold_to_paid_time))
        runner = JobRunner(
            self._database.engine_for_jobs(),
            due=lambda: provisioner.due(_DUE_ROWS),
            settle=provisioner.pursue,
            tasks=tasks,
            clock=self._clock,
        )
        runner.start()
        self._runner = runner

    def stop(self) -> None:
        """Start nothing more; what runs may finish."""
        if self._runner is not None:
            self._runner.stop()

    def wake(self, operation: OperationId, at: datetime) -> bool:
        """Look at ``operation`` when its time comes, not only at the next scan; false when nobody will."""
        if self._runner is None:
            return False
        self._runner.wake(operation, at)
        return True

    def check(self) -> Check:
        """Whether due operations are looked at."""
        alive = self._runner is not None and self._runner.alive()
        return Check(name="jobs", ok=alive, message="running" if alive else "the jobs are not running")
