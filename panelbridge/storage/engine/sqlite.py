"""One SQLite file. Three engines, for a transaction begins in three ways; writers queue (``write_queue``)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from panelbridge.storage.engine.connections import JSON_BY_PYDANTIC, NO_POOL, KeptConnections
from panelbridge.storage.engine.write_queue import WriteQueue
from panelbridge.storage.exceptions import StorageBusy, StorageDamaged, StorageFailed, StorageFull
from panelbridge.storage.owner import give_to_owner_of

_READ = "BEGIN"
_WRITE = "BEGIN IMMEDIATE"  # what may write cannot fail half-way for want of the lock


class SqliteFile:
    """WAL, synchronous=FULL: what was committed survives power loss."""

    def __init__(self, path: Path, patience: float) -> None:
        self.path = path
        self._url = f"sqlite:///{path}"
        self._patience = patience
        _create_private(path)
        self._reading = _reading_engine(self._url, patience)
        self._writing = _writing_engine(self._url, patience)
        self._readers = _Connections(self._reading, _READ)
        self._writer = _Connections(self._writing, _WRITE)
        self._queue = WriteQueue(f"{path}.lock", patience)
        self._jobs: Engine | None = None
        self._jobs_made = Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _CONTENTION, self._readers.transaction() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._queue.turn(), _CONTENTION, self._writer.transaction() as connection:
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self._queue.turn(), _CONTENTION, self._writing.connect() as connection:
            # Alembic rebuilds a table on SQLite by copying it, which foreign keys would forbid; the pragma
            # does nothing inside a transaction.
            connection.connection.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(
                            f"the migration would leave rows without their parent: {broken[:5]}"
                        )
            finally:
                connection.connection.execute("PRAGMA foreign_keys=ON")

    def back_up(self, target: Path) -> None:
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
        with self._jobs_made:
            if self._jobs is None:
                self._jobs = _jobs_engine(self._url, self._patience)
            return self._jobs

    def close(self) -> None:
        self._readers.close()
        self._writer.close()
        for engine in (self._reading, self._writing, self._jobs):
            if engine is not None:
                engine.dispose()
        self._queue.close()


class _Connections(KeptConnections):
    def __init__(self, engine: Engine, statement: str) -> None:
        super().__init__(engine)
        self._statement = statement

    def _begin(self, connection: Connection) -> None:
        connection.connection.execute(self._statement)


def _reading_engine(url: str, patience: float) -> Engine:
    """Plain BEGIN and a connection that refuses to write."""
    # Every request thread and job may read at once; a pool that is too small makes them wait for nothing.
    engine = create_engine(url, pool_size=16, max_overflow=240, hide_parameters=True, **JSON_BY_PYDANTIC)
    _on_connect(engine, patience, "PRAGMA query_only=ON")
    _begin_with(engine, _READ)
    return engine


def _writing_engine(url: str, patience: float) -> Engine:
    """Each transaction takes the write lock as it begins."""
    shared = {"connect_args": {"check_same_thread": False}}
    engine = create_engine(url, **NO_POOL, **shared, **JSON_BY_PYDANTIC)
    _on_connect(engine, patience)
    _begin_with(engine, _WRITE)
    return engine


def _jobs_engine(url: str, patience: float) -> Engine:
    """As DBOS needs it: it begins by itself and blocks itself under an engine that always takes the lock."""
    engine = create_engine(url, connect_args={"isolation_level": "IMMEDIATE", "timeout": patience})
    _set_pragmas(engine, patience)
    return engine


def _on_connect(engine: Engine, patience: float, *more: str) -> None:
    _set_pragmas(engine, patience, *more)

    @event.listens_for(engine, "connect")
    def own_transactions(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself


def _set_pragmas(engine: Engine, patience: float, *more: str) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in (
            f"PRAGMA busy_timeout={int(patience * 1000)}",
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "PRAGMA foreign_keys=ON",
            "PRAGMA recursive_triggers=ON",  # else INSERT OR REPLACE passes the delete triggers
            "PRAGMA secure_delete=ON",  # what is erased is overwritten; Debian's SQLite does so anyway
            *more,
        ):
            connection.execute(pragma)


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.connection.execute(statement)  # the driver's own, at no cost


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
