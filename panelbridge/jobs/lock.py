"""One worker process per database: the engine counts what runs in its own process only."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from panelbridge.storage.file_lock import FileLock, LockHeld

_log = logging.getLogger(__name__)
_WORKER = 0x70616E656C6A6F62  # any number; the same in all releases
_HOLDER = text(
    "SELECT pid, application_name, client_addr FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = :key"
    " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
# Our own session of before, which the server may not have missed yet.
_END_OURS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = :pid"
    " AND usename = current_user AND application_name LIKE 'panelbridge jobs %'"
)


class WorkerAlreadyRunning(RuntimeError):
    """Another process runs the jobs of this database. Nothing was started; stop that one first."""

    def __init__(self, who: str, lock: str) -> None:
        super().__init__(
            f"jobs are already run by {who} ({lock}): one worker process per database. "
            "Stop that process, or run this one without jobs."
        )


class WorkerLock(Protocol):
    """Held by the one process that runs the jobs of a database."""

    def acquire(self) -> None:
        """Take the lock at once or raise ``WorkerAlreadyRunning``."""

    def held(self) -> bool:
        """Whether it is still ours; one that was lost with its session is taken again, if it is free."""
        ...

    def release(self) -> None:
        """Give the lock back; without it, nothing happens."""


def worker_lock(database: Engine) -> WorkerLock:
    """The lock of the database that ``database`` is an engine on."""
    if database.dialect.name == "sqlite":
        return WorkerFileLock(Path(f"{database.url.database}.worker.lock"))
    return WorkerServerLock(database)


class WorkerFileLock:
    """A file beside a SQLite database: it goes with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: FileLock | None = None

    def acquire(self) -> None:
        lock = FileLock(self._path)
        try:
            lock.take()
        except LockHeld as held:
            lock.close()
            who = f"process {held.pid}" if held.pid else "another process"
            raise WorkerAlreadyRunning(who, f"lock {self._path.name}") from None
        self._lock = lock

    def held(self) -> bool:
        return self._lock is not None

    def release(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class WorkerServerLock:
    """An advisory lock of one session: it goes with the session, so with the process or with the server."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._session: Connection | None = None
        self._last_pid: int | None = None

    def acquire(self) -> None:
        other = self._try()
        if other is not None:
            raise WorkerAlreadyRunning(other, "a lock in the database")

    def held(self) -> bool:
        try:
            if self._session is not None:
                self._session.execute(text("SELECT 1"))
                return True
            return self._again()
        except DBAPIError:
            self.release()
            return False

    def release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.invalidate()  # the session ends, and with it the lock
            session.close()

    def _again(self) -> bool:
        other = self._try()
        if other is not None:
            _log.warning("the jobs of this database are run by %s: nothing is started here", other)
        return other is None

    def _try(self) -> str | None:
        """Take the lock; who has it instead."""
        session = self._database.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            if self._last_pid is not None:
                session.execute(_END_OURS, {"pid": self._last_pid})
            if session.execute(_TAKE, {"key": _WORKER}).scalar_one():
                self._last_pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
                self._session = session
                return None
            return _named(session.execute(_HOLDER, {"key": _WORKER}).first())
        finally:
            if self._session is not session:
                session.close()


def _named(holder: Row[Any] | None) -> str:
    if holder is None:
        return "another process"
    return (
        f"process {str(holder.application_name).rpartition(' ')[2]} at {holder.client_addr or 'this machine'}"
    )
