"""Users of the practice panel."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from panelbridge_pterodactyl.practice_wire import Refused

TABLE = """CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, external_id TEXT UNIQUE, username TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE, first_name TEXT, last_name TEXT, password TEXT,
    root_admin INTEGER NOT NULL DEFAULT 0)"""
_REQUIRED = ("email", "username", "first_name", "last_name")
_UNIQUE = ("external_id", "username", "email")
_COLUMNS = ("external_id", *_REQUIRED, "password")


def rows(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM users ORDER BY id").fetchall()


def row_of(db: sqlite3.Connection, column: str, value: object) -> Any:
    return db.execute(f"SELECT * FROM users WHERE {column} = ?", (value,)).fetchone()  # noqa: S608


def the(db: sqlite3.Connection, column: str, value: object) -> sqlite3.Row:
    row: sqlite3.Row | None = row_of(db, column, value)
    if row is None:
        raise Refused(404)
    return row


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """A user as the protocol shows it: never the password."""
    names = ("id", "external_id", "username", "email", "first_name", "last_name")
    return {**{name: row[name] for name in names}, "language": "en", "root_admin": bool(row["root_admin"])}


def checked(db: sqlite3.Connection, body: Mapping[str, Any], own_id: int | None = None) -> dict[str, Any]:
    """The columns of ``body``. Every broken rule is reported at once, as the panel does."""
    broken = {name: "required" for name in _REQUIRED if not body.get(name)}
    for name in _UNIQUE:
        holder = row_of(db, name, body[name]) if body.get(name) else None
        if holder is not None and holder["id"] != own_id:
            broken[name] = "unique"
    if "email" not in broken and re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(body["email"])) is None:
        broken["email"] = "email"
    if broken:
        raise Refused(422, fields=broken)
    return {name: body[name] for name in _COLUMNS if name in body}


def insert(db: sqlite3.Connection, **columns: Any) -> sqlite3.Row:
    columns = {"first_name": "A", "last_name": "Person", **columns}
    names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
    done = db.execute(f"INSERT INTO users ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608
    return the(db, "id", done.lastrowid)


def update(db: sqlite3.Connection, row: sqlite3.Row, columns: Mapping[str, Any]) -> sqlite3.Row:
    assigned = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE users SET {assigned} WHERE id = ?", (*columns.values(), row["id"]))  # noqa: S608
    return the(db, "id", row["id"])


def delete(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    if db.execute("SELECT 1 FROM servers WHERE user_id = ?", (row["id"],)).fetchone() is not None:
        raise Refused(400)
    db.execute("DELETE FROM users WHERE id = ?", (row["id"],))
