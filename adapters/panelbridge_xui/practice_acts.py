"""What the practice panel's owner does behind our back.

Of an account by its login name ``username``, a hidden one too: ``create`` (with ``mac``: a device),
``ban``, ``unban``, ``delete``, ``set_expiry`` (expires_at), ``edit`` (columns), ``move`` (to another
reseller). Else: ``set_balance`` (amount), ``group`` (columns), ``package`` (id, columns), ``key`` (status).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from panelbridge_xui.practice_tables import OTHER, OURS, RESELLERS, insert, line_by_hand, update

Act = Callable[[sqlite3.Connection, Mapping[str, Any], datetime], None]


def _line_id(db: sqlite3.Connection, arguments: Mapping[str, Any]) -> int:
    row = db.execute("SELECT id FROM lines WHERE username = ?", (arguments["username"],)).fetchone()
    if row is None:
        raise ValueError("no line of that name")
    return int(row["id"])


def _edit(db: sqlite3.Connection, arguments: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
    update(db, "lines", _line_id(db, arguments), columns)


def _create(db: sqlite3.Connection, arguments: Mapping[str, Any], now: datetime) -> None:
    line_id = insert(db, "lines", line_by_hand(arguments["username"], now))
    if "mac" in arguments:
        enigma = arguments.get("device") == "enigma"
        update(db, "lines", line_id, {"is_e2" if enigma else "is_mag": 1})
        table = "enigma2_devices" if enigma else "mag_devices"
        insert(db, table, {"user_id": line_id, "mac": arguments["mac"]})


def _delete(db: sqlite3.Connection, arguments: Mapping[str, Any], _: datetime) -> None:
    line_id = _line_id(db, arguments)
    for table, column in (("mag_devices", "user_id"), ("enigma2_devices", "user_id"), ("lines", "id")):
        db.execute(f"DELETE FROM {table} WHERE {column} = ?", (line_id,))  # noqa: S608 - names are our own


def _set_expiry(db: sqlite3.Connection, arguments: Mapping[str, Any], _: datetime) -> None:
    _edit(db, arguments, {"exp_date": int(datetime.fromisoformat(arguments["expires_at"]).timestamp())})


ACTS: dict[str, Act] = {
    "create": _create,
    "delete": _delete,
    "set_expiry": _set_expiry,
    "ban": lambda db, arguments, _: _edit(db, arguments, {"admin_enabled": 0}),
    "unban": lambda db, arguments, _: _edit(db, arguments, {"admin_enabled": 1}),
    "edit": lambda db, arguments, _: _edit(db, arguments, arguments["columns"]),
    "move": lambda db, arguments, _: _edit(db, arguments, {"member_id": OTHER}),
    "set_balance": lambda db, arguments, _: update(
        db, "users", OURS, {"credits": float(arguments["amount"])}
    ),
    "group": lambda db, arguments, _: update(db, "user_groups", RESELLERS, arguments["columns"]),
    "package": lambda db, arguments, _: update(db, "packages", int(arguments["id"]), arguments["columns"]),
    "key": lambda db, arguments, _: update(db, "users", OURS, {"status": int(arguments["status"])}),
}
