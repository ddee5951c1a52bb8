"""Tables and first rows of the practice panel, and how its code prints a row."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, member_id INTEGER, username TEXT NOT NULL, password TEXT NOT NULL,
    exp_date INTEGER, admin_enabled INTEGER DEFAULT 1, enabled INTEGER DEFAULT 1, bouquet TEXT DEFAULT '[]',
    max_connections INTEGER DEFAULT 1, is_restreamer INTEGER DEFAULT 0, is_trial INTEGER DEFAULT 0,
    is_mag INTEGER DEFAULT 0, allowed_ips TEXT DEFAULT '[]', active_cons INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS user_output (user_id INTEGER NOT NULL, access_output_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mag_devices (mac TEXT PRIMARY KEY, user_id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reg_users (
    id INTEGER PRIMARY KEY, username TEXT, credits REAL, group_id INTEGER, group_name TEXT,
    last_login INTEGER, date_registered INTEGER, email TEXT, ip TEXT, status INTEGER
)"""
WRITABLE = frozenset(
    ("member_id", "username", "password", "exp_date", "admin_enabled", "enabled", "bouquet",
     "max_connections", "is_restreamer", "is_trial", "allowed_ips")
)  # fmt: skip
_NUMBERS = WRITABLE - {"username", "password", "bouquet", "allowed_ips"}


class Failed(Exception):
    """The action ends with this content, and nothing of it is kept."""

    def __init__(self, content: Any) -> None:
        super().__init__("failed")
        self.content = content


def seed(db: sqlite3.Connection, credit: str) -> None:
    """Two panel users, one of them with credit."""
    for number, name, credits_ in ((1, "owner", 0.0), (2, "practice", float(credit))):
        row = (number, name, credits_, number, f"{name}@panel.invalid")
        db.execute(
            "INSERT OR IGNORE INTO reg_users (id, username, credits, group_id, email, group_name, status) "
            "VALUES (?, ?, ?, ?, ?, 'Resellers', 1)",
            row,
        )


def stored(columns: Mapping[str, str]) -> dict[str, Any]:
    """As the table keeps them: a number of what starts as one, 0 of anything else."""
    return {name: _number(value) if name in _NUMBERS else value for name, value in columns.items()}


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else 0


def printed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Every number is a string, nothing is null."""
    return {name: None if value is None else _text(value) for name, value in row.items()}


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
