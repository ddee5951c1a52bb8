"""The books of the DirectAdmin practice panel: users, packages, addresses, one-time logins."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

RESELLER = "hostbridge"
OTHER_RESELLER = "neighbour"
TABLES = """
CREATE TABLE IF NOT EXISTS users (
    username TEXT PRIMARY KEY, domain TEXT NOT NULL UNIQUE, email TEXT NOT NULL, password TEXT NOT NULL,
    package TEXT NOT NULL, creator TEXT NOT NULL, ip TEXT NOT NULL, usertype TEXT NOT NULL DEFAULT 'user',
    suspended TEXT NOT NULL DEFAULT 'no', reason TEXT, quota TEXT NOT NULL DEFAULT '14.5',
    bandwidth TEXT NOT NULL DEFAULT '120'
);
CREATE TABLE IF NOT EXISTS packages (
    name TEXT, creator TEXT, quota TEXT NOT NULL, bandwidth TEXT NOT NULL, PRIMARY KEY (name, creator)
);
CREATE TABLE IF NOT EXISTS addresses (ip TEXT PRIMARY KEY, creator TEXT NOT NULL, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS logins (hash TEXT PRIMARY KEY, username TEXT NOT NULL)
"""
PACKAGES = (
    ("basic", RESELLER, "1000", "10000"),
    ("family", RESELLER, "5000", "unlimited"),
    ("gold", OTHER_RESELLER, "unlimited", "unlimited"),
)
ADDRESSES = (
    ("192.0.2.5", RESELLER, "owned"),
    ("192.0.2.6", RESELLER, "free"),
    ("192.0.2.7", RESELLER, "shared"),
    ("192.0.2.8", OTHER_RESELLER, "shared"),
)


def seed(db: sqlite3.Connection) -> None:
    """Tables, packages, addresses, and one user of another reseller."""
    for statement in TABLES.split(";\n"):
        db.execute(statement)
    db.executemany("INSERT OR IGNORE INTO packages VALUES (?, ?, ?, ?)", PACKAGES)
    db.executemany("INSERT OR IGNORE INTO addresses VALUES (?, ?, ?)", ADDRESSES)
    if row_of(db, "strange1") is None:
        insert(
            db,
            username="strange1",
            domain="strange.example",
            email="owner@strange.example",
            password="not-for-us-1",  # noqa: S106 - a practice account
            package="gold",
            creator=OTHER_RESELLER,
            ip="192.0.2.8",
        )


def insert(db: sqlite3.Connection, **columns: Any) -> None:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    db.execute(f"INSERT INTO users ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608


def update(db: sqlite3.Connection, user: str, columns: Mapping[str, Any]) -> int:
    assigned = ", ".join(f"{name} = ?" for name in columns)
    values = (*columns.values(), user)
    return db.execute(f"UPDATE users SET {assigned} WHERE username = ?", values).rowcount  # noqa: S608


def row_of(db: sqlite3.Connection, user: str | None) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE username = ?", (user,)).fetchone()
    return row


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """A user as a test reads it in the books."""
    return {
        "id": row["username"],
        "username": row["username"],
        "password": row["password"],
        "state": "suspended" if row["suspended"] == "yes" else "active",
        "expires_at": None,
        "package": row["package"],
        "connections": None,
        "reference": None,
        "domain": row["domain"],
        "email": row["email"],
        "ip": row["ip"],
        "reason": row["reason"],
    }
