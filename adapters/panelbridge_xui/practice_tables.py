"""Tables and first rows of the practice panel, and how XC_VM 2025-07 prints a row.

Independent of the adapter's own reading of the wire, so that one mistake cannot hide in both.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

ADMINS, RESELLERS = 1, 2  # groups
ADMIN, OURS, OTHER = 1, 2, 3  # panel users

TABLES = """
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY, username TEXT, api_key TEXT, email TEXT, credits REAL, status INTEGER,
    member_group_id INTEGER, owner_id INTEGER, override_packages TEXT, timezone TEXT
);
CREATE TABLE IF NOT EXISTS user_groups (
    group_id INTEGER PRIMARY KEY, group_name TEXT, is_admin INTEGER, is_reseller INTEGER,
    allow_change_username INTEGER, allow_change_password INTEGER, allow_change_bouquets INTEGER,
    allow_restrictions INTEGER, minimum_username_length INTEGER, minimum_password_length INTEGER,
    minimum_trial_credits INTEGER, total_allowed_gen_trials INTEGER
);
CREATE TABLE IF NOT EXISTS packages (
    id INTEGER PRIMARY KEY, package_name TEXT, is_addon INTEGER DEFAULT 0, is_trial INTEGER,
    is_official INTEGER, trial_credits REAL DEFAULT 0, official_credits REAL DEFAULT 0,
    trial_duration INTEGER DEFAULT 0, trial_duration_in TEXT DEFAULT 'hours',
    official_duration INTEGER DEFAULT 0, official_duration_in TEXT DEFAULT 'months',
    groups TEXT DEFAULT '[2]', bouquets TEXT, addon_packages TEXT DEFAULT '[]', is_line INTEGER DEFAULT 1,
    is_mag INTEGER DEFAULT 0, is_e2 INTEGER DEFAULT 0, is_restreamer INTEGER DEFAULT 0,
    is_isplock INTEGER DEFAULT 0, output_formats TEXT DEFAULT '[1,2]', max_connections INTEGER DEFAULT 1,
    force_server_id INTEGER DEFAULT 0, forced_country TEXT, lock_device INTEGER DEFAULT 0,
    check_compatible INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT, member_id INTEGER, username TEXT, password TEXT, exp_date INTEGER,
    admin_enabled INTEGER DEFAULT 1, enabled INTEGER DEFAULT 1, admin_notes TEXT, reseller_notes TEXT,
    bouquet TEXT DEFAULT '[]', allowed_outputs TEXT DEFAULT '[]', max_connections INTEGER DEFAULT 1,
    is_restreamer INTEGER DEFAULT 0, is_trial INTEGER DEFAULT 0, is_mag INTEGER DEFAULT 0,
    is_e2 INTEGER DEFAULT 0, is_stalker INTEGER DEFAULT 0, is_isplock INTEGER DEFAULT 0,
    allowed_ips TEXT DEFAULT '[]', allowed_ua TEXT DEFAULT '[]', created_at INTEGER, pair_id INTEGER,
    force_server_id INTEGER DEFAULT 0, as_number TEXT, isp_desc TEXT, forced_country TEXT,
    bypass_ua INTEGER DEFAULT 0, play_token TEXT, last_expiration_video INTEGER, package_id INTEGER,
    access_token TEXT, contact TEXT, last_ip TEXT, last_activity INTEGER DEFAULT 0,
    last_activity_array TEXT, updated TEXT DEFAULT '0000-00-00 00:00:00'
);
CREATE TABLE IF NOT EXISTS user_logs (
    id INTEGER PRIMARY KEY, owner INTEGER, type TEXT, action TEXT, log_id INTEGER, package_id INTEGER,
    cost INTEGER, credits_after REAL, date INTEGER, deleted_info TEXT
);
"""

_PACKAGES = (
    # id, name, credits, months, bouquets, connections, check_compatible
    (1, "1 month", 1, 1, "[1,2]", 1, 1),
    (3, "3 months", 3, 3, "[1,2]", 1, 1),
    (12, "12 months", 12, 12, "[1,2]", 1, 1),
    (20, "1 month, two connections, restarts the term", 2, 1, "[1,2,3]", 2, 1),
    (21, "1 month, three connections, keeps the term", 3, 1, "[1,2,3]", 3, 0),
)


def insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> int:
    """Insert one row of ours; column names are this module's own. Returns its id."""
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    return int(cursor.lastrowid or 0)


def update(db: sqlite3.Connection, table: str, row_id: int, changes: Mapping[str, Any]) -> None:
    """Write some columns of one row."""
    names = ", ".join(f"{name} = ?" for name in changes)
    key = "group_id" if table == "user_groups" else "id"
    db.execute(f"UPDATE {table} SET {names} WHERE {key} = ?", (*changes.values(), row_id))  # noqa: S608


