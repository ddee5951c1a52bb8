"""A PostgreSQL server. Writers do not queue: each locks the rows it decides on, in one order everywhere.

The order: subscription, operation, wallet, slot of a panel. Reads see one snapshot (REPEATABLE READ, read
only); writes are READ COMMITTED, so what was locked is read as it is now.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, text

from panelbridge.storage.engine.address import driver_arguments
from panelbridge.storage.engine.connections import JSON_BY_PYDANTIC, NO_POOL, KeptConnections
from panelbridge.storage.engine.postgres_copy import dump
from panelbridge.storage.engine.postgres_errors import NAMED_ERRORS, unanswered
from panelbridge.storage.engine.postgres_privileges import grant_to_application, make_schema_of_jobs
from panelbridge.storage.engine.postgres_server import check_server, driver_of
from panelbridge.storage.exceptions import StorageBusy, StorageFailed

POOL_SIZE = 16  # connections for reading, and as many for writing
_MIGRATION_LOCK = 0x70616E656C  # any number; the same in all releases


class PostgresServer:
    """One database of a server; ``owner_url`` migrates it and owns its tables, ``url`` only uses them."""

    def __init__(self, url: URL, patience: float, *, owner_url: URL | None, pool_size: int) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._patience, self._pool_size = patience, pool_size
        self._owner = None if owner_url is None else owner_url.set(drivername="postgresql+psycopg")
        self._reading = _engine(self._url, "reading", patience, psycopg.IsolationLevel.REPEATABLE_READ)
        self._writing = _engine(self._url, "writing", patience, psycopg.IsolationLevel.READ_COMMITTED)
        self._readers, self._reader_slots = _Reading(self._reading), _Slots(pool_size, patience)
        self._writers, self._writer_slots = _Connections(self._writing), _Slots(pool_size, patience)
        self._writing_threads: set[int] = set()
        self._jobs: Engine | None = None

    @property
    def path(self) -> Path:
        raise StorageFailed("these books are on a PostgreSQL server: there is no database file")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with NAMED_ERRORS, self._reader_slots.one(), self._readers.transaction() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        me = threading.get_ident()
        if me in self._writing_threads:  # it would wait for its own locks
            raise RuntimeError("a write transaction is open in this thread already; use that one")
        with NAMED_ERRORS, self._writer_slots.one():
            self._writing_threads.add(me)
            try:
                with self._writers.transaction() as connection:
                    yield connection
            finally:
                self._writing_threads.discard(me)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        engine = create_engine(self._owner or self._url, **NO_POOL, **JSON_BY_PYDANTIC)
        try:
            with NAMED_ERRORS, engine.connect() as connection, connection.begin():
                # One migration at a time, whoever begins it.
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                yield connection
                make_schema_of_jobs(connection)
                if self._owner is not None:
                    grant_to_application(connection, str(self._url.username))
        finally:
            engine.dispose()

    def back_up(self, target: Path) -> None:
        with self.read() as connection:
            dump(connection, self._url, target)

    def engine_for_jobs(self) -> Engine:
        if self._jobs is None:
            self._jobs = create_engine(
                self._url,
                pool_size=self._pool_size,
                max_overflow=0,
                pool_timeout=self._patience,
                connect_args=_named("jobs", self._patience),
            )
            _limit(self._jobs, "jobs", self._patience)
        return self._jobs

    def close(self) -> None:
        self._readers.close()
        self._writers.close()
        for engine in (self._reading, self._writing, self._jobs):
            if engine is not None:
                engine.dispose()


class _Slots:
    """So many connections at once; who finds none free in time hears ``StorageBusy``."""

    def __init__(self, size: int, patience: float) -> None:
        self._free = threading.BoundedSemaphore(size)
        self._patience = patience

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free.acquire(timeout=self._patience):
            raise StorageBusy("other requests of this process kept all connections for too long")
        try:
            yield
        finally:
            self._free.release()


class _Connections(KeptConnections):
    def _taken(self) -> Connection | None:
        """Not one that the server closed while it lay here: it would fail a request for nothing."""
        while (connection := super()._taken()) is not None:
            if not _hung_up(driver_of(connection)):
                return connection
            self._discard(connection)
        return None

    def _discard(self, connection: Connection) -> None:
        """Without a ROLLBACK that a dead connection would fail, in place of the error that is told."""
        connection.invalidate()
        connection.close()

    def _begin(self, connection: Connection) -> None:
        """The driver sends BEGIN, with the isolation of its connection, before the first statement."""

    def _commit(self, connection: Connection) -> None:
        driver = driver_of(connection)
        if driver.info.transaction_status is TransactionStatus.INERROR:
            # The server would roll back and call that a success.
            raise RuntimeError("a statement was refused, and nobody undid it; nothing was committed")
        try:
            super()._commit(connection)
        except psycopg.OperationalError as error:
            raise unanswered(error) from None


class _Reading(_Connections):
    def _commit(self, connection: Connection) -> None:
        """What was read was read: a server that goes away now takes nothing back."""
        with suppress(psycopg.OperationalError):
            driver_of(connection).rollback()


def _hung_up(driver: psycopg.Connection[Any]) -> bool:
    """An idle server says nothing but farewell. Costs no question to it."""
    if driver.closed:
        return True
    readable = select.poll()
    readable.register(driver.fileno(), select.POLLIN)
    return bool(readable.poll(0))


def _engine(url: URL, purpose: str, patience: float, isolation: psycopg.IsolationLevel) -> Engine:
    engine = create_engine(url, **NO_POOL, connect_args=_named(purpose, patience), **JSON_BY_PYDANTIC)

    @event.listens_for(engine, "first_connect")
    def check(connection: psycopg.Connection[Any], _record: Any) -> None:
        check_server(connection, lambda: _another(url, patience))

    _limit(engine, purpose, patience)

    @event.listens_for(engine, "connect")
    def isolate(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.isolation_level = isolation
        connection.read_only = purpose == "reading"

    return engine


def _another(url: URL, patience: float) -> psycopg.Connection[Any]:
    return psycopg.connect(**{**driver_arguments(url), **_named("looking", patience)})


def _named(purpose: str, patience: float) -> dict[str, Any]:
    return {
        "application_name": f"panelbridge {purpose} {os.getpid()}",
        "connect_timeout": max(2, int(patience)),
    }


def _limit(engine: Engine, purpose: str, patience: float) -> None:
    """What waits for a lock, or runs, for longer than our patience is ended by the server.

    Not told as the session begins, where a pooler would refuse or drop what it does not know.
    """
    limit = max(1, int(patience * 1000))
    limits = {"lock_timeout": limit, "statement_timeout": limit + 1000, **_DEAD}
    if purpose == "writing":  # a process that hangs must not keep its locks
        limits["idle_in_transaction_session_timeout"] = 2 * limit + 1000
    statements = "; ".join(f"SET {name} = {value}" for name, value in limits.items()).encode()

    @event.listens_for(engine, "connect")
    def limited(connection: psycopg.Connection[Any], _record: Any) -> None:
        connection.execute(statements)
        connection.commit()


# Milliseconds and seconds: a session whose network is cut ends on the server too, and its locks with it.
_DEAD = {"tcp_keepalives_idle": 15, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
