"""The practice panel's two tables of entries, which nothing links and nothing keeps single."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

TABLES = """
CREATE TABLE IF NOT EXISTS access (
    number INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 0,
    username TEXT NOT NULL DEFAULT '', prefix TEXT NOT NULL DEFAULT '', streaming TEXT NOT NULL DEFAULT '[]',
    webui INTEGER NOT NULL DEFAULT 0, admin INTEGER NOT NULL DEFAULT 0,
    conn_limit_type INTEGER NOT NULL DEFAULT 0, conn_limit INTEGER NOT NULL DEFAULT 0,
    channel_tag TEXT NOT NULL DEFAULT '[]', comment TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS passwords (
    number INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 0,
    username TEXT NOT NULL DEFAULT '', password TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS access_names ON access (username);
CREATE INDEX IF NOT EXISTS password_names ON passwords (username);
"""
TABLE_NAMES = ("access", "passwords")
COLUMNS = {
    "access": (
        *("enabled", "username", "prefix", "streaming", "webui", "admin"),
        *("conn_limit_type", "conn_limit", "channel_tag", "comment"),
    ),
    "passwords": ("enabled", "username", "password", "comment"),
}
_LISTS = frozenset({"streaming", "channel_tag"})
_SWITCHES = frozenset({"enabled", "webui", "admin"})


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """An entry as a grid prints it; a password in clear, and once more in a form that is easily undone."""
    values = {name: _shown(name, row[name]) for name in row.keys() if name != "number"}  # noqa: SIM118
    if not values["comment"]:
        del values["comment"]  # an empty one is left out (seen on the source of June 2026)
    if "password" in values:
        values["password2"] = base64.b64encode(values["password"].encode()).decode()
    return values


def insert(db: sqlite3.Connection, table: str, conf: Mapping[str, Any]) -> str:
    uuid = uuid4().hex
    db.execute(f"INSERT INTO {table} (uuid) VALUES (?)", (uuid,))  # noqa: S608 - a name of ours
    update(db, table, uuid, conf)
    return uuid


def update(db: sqlite3.Connection, table: str, uuid: str, values: Mapping[str, Any]) -> None:
    """Set what is named and known; leave the rest."""
    for name in COLUMNS[table]:
        if name in values:
            stored = json.dumps(values[name]) if name in _LISTS else values[name]
            db.execute(f"UPDATE {table} SET {name} = ? WHERE uuid = ?", (stored, uuid))  # noqa: S608


def delete(db: sqlite3.Connection, table: str, uuid: str) -> int:
    return db.execute(f"DELETE FROM {table} WHERE uuid = ?", (uuid,)).rowcount  # noqa: S608


def rows(db: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    return db.execute(f"SELECT * FROM {table} ORDER BY number").fetchall()  # noqa: S608


def by_uuid(db: sqlite3.Connection, uuid: str) -> tuple[str, sqlite3.Row] | None:
    """The table that has it, and the row."""
    for table in TABLE_NAMES:
        row = db.execute(f"SELECT * FROM {table} WHERE uuid = ?", (uuid,)).fetchone()  # noqa: S608
        if row is not None:
            return table, row
    return None


def named(db: sqlite3.Connection, table: str, username: str) -> list[sqlite3.Row]:
    sql = f"SELECT * FROM {table} WHERE username = ? ORDER BY number"  # noqa: S608 - a name of ours
    return db.execute(sql, (username,)).fetchall()


def filtered(db: sqlite3.Connection, table: str, wanted: Iterable[Mapping[str, Any]]) -> list[sqlite3.Row]:
    """Those whose text matches every pattern, anywhere in it."""
    patterns = [(item["field"], re.compile(item["value"])) for item in wanted]
    return [row for row in rows(db, table) if all(pattern.search(row[name]) for name, pattern in patterns)]


def in_books(access: sqlite3.Row, passwords: list[sqlite3.Row]) -> dict[str, Any]:
    tags = json.loads(access["channel_tag"])
    usable = access["enabled"] and any(row["enabled"] for row in passwords)
    return {
        "id": access["uuid"],
        "username": access["username"],
        "password": passwords[0]["password"] if passwords else None,
        "passwords": [row["password"] for row in passwords],
        "state": "active" if usable else "suspended",
        "enabled": [bool(access["enabled"]), *(bool(row["enabled"]) for row in passwords)],
        "expires_at": None,
        "package": tags[0] if tags else "unrestricted",  # every channel
        "tags": tags,
        "connections": access["conn_limit"],
        "reference": access["comment"] or None,
    }


def _shown(name: str, value: Any) -> Any:
    if name in _LISTS:
        return json.loads(value)
    return bool(value) if name in _SWITCHES else value
