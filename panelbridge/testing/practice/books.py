"""The books of a practice panel: SQLite on disk, written by the panel's process alone.

They are what a test believes: what the panel really did, however little of it reached the caller.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS practice_effects (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,      -- create, extend, ... as the panel names it
    account TEXT NOT NULL,   -- login name
    charged INTEGER NOT NULL,
    details TEXT NOT NULL    -- JSON, without secrets
);
CREATE TABLE IF NOT EXISTS practice_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Books:
    """Tables of the panel's own making, and beside them every effect it had, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = (
            threading.Lock()
        )  # SQLite would poll with growing pauses, which a benchmark then measures
        self._rehearsal = threading.local()
        self._effects: list[dict[str, Any]] = []  # those read so far: what happened stays as it was
        self._reads_effects = threading.Lock()
        with closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = OFF")  # a practice panel outlives its process, not its machine
        return db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection without a transaction: each statement stands alone."""
        rehearsed: sqlite3.Connection | None = getattr(self._rehearsal, "db", None)
        if rehearsed is not None:
            yield rehearsed
            return
        with closing(self._connect()) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: everything inside is kept, or nothing when it raises."""
        rehearsed: sqlite3.Connection | None = getattr(self._rehearsal, "db", None)
        if rehearsed is not None:
            with _savepoint(rehearsed):
                yield rehearsed
            return
        with self._turn, closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def rehearsing(self) -> Iterator[None]:
        """What this thread writes inside reads as written to it, and is undone at the end."""
        with self._turn, closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            self._rehearsal.db = db
            try:
                yield
            finally:
                self._rehearsal.db = None
                db.execute("ROLLBACK")

    def fact(self, db: sqlite3.Connection, name: str, default: str) -> str:
        """A kept single value (a token, a balance); written with ``default`` when it is not there yet."""
        db.execute("INSERT OR IGNORE INTO practice_facts (name, value) VALUES (?, ?)", (name, default))
        row = db.execute("SELECT value FROM practice_facts WHERE name = ?", (name,)).fetchone()
        return str(row["value"])

    def set_fact(self, db: sqlite3.Connection, name: str, value: str) -> None:
        db.execute("INSERT OR REPLACE INTO practice_facts (name, value) VALUES (?, ?)", (name, value))

    def record(
        self, db: sqlite3.Connection, kind: str, account: str, *, charged: int = 0, **details: Any
    ) -> None:
        """Write down one effect, in the transaction that has it. ``charged`` is in the panel's credits."""
        db.execute(
            "INSERT INTO practice_effects (at, kind, account, charged, details) VALUES (?, ?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(), kind, account, charged, json.dumps(details, sort_keys=True)),
        )

    def effects(self) -> dict[str, Any]:
        """Every effect in order, their counts by kind, and the sum charged."""
        with self._reads_effects, closing(self._connect()) as db:
            known = self._effects[-1]["number"] if self._effects else 0
            sql = "SELECT * FROM practice_effects WHERE number > ? ORDER BY number"
            for row in db.execute(sql, (known,)):
                self._effects.append({**row, "details": json.loads(row["details"])})
            rows = list(self._effects)
        return {
            "effects": rows,
            "counts": dict(Counter(row["kind"] for row in rows)),
            "charged": sum(row["charged"] for row in rows),
        }


@contextmanager
def _savepoint(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("SAVEPOINT rehearsal")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK TO rehearsal")
        raise
    finally:
        db.execute("RELEASE rehearsal")
