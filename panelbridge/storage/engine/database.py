"""The database: snapshot reads, queued short writes, migrations with guards, and an engine for jobs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DatabaseError

from panelbridge.storage.engine.connections import (
    READ,
    WRITE,
    KeptConnections,
    jobs_engine,
    reading_engine,
    writing_engine,
)
from panelbridge.storage.engine.write_queue import WriteQueue
from panelbridge.storage.exceptions import StorageBusy, StorageDamaged, StorageFailed, StorageFull
from panelbridge.storage.owner import give_to_owner_of

PATIENCE = 30.0  # seconds a writer waits for its turn, and then for the database


def file_of(url: str) -> Path:
    """The SQLite file that ``url`` names."""
    return Path(make_url(url).database or "")


class Database:
    """One SQLite file (``sqlite:////data/panelbridge.db``), opened in the process that uses it.

    WAL, synchronous=FULL: what was committed survives power loss. Open it after a fork, not before.
    """

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
            raise ValueError(f"the database is a SQLite file for now, got {parsed.get_backend_name()}")
        self.path = Path(parsed.database)
        self._url = f"sqlite:///{self.path}"
        self._patience = patience
        self._pid = os.getpid()
        _create_private(self.path)
        self._reading = reading_engine(self._url, patience)
        self._writing = writing_engine(self._url, patience)
        self._readers = KeptConnections(self._reading, READ)
        self._writer = KeptConnections(self._writing, WRITE)
        self._queue = WriteQueue(f"{self.path}.lock", patience)
        self._jobs: Engine | None = None
        self._jobs_made = Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot: what others commit meanwhile is not seen, and writing is refused."""
        self._check_process()
        with _CONTENTION, self._readers.transaction() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """The only open write transaction of all processes. Commits at the end, rolls back on an error.

        Raises ``StorageBusy`` when the turn did not come in time; then nothing was changed. Never keep it
        open over a call to a panel.
        """
        self._check_process()
        with self._queue.turn(), _CONTENTION, self._writer.transaction() as connection:
            yield connection

    def migrate(self) -> None:
        """The schema is the newest, and every guard is installed. Twice changes nothing."""
        # Alembic is needed here alone; a process that only sells does not load it.
        from panelbridge.storage.engine import guards, migrations

        self._check_process()
        with self._queue.turn(), _CONTENTION, self._writing.connect() as connection:
            # Alembic rebuilds a table on SQLite by copying it, which foreign keys would forbid; the pragma
            # does nothing inside a transaction.
            connection.connection.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    migrations.upgrade(connection)
                    guards.install(connection)
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(
                            f"the migration would leave rows without their parent: {broken[:5]}"
                        )
            finally:
                connection.connection.execute("PRAGMA foreign_keys=ON")

    def back_up(self, target: Path) -> None:
        """A whole copy in one state at ``target``, made while others work. ``target`` must not exist."""
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        copy = sqlite3.connect(target)
        try:
            with self.read() as connection:
                source = connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)  # noqa: S101 - for the type checker
                source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, no log beside it
        except BaseException:
            target.unlink()  # half a copy is none
            raise
        finally:
            copy.close()

    def engine_for_jobs(self) -> Engine:
        """An engine on the same file for the durable engine, which begins its own transactions."""
        with self._jobs_made:
            if self._jobs is None:
                self._jobs = jobs_engine(self._url, self._patience)
            return self._jobs

    def close(self) -> None:
        """Give back every connection. The object is of no use afterwards."""
        self._readers.close()
        self._writer.close()
        for engine in (self._reading, self._writing, self._jobs):
            if engine is not None:
                engine.dispose()
        self._queue.close()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("this database was opened before a fork; open it in the process that uses it")


def _create_private(path: Path) -> None:
    """The file is there before SQLite makes it for everybody's eyes; its log and index take over the mode."""
    if path.parent.is_dir() and not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner_of(path.parent, handle)
        os.close(handle)


class _Contention:
    """Inside, a database that stayed locked is ``StorageBusy``; full and damaged have names of their own."""

    def __enter__(self) -> None:
        """Nothing is done before an error."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        cause = error.orig if isinstance(error, DatabaseError) else error
        if not isinstance(cause, sqlite3.DatabaseError) or not hasattr(cause, "sqlite_errorcode"):
            return
        kind = cause.sqlite_errorcode & 0xFF
        if kind in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise StorageBusy("the database stayed locked for longer than our patience") from None
        if kind == sqlite3.SQLITE_FULL or cause.sqlite_errorcode in _WRITE_ERRORS:
            raise StorageFull(f"the disk takes no more of the database ({cause})") from None
        if kind in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StorageDamaged(f"the database file is damaged ({cause})") from None
        if kind in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
            raise StorageFailed(f"the database file cannot be used ({cause})") from None


_WRITE_ERRORS = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
_CONTENTION = _Contention()
