"""What runs later: due operations, one job each, and tasks that come round.

The journal's ``due_at`` is the truth. A thread of ours scans it (not a schedule of the engine: that would
live in the very tables whose loss must lose nothing, and would write a row every second); the engine keeps
panels apart and resumes after a crash. While the engine is down, a few plain threads settle what is due.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from panelbridge.jobs.engine import EngineDown, JobEngine
from panelbridge.jobs.lock import worker_lock
from panelbridge.jobs.place import place_of
from panelbridge.jobs.scan import DueOperation, Job, JobBook
from panelbridge.provisioning.models import OperationId
from panelbridge.subscriptions import PanelId

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=1)  # ended jobs, for a look at what happened; the journal keeps the history
_CLEANING = 3600.0  # seconds: small deletes often, so that none holds the database for long
_SPACING = 0.05  # seconds between two scans at least, however many ring
_FIRST_TASKS = 10.0  # seconds after the start, so that a process restarted daily still does its daily tasks
_UNHEARD = 30.0  # seconds without a scan after which the runner counts as dead


@dataclass(frozen=True, kw_only=True)
class PeriodicTask:
    """Runs within ten seconds of the start and then every ``seconds``; must be safe to repeat."""

    name: str
    seconds: float
    run: Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class JobLimits:
    """How much runs at once, and how often is looked. Seconds."""

    running: int = 96  # jobs of this worker; threads are made when needed
    per_panel: int = 8  # so that a slow panel leaves room for eleven others
    without_engine: int = 8
    scan: float = 1.0
    poll: float = 0.1  # of the engine's queue: half of it is the mean wait of a job


class JobRunner:
    """Settles what is due, in the one worker process of a database.

    ``due`` returns the rows whose time has come, oldest first, enough of them that the rows of one dead panel
    do not hide those of the others. ``settle`` does what is next for one operation; it is called from several
    threads, never twice at once for one operation, and again after a rest while its row stays as it is. Its
    errors are logged without their text. ``database`` is an engine that begins its transactions as DBOS needs
    it.
    """

    def __init__(
        self,
        database: Engine,
        *,
        due: Callable[[], Sequence[DueOperation]],
        settle: Callable[[OperationId], object],
        tasks: Sequence[PeriodicTask] = (),
        limits: JobLimits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._due = due
        self._settle = settle
        self._limits = limits or JobLimits()
        self._clock = clock
        self._lock = worker_lock(database)
        boot = f"{time.time_ns():x}"
        self._book = JobBook(boot=boot, limit=self._limits.running, panel_limit=self._limits.per_panel)
        self._engine = JobEngine(
            database,
            self._run_job,
            limit=self._limits.running,
            panel_limit=self._limits.per_panel,
            poll=self._limits.poll,
        )
        cleaning = PeriodicTask(name="delete ended jobs", seconds=_CLEANING, run=self.delete_ended)
        self._tasks = (*tasks, cleaning)
        self._plain = ThreadPoolExecutor(self._limits.without_engine, thread_name_prefix="jobs-plain")
        self._threads: list[threading.Thread] = []
        self._bell = threading.Condition()
        self._stopping = threading.Event()
        self._alarm = float("inf")
        self._heard = 0.0
        self._repair_at, self._repair_wait = 0.0, 1.0

    def start(self) -> None:
        """Take the worker's lock and begin; an engine that fails is fixed later.

        Raises ``WorkerAlreadyRunning``.
        """
        self._lock.acquire()
        try:
            self._engine.launch()
        except EngineDown as error:
            _log.warning("the job engine is down (%s): due operations are settled without it", error)
        except BaseException:
            self._lock.release()
            raise
        self._heard = time.monotonic()
        for name, target in (("jobs-scan", self._scan_until_stopped), ("jobs-tasks", self._do_tasks)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 5.0) -> bool:
        """Start nothing more and wait up to ``timeout`` seconds; false when a job still runs then.

        The lock is in that case kept until the process ends, so that no second worker starts beside that job.
        """
        ends = time.monotonic() + timeout
        self._stopping.set()
        with self._bell:
            self._bell.notify_all()
        for thread in self._threads:
            thread.join(max(0.1, ends - time.monotonic()))
        idle = self._book.wait_until_idle(max(0.0, ends - time.monotonic()))
        self._engine.stop()  # after the wait: a job that ends now is still written down as ended
        self._plain.shutdown(wait=False, cancel_futures=True)
        if idle:
            self._lock.release()
        return idle

    def wake(self, operation: OperationId, at: datetime) -> None:  # noqa: ARG002 - the row is read anyway
        """Scan at ``at`` rather than within a second. No I/O; call it after the commit."""
        when = time.monotonic() + max(0.0, (at - self._clock()).total_seconds())
        with self._bell:
            self._alarm = min(self._alarm, when)
            self._bell.notify_all()

    def alive(self) -> bool:
        """Whether due rows are looked at; true also while the engine is down."""
        running = bool(self._threads) and self._threads[0].is_alive() and not self._stopping.is_set()
        return running and time.monotonic() - self._heard < _UNHEARD

    def engine_is_up(self) -> bool:
        """Whether the durable engine runs the jobs, rather than the plain threads."""
        return self._engine.up

    def running(self) -> int:
        """Jobs that settle at this moment."""
        return self._book.running()

    def delete_ended(self, older_than: timedelta = _KEPT) -> int:
        """Delete what the engine remembers of jobs that ended so long ago. Returns how many."""
        return self._engine.delete_ended(self._clock() - older_than) if self._engine.up else 0

    def _scan_until_stopped(self) -> None:
        while not self._stopping.is_set():
            if self._lock.held():  # else the server is away, or another process works
                try:
                    self._scan()
                except Exception as error:  # noqa: BLE001 - the scan must go on, whatever storage said
                    _log.warning("a scan of due operations failed: %s", place_of(error))
                self._heard = time.monotonic()
            self._pause()

    def _scan(self) -> None:
        broken = not self._engine.intact()
        for job in self._book.plan(self._due(), time.monotonic()):
            broken = broken or job.lost or not self._enqueue(job)
            if broken:
                self._settle_plainly(job)
        if broken and time.monotonic() >= self._repair_at:
            self._repair()

    def _enqueue(self, job: Job) -> bool:
        try:
            if not self._engine.enqueue(job.id, job.operation_id, job.panel_id):
                self._book.ended_before(job)
        except EngineDown:
            return False
        return True

    def _settle_plainly(self, job: Job) -> None:
        if self._book.started(job.operation_id, job.panel_id, time.monotonic(), within=True):
            self._plain.submit(self._settle_and_note, job.operation_id)
        else:
            self._book.put_back(job)

    def _repair(self) -> None:
        _log.warning("the job engine lost its tables or stands still: it is made anew")
        try:
            self._engine.rebuild()
        except EngineDown as error:
            self._repair_at = time.monotonic() + self._repair_wait
            self._repair_wait = min(self._repair_wait * 2, 60.0)
            _log.warning("the job engine is down (%s): due operations are settled without it", error)
        else:
            self._repair_wait = 1.0
            self._ring()

    def _run_job(self, operation_id: int, panel_id: int) -> None:
        """The engine calls it."""
        operation, panel = OperationId(operation_id), PanelId(panel_id)
        if not self._stopping.is_set() and self._book.started(operation, panel, time.monotonic()):
            self._settle_and_note(operation)

    def _settle_and_note(self, operation: OperationId) -> None:
        try:
            self._settle(operation)
        except Exception as error:  # noqa: BLE001 - must not reach the engine, which would store its text
            _log.warning("operation %s was not settled: %s", operation, place_of(error))
        finally:
            self._book.finished(operation, time.monotonic())
            self._ring()  # its row may be due again, or have freed another

    def _ring(self) -> None:
        with self._bell:
            self._alarm = 0.0
            self._bell.notify_all()

    def _pause(self) -> None:
        now = time.monotonic()
        earliest, latest = now + _SPACING, now + self._limits.scan
        with self._bell:
            while not self._stopping.is_set():
                ends = max(earliest, min(latest, self._alarm, self._book.next_rest_ends()))
                left = ends - time.monotonic()
                if left <= 0:
                    break
                self._bell.wait(left)
            self._alarm = float("inf")

    def _do_tasks(self) -> None:
        now = time.monotonic()
        next_at = {task.name: now + min(task.seconds, _FIRST_TASKS) for task in self._tasks}
        while not self._stopping.wait(max(0.0, min(next_at.values()) - time.monotonic())):
            for task in self._tasks:
                if time.monotonic() < next_at[task.name] or self._stopping.is_set():
                    continue
                next_at[task.name] = time.monotonic() + task.seconds
                try:
                    task.run()
                except Exception as error:  # noqa: BLE001 - one task's failure is not the others'
                    _log.warning("task %s failed: %s", task.name, place_of(error))
