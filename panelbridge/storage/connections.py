"""How connections to the SQLite file are set up. Three engines: a transaction begins in three ways."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event


def reading_engine(url: str, patience: float) -> Engine:
    """Plain BEGIN and a connection that refuses to write."""
    # Every request thread and job may read at once; a pool that is too small makes them wait for nothing.
    engine = create_engine(url, pool_size=16, max_overflow=240)
    _on_connect(engine, patience, "PRAGMA query_only=ON")
    _begin_with(engine, "BEGIN")
    return engine


def writing_engine(url: str, patience: float) -> Engine:
    """BEGIN IMMEDIATE: a transaction that may write cannot fail half-way for want of the lock."""
    engine = create_engine(url)
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
        connection.exec_driver_sql(statement)
