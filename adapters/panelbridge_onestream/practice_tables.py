"""Tables and packages of the practice panel."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from panelbridge.contract.models import AccountState

PERMISSIONS = ("indexLines", "editLines")
_TABLES = (
    """CREATE TABLE IF NOT EXISTS lines (
    number INTEGER PRIMARY KEY AUTOINCREMENT, line_id TEXT NOT NULL UNIQUE, username TEXT NOT NULL,
    password TEXT NOT NULL, mac_addr TEXT, expire_at TEXT, is_enabled INTEGER NOT NULL DEFAULT 1,
    is_trial INTEGER NOT NULL DEFAULT 0, package_id INTEGER, bouquets TEXT NOT NULL DEFAULT '[]',
    max_connections INTEGER NOT NULL, reseller_notes TEXT
)""",
    "CREATE TABLE IF NOT EXISTS rids (rid TEXT PRIMARY KEY, answer TEXT NOT NULL)",
)


def _package(
    number: int, name: str, hours: int, price: float, bouquets: list[int], most: int
) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "description": name,
        "price_credits": price,
        "duration_hours": hours,
        "max_connections": most,
        "package_type": "all",
        "bouquets": bouquets,
    }


PACKAGES = {
    item["id"]: item
    for item in (
        _package(1, "30 days", 720, 1, [1, 2], 1),
        _package(2, "30 days, family", 720, 2, [1, 2, 3], 3),
        _package(12, "365 days", 8760, 10, [1, 2], 1),
        _package(30, "6 hours", 6, 0, [1], 1),
    )
}
BOUQUETS = [{"id": 1, "name": "News"}, {"id": 2, "name": "Sport"}, {"id": 3, "name": "Films"}]


def seed_tables(db: sqlite3.Connection) -> None:
    for table in _TABLES:
        db.execute(table)


def insert(
    db: sqlite3.Connection, *, username: str, password: str, package_id: int, connections: int, **more: Any
) -> str:
    """A new line; its id."""
    line_id = str(uuid.uuid4())
    values = {
        "line_id": line_id,
        "username": username,
        "password": password,
        "package_id": package_id,
        "max_connections": connections,
        **more,
    }
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO lines ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own
    db.execute(sql, tuple(values.values()))
    return line_id


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """A line as the API shows it."""
    return {
        "line_id": row["line_id"],
        "username": row["username"],
        "password": row["password"],
        "mac_addr": row["mac_addr"],
        "owner": "practice",
        "type": "device" if row["mac_addr"] else "regular",
        "expire_at": row["expire_at"],
        "is_enabled": bool(row["is_enabled"]),
        "is_restreamer": False,
        "is_trial": bool(row["is_trial"]),
        "package_id": row["package_id"],
        "bouquets": json.loads(row["bouquets"]),
        "max_connections": row["max_connections"],
        "reseller_notes": row["reseller_notes"],
    }


def state_of(line: Mapping[str, Any], now: datetime) -> str:
    if not line["is_enabled"]:
        return AccountState.SUSPENDED.value
    expire_at = line["expire_at"]
    has_passed = expire_at is not None and datetime.fromisoformat(expire_at) <= now
    return (AccountState.EXPIRED if has_passed else AccountState.ACTIVE).value
