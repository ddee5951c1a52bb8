"""The books of the WHM practice panel: accounts, packages, and what our token may do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

RESELLER = "hostbridge"
OTHER_RESELLER = "neighbour"
TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    user TEXT PRIMARY KEY, domain TEXT NOT NULL UNIQUE, email TEXT NOT NULL, password TEXT NOT NULL,
    plan TEXT NOT NULL, owner TEXT NOT NULL, suspended INTEGER NOT NULL DEFAULT 0,
    suspendreason TEXT NOT NULL DEFAULT 'not suspended', is_locked INTEGER NOT NULL DEFAULT 0,
    unix_startdate INTEGER NOT NULL, diskused TEXT NOT NULL DEFAULT '14M'
);
CREATE TABLE IF NOT EXISTS packages (name TEXT PRIMARY KEY, quota TEXT NOT NULL, bwlimit TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user TEXT NOT NULL, service TEXT NOT NULL)
"""
# A reseller's packages carry his name; those of others he does not see.
PACKAGES = (
    (f"{RESELLER}_basic", "1000", "10000"),
    (f"{RESELLER}_family", "5000", "unlimited"),
    (f"{OTHER_RESELLER}_gold", "unlimited", "unlimited"),
    ("default", "unlimited", "unlimited"),
)


def seed(db: sqlite3.Connection, now: int) -> None:
    """Tables, packages, and one account of another reseller."""
    for statement in TABLES.split(";\n"):
        db.execute(statement)
    db.executemany("INSERT OR IGNORE INTO packages VALUES (?, ?, ?)", PACKAGES)
    if row_of(db, "strange1") is None:
        insert(
            db,
            user="strange1",
            domain="strange.example",
            email="owner@strange.example",
            password="not-for-us-1",  # noqa: S106 - a practice account
            plan=f"{OTHER_RESELLER}_gold",
            owner=OTHER_RESELLER,
            unix_startdate=now,
        )


def insert(db: sqlite3.Connection, **columns: Any) -> None:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    db.execute(f"INSERT INTO accounts ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608


def update(db: sqlite3.Connection, user: str, columns: Mapping[str, Any]) -> int:
    assigned = ", ".join(f"{name} = ?" for name in columns)
    values = (*columns.values(), user)
    return db.execute(f"UPDATE accounts SET {assigned} WHERE user = ?", values).rowcount  # noqa: S608


def row_of(db: sqlite3.Connection, user: str | None) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("SELECT * FROM accounts WHERE user = ?", (user,)).fetchone()
    return row


def wire_row(row: sqlite3.Row, quota: str) -> dict[str, Any]:
    """An account as ``accountsummary`` and ``listaccts`` print it (vendor's public reference)."""
    return {
        "user": row["user"],
        "domain": row["domain"],
        "email": row["email"],
        "plan": row["plan"],
        "owner": row["owner"],
        "ip": "192.0.2.10",
        "suspended": row["suspended"],
        "suspendreason": row["suspendreason"],
        "suspendtime": None,
        "is_locked": row["is_locked"],
        "startdate": "26 Nov 26 12:00",
        "unix_startdate": row["unix_startdate"],
        "diskused": row["diskused"],
        "disklimit": quota if quota == "unlimited" else f"{quota}M",
        "inodesused": 1,
        "maxaddons": "unlimited",
        "shell": "/bin/false",
    }


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """An account as a test reads it in the books."""
    state = "active"
    if row["suspended"]:
        state = "banned" if row["is_locked"] else "suspended"
    return {
        "id": row["user"],
        "username": row["user"],
        "password": row["password"],
        "state": state,
        "expires_at": None,
        "package": row["plan"],
        "connections": None,
        "reference": None,
        "domain": row["domain"],
        "email": row["email"],
        "owner": row["owner"],
        "reason": row["suspendreason"],
    }
