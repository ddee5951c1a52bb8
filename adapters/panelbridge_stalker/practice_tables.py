"""Tables, dates and the expiry job of the practice portal."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from panelbridge.testing.practice import Books

ZERO = "0000-00-00 00:00:00"
LAST = datetime(2038, 1, 19, 3, 14, 7)  # noqa: DTZ001 - of the column's type; later is stored as zero (RUN, 2026)
_TABLES = (
    """CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    password TEXT NOT NULL DEFAULT '', hashed INTEGER NOT NULL DEFAULT 0, full_name TEXT NOT NULL DEFAULT '',
    phone TEXT NOT NULL DEFAULT '', account_number TEXT NOT NULL DEFAULT '', tariff_plan TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 1, mac TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    comment TEXT NOT NULL DEFAULT '',
    end_date TEXT NOT NULL DEFAULT '0000-00-00 00:00:00', account_balance TEXT NOT NULL DEFAULT '',
    online INTEGER NOT NULL DEFAULT 0, ip TEXT NOT NULL DEFAULT '', stb_type TEXT NOT NULL DEFAULT '',
    version TEXT NOT NULL DEFAULT '', last_active TEXT NOT NULL DEFAULT '0000-00-00 00:00:00'
)""",  # neither login nor mac is unique there
    "CREATE TABLE IF NOT EXISTS subscriptions (user INTEGER NOT NULL, package TEXT NOT NULL)",
)
TARIFFS = (
    {
        "id": "1",
        "external_id": "basic",
        "name": "Basic",
        "packages": [
            {"id": "1", "external_id": "news", "name": "News", "optional": "0"},
            {"id": "2", "external_id": "sport", "name": "Sport", "optional": "1"},
            {"id": "3", "external_id": "films", "name": "Films", "optional": "1"},
        ],
    },
    {"id": "2", "external_id": "family", "name": "Family", "packages": []},
    {"id": "3", "external_id": "", "name": "Not for the API", "packages": []},
)
DEFAULT_TARIFF = "basic"
OPTIONAL = frozenset({"sport", "films"})


@dataclass(frozen=True, kw_only=True)
class Portal:
    """What the practice portal is like."""

    books: Books
    zone_name: str
    billing: bool
    box_messages: bool
    now: Callable[[], datetime]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)


def seed_tables(db: sqlite3.Connection) -> None:
    for table in _TABLES:
        db.execute(table)


def insert(db: sqlite3.Connection, values: Mapping[str, Any]) -> int | None:
    """A row of ``users``; its id."""
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    sql = f"INSERT INTO users ({columns}) VALUES ({marks})"  # noqa: S608 - names of our own
    return db.execute(sql, tuple(values.values())).lastrowid


def stored_date(text: str) -> str:
    """As MySQL stores it outside strict mode: a zone is ignored, what is no date becomes the zero date."""
    found = re.match(r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?", text)
    if found is None:
        return ZERO
    stored = f"{found[1]} {found[2] or '00:00:00'}"
    try:
        moment = datetime.fromisoformat(stored)
    except ValueError:
        return ZERO
    return stored if moment <= LAST else ZERO


def paid_until(end_date: str, zone: ZoneInfo) -> datetime | None:
    """The last moment surely paid for: the job switches off on the day itself, so it is a day earlier."""
    if end_date == ZERO:
        return None
    return (datetime.fromisoformat(end_date) - timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)


def wall_of(moment: str, zone: ZoneInfo) -> str:
    """The ``end_date`` whose paid time ends at that ISO moment."""
    wall = datetime.fromisoformat(moment).astimezone(zone).replace(tzinfo=None)
    return (wall + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S")


def run_expiry_job(portal: Portal, db: sqlite3.Connection) -> int:
    """Off with every account whose day has come, without internal billing with none; on with nobody."""
    if not portal.billing:
        return 0
    today = portal.now().astimezone(portal.zone).date().isoformat()
    sql = "UPDATE users SET status = 0 WHERE status = 1 AND end_date <> ? AND substr(end_date, 1, 10) <= ?"
    return db.execute(sql, (ZERO, today)).rowcount
