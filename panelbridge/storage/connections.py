"""How connections to the SQLite file are set up. Three engines: a transaction begins in three ways.

Readers and the writer keep their connections (``KeptConnections``): taking one from a pool and giving it back
cost more than most transactions.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

_KEPT = {"poolclass": NullPool, "connect_args": {"check_same_thread": False}}


class KeptConnections:
    """Open connections of one engine, used by one thread at a time each and by no more than are needed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Connection] = deque()
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commits at the end, rolls back on an error; after an error the connection is not used again."""
        connection = self._taken() or self._engine.connect()
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The same for readers, who have nothing to commit: SQLAlchemy's transaction stays open as long as
        the connection, and each snapshot is the driver's alone.
        """
        connection = self._taken()
        if connection is None:
            connection = self._engine.connect()
            connection.begin()
        else:
            connection.connection.execute("BEGIN")
        try:
            yield connection
            connection.connection.commit()
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def _taken(self) -> Connection | None:
        try:
            return self._idle.pop()  # the one used last, whose pages SQLite still has
        except IndexError:
            return None

    def _give_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close what is idle, and what comes back later."""
        self._closed = True
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread was quicker
                return


def reading_engine(url: str, patience: float) -> Engine:
    """Plain BEGIN and a connection that refuses to write."""
    # Every request thread and job may read at once; a pool that is too small makes them wait for nothing.
    engine = create_engine(url, pool_size=16, max_overflow=240)
    _on_connect(engine, patience, "PRAGMA query_only=ON")
    _begin_with(engine, "BEGIN")
    return engine


def writing_engine(url: str, patience: float) -> Engine:
    """BEGIN IMMEDIATE: a transaction that may write cannot fail half-way for want of the lock."""
    engine = create_engine(url, **_KEPT)
    _on_connect(engine, patience)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def jobs_engine(url: str, patience: float) -> Engine:
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
            *more,
        ):
            connection.execute(pragma)


def _begin_with(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.connection.execute(statement)  # the driver's own, at no cost
