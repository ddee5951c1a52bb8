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

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, NullPool, create_engine, event


def _json_text(value: Any) -> str:
    return to_json(value).decode()


# Every operation has several such columns; Python's own encoder takes five times as long.
_JSON: dict[str, Any] = {"json_serializer": _json_text, "json_deserializer": from_json}
_KEPT = {"poolclass": NullPool, "connect_args": {"check_same_thread": False}}


class KeptConnections:
    """Open connections of one engine, used by one thread at a time each and by no more than are needed."""

    def __init__(self, engine: Engine, begin: str) -> None:
        self._engine = engine
        self._begin = begin
        self._idle: deque[Connection] = deque()
        self._closed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Commits at the end, rolls back on an error; after an error the connection is not used again.

        SQLAlchemy's own transaction stays open as long as the connection, and each of ours is the driver's
        alone, without SQLAlchemy's events on each.
        """
        known = self._taken()
        connection = known or self._engine.connect()
        try:
            if known is None:
                connection.begin()
            else:
                connection.connection.execute(self._begin)
            yield connection
            _commit(connection)
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


READ = "BEGIN"
WRITE = "BEGIN IMMEDIATE"  # what may write cannot fail half-way for want of the lock


def _commit(connection: Connection) -> None:
    if not connection.in_transaction():
        raise RuntimeError("the transaction was rolled back inside; nothing was committed")
    connection.connection.commit()


def reading_engine(url: str, patience: float) -> Engine:
    """Plain BEGIN and a connection that refuses to write."""
    # Every request thread and job may read at once; a pool that is too small makes them wait for nothing.
    engine = create_engine(url, pool_size=16, max_overflow=240, **_JSON)
    _on_connect(engine, patience, "PRAGMA query_only=ON")
    _begin_with(engine, READ)
    return engine


def writing_engine(url: str, patience: float) -> Engine:
    """Each transaction takes the write lock as it begins."""
    engine = create_engine(url, **_KEPT, **_JSON)
    _on_connect(engine, patience)
    _begin_with(engine, WRITE)
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
