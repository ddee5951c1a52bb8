"""What the stores of this room do alike: one row by its id, a page of rows, and a new one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.engine.races import raise_if_raced


def new_id(connection: Connection, table: Table, values: dict[str, Any]) -> int:
    """Insert ``values`` into ``table``; the id the row was given.

    Raises ``StorageBusy`` when another transaction has just added one of that code: who asks again sees it.
    """
    try:
        key = connection.execute(insert(table), values).inserted_primary_key
    except IntegrityError as error:
        raise_if_raced(error)
        raise
    if key is None:
        msg = f"{table.name} gave no id"
        raise RuntimeError(msg)
    return int(key[0])


def by_id(table: Table) -> Prepared:
    """The row of ``table`` whose id is ``wanted``."""
    return Prepared(select(table).where(table.c.id == bindparam("wanted")), typed=True)


def page_of(table: Table, after: int, limit: int) -> Select[Any]:
    """Rows of ``table`` by number, those above ``after``."""
    return select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