def seed(db: sqlite3.Connection, *, credit: float, now: datetime) -> None:
    """An admin, our reseller with credits, another reseller with lines of its own, and packages."""
    if db.execute("SELECT 1 FROM users").fetchone():
        return
    permissions = (
        "allow_change_username",
        "allow_change_password",
        "allow_change_bouquets",
        "allow_restrictions",
    )
    limits = {"minimum_username_length": 8, "minimum_password_length": 8, "minimum_trial_credits": 1}
    for group, name, is_admin in ((ADMINS, "Administrators", 1), (RESELLERS, "Resellers", 0)):
        row = {"group_id": group, "group_name": name, "is_admin": is_admin, "is_reseller": 1 - is_admin}
        insert(
            db,
            "user_groups",
            {**row, **dict.fromkeys(permissions, 1), **limits, "total_allowed_gen_trials": 50},
        )
    for user, name, group, credits_, owner in (
        (ADMIN, "owner", ADMINS, 0.0, 0),
        (OURS, "our-reseller", RESELLERS, credit, ADMIN),
        (OTHER, "other-reseller", RESELLERS, 500.0, ADMIN),
    ):
        row = {"id": user, "username": name, "member_group_id": group, "credits": credits_, "owner_id": owner}
        kept = {"status": 1, "override_packages": "{}", "timezone": "UTC", "email": f"{name}@panel.invalid"}
        insert(db, "users", {**row, **kept, "api_key": secrets.token_hex(16).upper()})
    _seed_packages(db)
    for number in range(1, 4):
        insert(db, "lines", _foreign_line(number, int(now.timestamp())))


def _seed_packages(db: sqlite3.Connection) -> None:
    for number, name, price, months, bouquets, connections, compatible in _PACKAGES:
        row = {"id": number, "package_name": name, "is_trial": 0, "is_official": 1, "official_credits": price}
        shape = {"bouquets": bouquets, "max_connections": connections, "check_compatible": compatible}
        insert(db, "packages", {**row, "official_duration": months, **shape})
    trial = {
        "id": 30,
        "package_name": "Trial, 24 hours",
        "is_trial": 1,
        "is_official": 0,
        "trial_duration": 24,
    }
    insert(db, "packages", {**trial, "bouquets": "[1,2]"})
    other = {
        "id": 40,
        "package_name": "Of another group",
        "is_trial": 0,
        "is_official": 1,
        "official_duration": 1,
    }
    insert(db, "packages", {**other, "bouquets": "[1]", "groups": "[9]"})
    boxes = {"is_trial": 0, "is_official": 1, "official_duration": 1, "is_line": 0, "is_mag": 1, "is_e2": 1}
    boxes["official_credits"] = 1
    insert(db, "packages", {**boxes, "id": 41, "package_name": "Boxes only", "bouquets": "[1]"})
    more = {"id": 42, "package_name": "Boxes, more channels", "official_credits": 2, "bouquets": "[1,2]"}
    insert(db, "packages", {**boxes, **more, "check_compatible": 1})


def line_by_hand(username: str, now: datetime) -> dict[str, Any]:
    """A line that somebody made in the panel's web pages, among ours."""
    return {**_foreign_line(0, int(now.timestamp())), "member_id": OURS, "username": username}


def _foreign_line(number: int, now: int) -> dict[str, Any]:
    return {
        "member_id": OTHER,
        "username": f"foreign{number:03}",
        "password": secrets.token_hex(8),
        "exp_date": now + 30 * 86400,
        "bouquet": "[1,2]",
        "allowed_outputs": "[1,2]",
        "package_id": 1,
        "created_at": now,
        "reseller_notes": "somebody else's",
    }


def printed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as this release prints it: zero is a native 0, absent is null, everything else is a string."""
    return {name: _printed(name, value) for name, value in row.items()}


def _printed(name: str, value: Any) -> Any:
    if value is None or value == 0:
        return None if value is None else 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return text.replace("<", "&lt;").replace(">", "&gt;") if name == "username" else text


def stored_note(text: str | None) -> str | None:
    """A note as the panel keeps it: ``<`` is stored encoded (RUN, November 2026)."""
    return text.replace("<", "&lt;").replace(">", "&gt;") if text else None


def forgotten_isp(line: Mapping[str, Any]) -> dict[str, Any]:
    """The first edit of a line forgets which provider it is locked to, whatever it is sent; the lock stays.

    Both APIs do so (RUN, November 2026).
    """
    first = str(line["updated"]).startswith("0000")
    return {"isp_desc": None, "as_number": None} if first else {}


def ids(text: str | None) -> list[int]:
    """A JSON-in-string column as ids."""
    return [int(item) for item in json.loads(text or "[]")]
