"""Rows that may be there already: one statement, so that nobody comes between the look and the write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from panelbridge.storage.engine.prepared import Prepared, Rows


class InsertNew:
    """Adds a row of ``table`` unless its key is there."""

    def __init__(self, table: Table, values: Mapping[str, Any]) -> None:
        self._of = {
            kind: Prepared(insert(table).values(dict(values)).on_conflict_do_nothing(), typed=True)
            for kind, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
        }

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """``rowcount`` says whether it was added."""
        return self._of[connection.dialect.name].run(connection, values)


def put_row(connection: Connection, table: Table, key: Sequence[str], values: Mapping[str, Any]) -> None:
    """The row of that key has these values."""
    insert = _insert(connection.dialect)(table).values(dict(values))
    others = {name: insert.excluded[name] for name in values if name not in key}
    connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=others))


def _insert(dialect: Dialect) -> Any:
    return sqlite.insert if dialect.name == "sqlite" else postgresql.insert
