"""A journal and a panel in one small SQLite file, with the real ones' manners.

An attempt is committed before the effect, an attempt under way is not repeated before its deadline, and what
may have happened is looked up first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from panelbridge.provisioning.models import OperationId
from panelbridge.storage.engine.postgres_privileges import JOBS_SCHEMA
from panelbridge.subscriptions import PanelId

Effect = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Row:
    id: OperationId
    panel_id: PanelId
    attempts: int
    due_at: datetime


def engine_for_jobs(path: Path) -> Engine:
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
        self.patience = patience  # seconds of an attempt
        self.settled_at: dict[int, float] = {}
        self.calls: list[int] = []
        self._moved = threading.Condition()
        with self._write() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, panel INTEGER, attempts INTEGER,"
                " due INTEGER, done INTEGER)"
            )
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS effects (id INTEGER)")

    def add(self, count: int = 1, *, panel: int = 1, at: datetime | None = None) -> list[int]:
        due = at or datetime.now(UTC)
        with self._write() as connection:
            return [
                connection.exec_driver_sql(
                    "INSERT INTO rows (panel, attempts, due, done) VALUES (?, 0, ?, 0)", (panel, _micros(due))
                ).lastrowid
                for _ in range(count)
            ]

    def due(self) -> Sequence[Row]:
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT id, panel, attempts, due FROM rows WHERE done = 0 AND due <= ?"
                " ORDER BY due, id LIMIT 1000",
                (_micros(datetime.now(UTC)),),
            ).all()
        return [
            Row(id=OperationId(one), panel_id=PanelId(panel), attempts=attempts, due_at=_instant(due))
            for one, panel, attempts, due in found
        ]

    def settle(self, operation: OperationId, call: Callable[[Effect], None] | None = None) -> None:
        now = datetime.now(UTC)
        with self._write() as connection:
            attempts, due, done = connection.exec_driver_sql(
                "SELECT attempts, due, done FROM rows WHERE id = ?", (operation,)
            ).one()
            if done or due > _micros(now):
                return
            happened = connection.exec_driver_sql("SELECT 1 FROM effects WHERE id = ?", (operation,)).first()
            deadline = _micros(now + timedelta(seconds=self.patience))
            connection.exec_driver_sql(
                "UPDATE rows SET attempts = ?, due = ? WHERE id = ?", (attempts + 1, deadline, operation)
            )
        if happened is None:
            self.calls.append(operation)
            (call or _at_once)(lambda: self._effect(operation))
        with self._write() as connection:
            connection.exec_driver_sql("UPDATE rows SET done = 1 WHERE id = ?", (operation,))
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
            connection.exec_driver_sql("INSERT INTO effects VALUES (?)", (operation,))

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


def engine_tables(engine: Engine) -> list[str]:
    """On a server they have a schema of their own."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            query = f"SELECT tablename FROM pg_tables WHERE schemaname = '{JOBS_SCHEMA}'"
            return [name for (name,) in connection.exec_driver_sql(query)]
        found = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").all()
    return [name for (name,) in found if name not in {"rows", "effects"} and not name.startswith("sqlite_")]


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
