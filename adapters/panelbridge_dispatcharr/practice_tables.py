"""The practice panel's table of users, and how one is shown."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
    email TEXT NOT NULL DEFAULT '', user_level INTEGER NOT NULL DEFAULT 0,
    stream_limit INTEGER NOT NULL DEFAULT 0, channel_profiles TEXT NOT NULL DEFAULT '[]',
    custom_properties TEXT NOT NULL DEFAULT '{}', api_key TEXT, is_active INTEGER NOT NULL DEFAULT 1,
    date_joined TEXT NOT NULL, last_login TEXT
);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL, ends_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
"""
PROFILES = {1: "All channels", 2: "Sports", 3: "Family"}
# What PATCH /api/accounts/users/me/ leaves as it is, whoever asks (seen on 0.29.0).
PROTECTED = frozenset({"xc_password", "allowed_networks", "catchup_enabled"})
WRITABLE = ("username", "password", "email", "user_level", "stream_limit", "channel_profiles")
_JSON = frozenset({"channel_profiles", "custom_properties"})


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """A user as the API prints it: its API key in clear, no password, and nothing of ``is_active``."""
    return {
        "id": row["id"],
        "username": row["username"],
        "api_key": row["api_key"],
        "email": row["email"],
        "user_level": row["user_level"],
        "channel_profiles": json.loads(row["channel_profiles"]),
        "custom_properties": json.loads(row["custom_properties"]),
        "avatar_config": {},
        "stream_limit": row["stream_limit"],
        "is_staff": row["user_level"] >= 10,  # noqa: PLR2004
        "is_superuser": row["user_level"] >= 10,  # noqa: PLR2004
        "last_login": row["last_login"],
        "date_joined": row["date_joined"],
        "first_name": "",
        "last_name": "",
    }


def insert(db: sqlite3.Connection, columns: Mapping[str, Any]) -> Any:
    values = {name: _stored(name, value) for name, value in columns.items()}
    marks = ", ".join("?" for _ in values)
    sql = f"INSERT INTO users ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - names of ours
    return by_id(db, db.execute(sql, tuple(values.values())).lastrowid)


def update(db: sqlite3.Connection, user_id: int, columns: Mapping[str, Any]) -> Any:
    for name, value in columns.items():
        sql = f"UPDATE users SET {name} = ? WHERE id = ?"  # noqa: S608 - names of ours
        db.execute(sql, (_stored(name, value), user_id))
    return by_id(db, user_id)


def by_id(db: sqlite3.Connection, user_id: int | str | None) -> Any:
    return db.execute("SELECT * FROM users WHERE id = ?", (user_id,)).fetchone()


def by_name(db: sqlite3.Connection, username: str) -> Any:
    """Letter by letter: the database distinguishes ``anna`` from ``ANNA``."""
    return db.execute("SELECT * FROM users WHERE username = ?", (username,)).fetchone()


def merged(row: sqlite3.Row, body: Mapping[str, Any]) -> dict[str, Any]:
    """Properties after a PATCH: keys it does not name stay, keys set to null go."""
    whole = {**json.loads(row["custom_properties"]), **body}
    return {name: value for name, value in whole.items() if value is not None}


def profiles(db: sqlite3.Connection) -> dict[int, str]:
    return {row["id"]: row["name"] for row in db.execute("SELECT * FROM profiles ORDER BY id")}


def delete_profile(db: sqlite3.Connection, profile: int) -> int:
    """Whoever had no other has none then, and so every channel."""
    for row in db.execute("SELECT * FROM users").fetchall():
        left = [kept for kept in json.loads(row["channel_profiles"]) if kept != profile]
        update(db, row["id"], {"channel_profiles": left})
    return db.execute("DELETE FROM profiles WHERE id = ?", (profile,)).rowcount


def player_password(row: sqlite3.Row) -> str | None:
    password: str | None = json.loads(row["custom_properties"]).get("xc_password")
    return password


def _stored(name: str, value: Any) -> Any:
    return json.dumps(value) if name in _JSON else value
