"""The numbers that a database gives to new rows: each names one thing for ever, in shops and at panels too.

SQLite keeps the highest in ``sqlite_sequence``, PostgreSQL in a sequence of the table.
"""

from __future__ import annotations

from sqlalchemy import Connection, column, func, select, text
from sqlalchemy import table as named

_SQLITE_HIGHEST = "SELECT seq FROM sqlite_sequence WHERE name = :name"
_SEQUENCE = "pg_get_serial_sequence(:name, 'id')"
# A sequence that gave out nothing yet says 1 as its last value.
_POSTGRES_HIGHEST = f"SELECT pg_sequence_last_value({_SEQUENCE})"


def highest_id(connection: Connection, table: str) -> int:
    """The highest id ever given out, also to rows that are gone."""
    given = _SQLITE_HIGHEST if connection.dialect.name == "sqlite" else _POSTGRES_HIGHEST
    known = connection.execute(text(given), {"name": table}).scalar_one_or_none() or 0
    stored: int | None = connection.execute(
        select(func.max(column("id"))).select_from(named(table))
    ).scalar_one()
    return max(int(known), stored or 0)


def continue_after(connection: Connection, table: str, last: int) -> None:
    """The next row gets an id above ``last``."""
    values = {"name": table, "last": last}
    if connection.dialect.name != "sqlite":
        connection.execute(text(f"SELECT setval({_SEQUENCE}, :last)"), values)
        return
    skip = text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name")
    if connection.execute(skip, values).rowcount == 0:
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)


def continue_after_seeds(connection: Connection, table: str) -> None:
    """Rows were inserted with ids of their own; SQLite sees that by itself."""
    if connection.dialect.name != "sqlite":
        continue_after(connection, table, highest_id(connection, table))
