"""A journal and a panel in one small database, with the real ones' manners.

An attempt is committed before the effect, an attempt under way is not repeated before its deadline, and what
may have happened is looked up first.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from panelbridge.jobs.tables import table_names
from panelbridge.provisioning.models import OperationId
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.postgres_privileges import JOBS_SCHEMA
from panelbridge.subscriptions import PanelId
from tests.support import postgres

_ADD = text("INSERT INTO rows (panel, attempts, due, done) VALUES (:panel, 0, :due, 0) RETURNING id")
_DUE = text(
    "SELECT id, panel, attempts, due FROM rows WHERE done = 0 AND due <= :now ORDER BY due, id LIMIT 1000"
)

Effect = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Row:
    id: OperationId
    panel_id: PanelId
    attempts: int
    due_at: datetime


def engine_for_jobs(path: Path) -> Engine:
    """On PostgreSQL the path stands for a database of the run's server; a file there tells it to workers."""
    if postgres.IN_USE or path.with_suffix(".url").exists():
        where = path.with_suffix(".url")
        if not where.exists():
            where.write_text(postgres.owner_url_of_fresh())
        return Database(where.read_text()).engine_for_jobs()
    engine = create_engine(f"sqlite:///{path}", connect_args={"isolation_level": "IMMEDIATE", "timeout": 30})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


class FakeJournal:
    """``call(row)`` stands for the panel call; the effect is recorded where it calls its second argument."""

    def __init__(self, path: Path, *, patience: float = 1.0) -> None:
        self.engine = engine_for_jobs(path)
        self._on_file = self.engine.dialect.name == "sqlite"
        number = "INTEGER" if self._on_file else "BIGSERIAL"
        self.patience = patience  # seconds of an attempt
        self.settled_at: dict[int, float] = {}
        self.calls: list[int] = []
        self._moved = threading.Condition()
        with self._write() as connection:
            connection.exec_driver_sql(
                f"CREATE TABLE IF NOT EXISTS rows (id {number} PRIMARY KEY,"
                " panel INTEGER, attempts INTEGER, due BIGINT, done INTEGER)"
            )
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS effects (id INTEGER)")

    def add(self, count: int = 1, *, panel: int = 1, at: datetime | None = None) -> list[int]:
        due = at or datetime.now(UTC)
        with self._write() as connection:
            return [
                connection.execute(_ADD, {"panel": panel, "due": _micros(due)}).scalar_one()
                for _ in range(count)
            ]

    def due(self) -> Sequence[Row]:
        with self.engine.connect() as connection:
            found = connection.execute(_DUE, {"now": _micros(datetime.now(UTC))}).all()
        return [
            Row(id=OperationId(one), panel_id=PanelId(panel), attempts=attempts, due_at=_instant(due))
            for one, panel, attempts, due in found
        ]

    def settle(self, operation: OperationId, call: Callable[[Effect], None] | None = None) -> None:
        now = datetime.now(UTC)
        with self._write() as connection:
            read = "SELECT attempts, due, done FROM rows WHERE id = :id"
            lock = "" if self._on_file else " FOR UPDATE"
            attempts, due, done = connection.execute(text(read + lock), {"id": operation}).one()
            if done or due > _micros(now):
                return
            happened = connection.execute(
                text("SELECT 1 FROM effects WHERE id = :id"), {"id": operation}
            ).first()
            deadline = _micros(now + timedelta(seconds=self.patience))
            connection.execute(
                text("UPDATE rows SET attempts = :attempts, due = :due WHERE id = :id"),
                {"attempts": attempts + 1, "due": deadline, "id": operation},
            )
        if happened is None:
            self.calls.append(operation)
            (call or _at_once)(lambda: self._effect(operation))
        with self._write() as connection:
            connection.execute(text("UPDATE rows SET done = 1 WHERE id = :id"), {"id": operation})
        with self._moved:
            self.settled_at[operation] = time.monotonic()
            self._moved.notify_all()

    def effects(self) -> list[int]:
        with self.engine.connect() as connection:
            return [one for (one,) in connection.exec_driver_sql("SELECT id FROM effects ORDER BY id")]

    def unsettled(self) -> int:
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT id FROM rows WHERE done = 0").all()
        return len(found)

    def wait_until_settled(self, operations: Sequence[int], seconds: float) -> bool:
        """Of this process's own settling."""
        with self._moved:
            return self._moved.wait_for(lambda: set(operations) <= set(self.settled_at), timeout=seconds)

    def _effect(self, operation: int) -> None:
        with self._write() as connection:
            connection.execute(text("INSERT INTO effects VALUES (:id)"), {"id": operation})

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            if self._on_file:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


def rows_of(engine: Engine, table: str) -> int:
    """How many rows that table of the engine has."""
    place = "" if engine.dialect.name == "sqlite" else f"{JOBS_SCHEMA}."
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {place}{table}").scalar_one())


def engine_tables(engine: Engine) -> list[str]:
    """On PostgreSQL those of its schema; in a file those that it makes in an empty one."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            return inspect(connection).get_table_names(schema=JOBS_SCHEMA)
        return sorted(set(inspect(connection).get_table_names()) & _made())


@functools.cache
def _made() -> frozenset[str]:
    return frozenset(table_names())


def change_engine_tables(engine: Engine, statement: str, only: Sequence[str] | None = None) -> None:
    """``statement`` is ``DROP TABLE`` or ``DELETE FROM``."""
    if engine.dialect.name != "sqlite":
        all_rows = {"DROP TABLE": "DROP TABLE IF EXISTS", "DELETE FROM": "TRUNCATE"}[statement]
        known = engine_tables(engine)  # not all of those that it has on SQLite
        with engine.begin() as connection:
            for name in [name for name in only or known if name in known]:
                connection.exec_driver_sql(f'{all_rows} {JOBS_SCHEMA}."{name}" CASCADE')
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for name in only or engine_tables(engine):
            connection.exec_driver_sql(f'{statement} "{name}"')
        connection.commit()
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _at_once(effect: Effect) -> None:
    effect()


def _micros(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
