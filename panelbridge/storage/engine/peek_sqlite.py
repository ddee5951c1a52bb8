"""A look at a SQLite file, which is not made by it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from panelbridge.storage.exceptions import StorageDamaged

_FIRST_BYTES = b"SQLite format 3\0"
_LEFT_BEHIND = ("-wal", "-shm", ".lock")  # beside a database that was in use
_PATIENCE = 10.0
_AT_A_PROMPT = 1.0  # somebody pressed TAB and waits


class SqlitePeek:
    """Implements ``Peek``."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return str(self._path.absolute())

    def exists(self) -> bool:
        return self._path.is_file() and self._path.stat().st_size > 0

    def missing(self) -> str:
        return "is empty" if self._path.is_file() else "does not exist"

    def traces(self) -> Sequence[Path]:
        beside = (self._path.with_name(self._path.name + end) for end in _LEFT_BEHIND)
        return [one for one in (self._path, *beside) if one.exists()]

    def refuse_damaged(self) -> None:
        with self._path.open("rb") as file:
            if file.read(len(_FIRST_BYTES)) != _FIRST_BYTES:
                raise StorageDamaged(f"{self.name} is damaged: it is no SQLite database")

    def schema(self) -> str | None:
        with self._opened(_PATIENCE) as connection:
            try:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                    raise StorageDamaged(f"{self.name} is damaged: {error}") from None
                return None
        return str(row[0]) if row else None

    def may_migrate(self) -> bool:
        return True

    def condition(self) -> str:
        with self._opened(_PATIENCE) as connection:
            try:
                said = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            except sqlite3.DatabaseError as error:
                said = str(error)
        if said != "ok":
            raise StorageDamaged(f"damaged: {said}")
        return f"{self._path}, {self._path.stat().st_size / 1024 / 1024:.1f} MB"

    def warnings(self) -> Sequence[tuple[str, str]]:
        return ()

    def rows(self, query: str, values: Mapping[str, str], most: int) -> Sequence[tuple[str, str]]:
        with self._opened(_AT_A_PROMPT) as connection:
            found = connection.execute(query, values)
            return [(str(name), str(text or "")) for name, text in found.fetchmany(most)]

    @contextmanager
    def _opened(self, patience: float) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=patience)
        try:
            yield connection
        finally:
            connection.close()
