"""What the practice panel's owner does in the panel's own pages, to a line by ``username``.

``ban``, ``unban``, ``password`` (value), ``set_expiry`` (expires_at), ``edit`` (columns), ``remove``; and
``set_balance`` (amount). ``remove`` is not called ``delete``: this API cannot prove that a line is gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Act = Callable[[sqlite3.Connection, Mapping[str, Any]], Any]


def edit(db: sqlite3.Connection, username: str, **columns: Any) -> int:
    """How many lines of that name were changed."""
    assigned = ", ".join(f"{name} = ?" for name in columns)
    sql = f"UPDATE users SET {assigned} WHERE username = ?"  # noqa: S608 - names are this panel's own
    return db.execute(sql, (*columns.values(), username)).rowcount


def _set_expiry(db: sqlite3.Connection, reported: Mapping[str, Any]) -> int:
    moment = datetime.fromisoformat(reported["expires_at"])
    return edit(db, reported["username"], exp_date=int(moment.timestamp()))


def _remove(db: sqlite3.Connection, reported: Mapping[str, Any]) -> int:
    gone = "SELECT id FROM users WHERE username = ?"
    db.execute(f"DELETE FROM mag_devices WHERE user_id IN ({gone})", (reported["username"],))  # noqa: S608
    return db.execute("DELETE FROM users WHERE username = ?", (reported["username"],)).rowcount


def _set_balance(db: sqlite3.Connection, reported: Mapping[str, Any]) -> int:
    sql = "UPDATE reg_users SET credits = ? WHERE username = 'practice'"
    return db.execute(sql, (float(reported["amount"]),)).rowcount


ACTS: Mapping[str, Act] = {
    "ban": lambda db, reported: edit(db, reported["username"], admin_enabled=0),
    "unban": lambda db, reported: edit(db, reported["username"], admin_enabled=1),
    "password": lambda db, reported: edit(db, reported["username"], password=reported["value"]),
    "edit": lambda db, reported: edit(db, reported["username"], **reported["columns"]),
    "set_expiry": _set_expiry,
    "remove": _remove,
    "set_balance": _set_balance,
}
