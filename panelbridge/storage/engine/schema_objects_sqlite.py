"""What SQLite's own table says of ours, each object as the statement that made it, in one spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlalchemy import Connection, create_engine

from panelbridge.storage.engine import guards, migrations

Objects = Mapping[tuple[str, str], tuple[str, str]]  # kind and name -> table and definition
_BLANKS = re.compile(r"\s+")


def objects(connection: Connection) -> tuple[Objects, Objects]:
    """What is there, and what the migrations make."""
    return _read(connection), _made()


def _read(connection: Connection) -> Objects:
    """SQLite's own indexes have no statement."""
    rows = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    )
    return {(kind, name): (table, _spelled(sql)) for kind, name, table, sql in rows}


def _made() -> Objects:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection, connection.begin():
            migrations.upgrade(connection)
            guards.install(connection)
            return _read(connection)
    finally:
        engine.dispose()


def _spelled(sql: str) -> str:
    return _BLANKS.sub(" ", sql.replace('"', "")).strip()
