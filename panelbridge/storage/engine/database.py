"""The database: snapshot reads, short writes, migrations with guards, and an engine for jobs."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, make_url

from panelbridge.storage.engine.sqlite import SqliteFile

PATIENCE = 30.0  # seconds a writer waits for its turn, and then for the database


def file_of(url: str) -> Path:
    """The SQLite file that ``url`` names."""
    return Path(make_url(url).database or "")


class _Kind(Protocol):
    """What each kind of database does its own way; ``Database`` says what it means."""

    @property
    def path(self) -> Path: ...
    def read(self) -> AbstractContextManager[Connection]: ...
    def write(self) -> AbstractContextManager[Connection]: ...
    def migrating(self) -> AbstractContextManager[Connection]: ...
    def back_up(self, target: Path) -> None: ...
    def engine_for_jobs(self) -> Engine: ...
    def close(self) -> None: ...


class Database:
    """A SQLite file (``sqlite:////data/panelbridge.db``) or a database of a PostgreSQL server.

    Open it in the process that uses it: after a fork, not before. ``owner_url`` is for PostgreSQL: who owns
    the tables and migrates them; ``url`` then names a role that only uses them.
    """

    def __init__(
        self, url: str, *, patience: float = PATIENCE, owner_url: str | None = None, pool_size: int = 16
    ) -> None:
        self._pid = os.getpid()
        self._kind = _kind_of(make_url(url), patience, owner_url, pool_size)

    @property
    def path(self) -> Path:
        """The SQLite file. Raises ``StorageFailed`` on PostgreSQL, which has none."""
        return self._kind.path

    def read(self) -> AbstractContextManager[Connection]:
        """A snapshot: what others commit meanwhile is not seen, and writing is refused."""
        self._check_process()
        return self._kind.read()

    def write(self) -> AbstractContextManager[Connection]:
        """A write transaction. Commits at the end, rolls back on an error.

        On SQLite it is the only open one of all processes; on PostgreSQL others write other rows meanwhile.
        Raises ``StorageBusy`` when its turn or a row's lock did not come in time; then nothing was changed.
        Never keep it open over a call to a panel.
        """
        self._check_process()
        return self._kind.write()

    def migrate(self) -> None:
        """The schema is the newest, and every guard is installed. Safe to run again."""
        # Alembic is needed here alone; a process that only sells does not load it.
        from panelbridge.storage.engine import guards, migrations

        self._check_process()
        with self._kind.migrating() as connection:
            migrations.upgrade(connection)
            guards.install(connection)

    def back_up(self, target: Path) -> None:
        """A whole copy in one state at ``target``, made while others work. ``target`` must not exist.

        Of a SQLite file it is one; of a server's database a dump, with its manifest beside it.
        """
        self._check_process()
        self._kind.back_up(target)

    def engine_for_jobs(self) -> Engine:
        """An engine on the same database for the durable engine, which begins its own transactions."""
        return self._kind.engine_for_jobs()

    def close(self) -> None:
        """Give back every connection. The object is of no use afterwards."""
        self._kind.close()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("this database was opened before a fork; open it in the process that uses it")


def _kind_of(url: URL, patience: float, owner_url: str | None, pool_size: int) -> _Kind:
    backend = url.get_backend_name()
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return SqliteFile(Path(url.database), patience)
    if backend == "postgresql" and url.database:
        # The driver is loaded where it is used: it costs a SQLite service 60 ms.
        from panelbridge.storage.engine.postgres import PostgresServer

        owner = None if owner_url is None else make_url(owner_url)
        return PostgresServer(url, patience, owner_url=owner, pool_size=pool_size)
    raise ValueError(f"the database is a SQLite file or a PostgreSQL database, got {backend}")
