"""What the stores of this room do alike: one row by its id, and a new one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select

from panelbridge.storage.engine.prepared import Prepared


def new_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert ``values`` into ``table``; the id the row was given."""
    key = connection.execute(insert(table), values).inserted_primary_key
    if key is None:
        msg = f"{table.name} gave no id"
        raise RuntimeError(msg)
    return int(key[0])


def by_id(table: Table) -> Prepared:
    """The row of ``table`` whose id is ``wanted``."""
    return Prepared(select(table).where(table.c.id == bindparam("wanted")), typed=True)
