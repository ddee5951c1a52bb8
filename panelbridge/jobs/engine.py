"""DBOS Transact behind a small surface; no other file names it. Facts were seen with DBOS 3.4.

What the engine holds is never the truth: the journal's due rows are. So when its tables are gone or damaged,
all of them are dropped and made anew, and the next scan enqueues again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import sqlalchemy as sa

from panelbridge.jobs.place import place_of
from panelbridge.jobs.tables import drop_tables
from panelbridge.storage.engine.postgres_privileges import JOBS_SCHEMA

if TYPE_CHECKING:
    from dbos import DBOSConfig

_APPLICATION = "panelbridge"
_VERSION = (
    "1"  # raise it only when the steps inside a job change: pending work of another version is not recovered
)
_EXECUTOR = "worker"  # fixed, so that a restarted worker finds what it was running when it died
_QUEUE = "operations"
_JOB = "settle_operation"
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_BATCH = 500

_log = logging.getLogger(__name__)


class EngineDown(RuntimeError):
    """The engine did not take a job; nothing is lost, its row stays due."""


class JobEngine:
    """A queue of ``run(operation id, panel id)`` calls, at most ``panel_limit`` at once per panel.

    Only one may be launched in a process (DBOS is a singleton). ``run`` must not raise: the engine would
    store the error's text.
    """

    _singleton: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        database: sa.Engine,
        run: Callable[[int, int], None],
        *,
        limit: int,
        panel_limit: int,
        poll: float,
    ) -> None:
        self._database = database
        self._run = run
        self._limit = limit
        self._panel_limit = panel_limit
        self._poll = poll
        self._up = False
        self._launched = False

    @property
    def up(self) -> bool:
        """Whether it was launched and not stopped since; ``intact`` looks closer."""
        return self._up

    def launch(self) -> None:
        """Start, with what an earlier worker left; with new tables if that fails. Raises ``EngineDown``."""
        if not self._singleton.acquire(blocking=False):
            raise RuntimeError("jobs are already run in this process")
        self._launched = True
        try:
            self._start()
        except Exception as error:  # noqa: BLE001 - whatever DBOS raises on damaged tables
            _log.warning("the job engine did not start (%s): its tables are made anew", place_of(error))
            self._remake()

    def rebuild(self) -> None:
        """Stop, drop every table of the engine, start. Jobs that run go on. Raises ``EngineDown``."""
        self._shut()
        self._remake()

    def stop(self) -> None:
        """Start nothing more and give back the threads; jobs that run go on to their end."""
        if self._launched:
            self._launched = False
            self._shut()
            self._singleton.release()

    def enqueue(self, job_id: str, operation_id: int, panel_id: int) -> bool:
        """Whether it will run; false when a job of that id ended already. Raises ``EngineDown``."""
        from dbos import DBOS

        try:
            job = DBOS.enqueue_workflow_with_options(
                {
                    "workflow_name": _JOB,
                    "queue_name": _QUEUE,
                    "workflow_id": job_id,
                    "queue_partition_key": str(panel_id),
                    "app_version": _VERSION,
                    "application_name": _APPLICATION,
                },
                operation_id,
                panel_id,
            )
            return job.get_status().status not in _ENDED
        except Exception as error:
            raise EngineDown(place_of(error)) from error

    def intact(self) -> bool:
        """Whether its queue is still there: the one sign of lost tables while nothing is due."""
        from dbos import DBOS

        try:
            return self._up and DBOS.retrieve_queue(_QUEUE) is not None
        except Exception:  # noqa: BLE001 - no table, no database, not launched: all mean no
            return False

    def delete_ended(self, before: datetime) -> int:
        """Delete jobs that ended before the instant; the engine keeps them for ever. Returns how many."""
        from dbos import DBOS

        deleted = 0
        while True:
            found = DBOS.list_workflows(
                status=_ENDED,
                completed_before=before.isoformat(),
                limit=_BATCH,
                load_input=False,
                load_output=False,
            )
            DBOS.delete_workflows([job.workflow_id for job in found])
            deleted += len(found)
            if len(found) < _BATCH:
                return deleted

    def _start(self) -> None:
        from dbos import DBOS

        _quieten()
        DBOS(config=self._config())

        @DBOS.workflow(name=_JOB)
        def settle_operation(operation_id: int, panel_id: int) -> None:
            self._run(operation_id, panel_id)

        DBOS.launch()
        DBOS.register_queue(
            _QUEUE,
            worker_concurrency=self._limit,
            partition_worker_concurrency=self._panel_limit,
            polling_interval_sec=self._poll,
            on_conflict="always_update",
        )
        self._up = True

    def _config(self) -> DBOSConfig:
        from dbos import DBOSPortableJSONSerializer

        return {
            "name": _APPLICATION,
            # It opens nothing but what the engine gives it, so it needs no password.
            "system_database_url": self._database.url.set(password=None).render_as_string(),
            "system_database_engine": self._database,
            "dbos_system_schema": JOBS_SCHEMA,  # of PostgreSQL; SQLite has none
            "use_listen_notify": False,  # nobody waits for a job there
            "application_version": _VERSION,
            "executor_id": _EXECUTOR,
            "serializer": DBOSPortableJSONSerializer(),  # the default is pickle: rows would be code
            "max_executor_threads": self._limit + 8,  # threads are made when needed
            "log_level": "WARNING",
            "enable_otlp": False,
        }

    def _shut(self) -> None:
        from dbos import DBOS

        self._up = False
        DBOS.destroy(destroy_registry=True)

    def _remake(self) -> None:
        try:
            self._shut()
            drop_tables(self._database)
            self._start()
        except Exception as error:
            raise EngineDown(place_of(error)) from error


class _OneLine(logging.Filter):
    """First line only, and the same line once in ten seconds: DBOS logs whole statements at every poll."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record; false for one said a moment ago."""
        line = record.getMessage().partition("\n")[0]
        record.msg, record.args, record.exc_info = line, (), None
        now = time.monotonic()
        if now - self._said.get(line, float("-inf")) < 10.0:  # noqa: PLR2004 - seconds, as the docstring says
            return False
        if len(self._said) > 100:  # noqa: PLR2004 - lines with ids in them must not pile up
            self._said.clear()
        self._said[line] = now
        return True


def _quieten() -> None:
    """DBOS writes to our log, not to the terminal: it adds its own output only where it finds none."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    if not any(isinstance(one, _OneLine) for one in logger.filters):
        logger.addFilter(_OneLine())
