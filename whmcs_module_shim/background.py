"""What runs beside the requests, in the one worker process: due operations, and the watches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from panelbridge.provisioning import Operation, OperationId, Provisioner
from panelbridge.storage.database import Database
from whmcs_module_shim.services import ServiceUnits
from whmcs_module_shim.watches import Watches

if TYPE_CHECKING:
    from panelbridge.jobs import JobRunner

_DUE_ROWS = 1000  # enough that the rows of one dead panel do not hide those of the others


class Background:
    """Nothing runs before ``start``. The engine is imported then: commands that only look need none of it."""

    def __init__(self, database: Database, units: ServiceUnits, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._watches = Watches(units, clock)
        self._clock = clock
        self._provisioner: Provisioner | None = None
        self._runner: JobRunner | None = None

    def serves(self, provisioner: Provisioner) -> None:
        """Name the provisioner; it wakes this, and this pursues its operations."""
        self._provisioner = provisioner

    def start(self) -> None:
        """Settle due operations from now on. Raises ``WorkerAlreadyRunning``."""
        from panelbridge.jobs import JobRunner, PeriodicTask

        watches = self._watches.all()
        self._runner = JobRunner(
            self._database.engine_for_jobs(),
            due=self._due,
            settle=self._pursue,
            tasks=[
                PeriodicTask(name="watch released names", seconds=600.0, run=self._watch_released),
                *(PeriodicTask(name=item.name, seconds=item.seconds, run=item.run) for item in watches),
            ],
            clock=self._clock,
        )
        self._runner.start()

    def stop(self) -> None:
        """Start nothing more; what runs may finish."""
        if self._runner is not None:
            self._runner.stop()

    def alive(self) -> bool:
        return self._runner is not None and self._runner.alive()

    def wake(self, operation: OperationId, at: datetime) -> None:
        """Look at ``operation`` when its time comes, not only at the next scan."""
        if self._runner is not None:
            self._runner.wake(operation, at)

    def _due(self) -> Sequence[Operation]:
        return self._provisioner.due(_DUE_ROWS) if self._provisioner is not None else ()

    def _watch_released(self) -> None:
        if self._provisioner is not None:
            self._provisioner.watch_released()

    def _pursue(self, operation: OperationId) -> None:
        if self._provisioner is not None:
            self._provisioner.pursue(operation)
