"""Servers of the practice panel: what makes one, and how its installation goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from panelbridge_pterodactyl.practice_users import row_of as user_of
from panelbridge_pterodactyl.practice_wire import Refused

TABLE = """CREATE TABLE IF NOT EXISTS servers (
    id INTEGER PRIMARY KEY AUTOINCREMENT, external_id TEXT UNIQUE, name TEXT NOT NULL,
    user_id INTEGER NOT NULL, egg INTEGER NOT NULL, container TEXT NOT NULL, allocation INTEGER NOT NULL,
    memory INTEGER, swap INTEGER, disk INTEGER, io INTEGER, cpu INTEGER, threads TEXT,
    databases INTEGER, allocations INTEGER, backups INTEGER,
    status TEXT, transferring INTEGER NOT NULL DEFAULT 0, reads INTEGER NOT NULL DEFAULT 0,
    fails INTEGER NOT NULL DEFAULT 0)"""
EGGS = frozenset({1, 5})
_LIMITS = {"memory": 0, "swap": -1, "disk": 0, "io": 10, "cpu": 0}
_FEATURES = ("databases", "allocations", "backups")
_MOST_IO = 1000


def rows(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute("SELECT * FROM servers ORDER BY id").fetchall()


def the(db: sqlite3.Connection, column: str, value: object) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM servers WHERE {column} = ?", (value,)).fetchone()  # noqa: S608
    if row is None:
        raise Refused(404)
    return row


def with_users(db: sqlite3.Connection) -> list[sqlite3.Row]:
    return db.execute(
        "SELECT servers.*, users.username, users.password, users.last_name FROM servers"
        " JOIN users ON users.id = servers.user_id ORDER BY servers.id"
    ).fetchall()


def shown(row: sqlite3.Row) -> dict[str, Any]:
    """A server as the protocol shows it."""
    return {
        "id": row["id"],
        "external_id": row["external_id"],
        "identifier": f"{row['id']:08x}",
        "name": row["name"],
        "status": row["status"],
        "suspended": row["status"] == "suspended",
        "limits": {name: row[name] for name in (*_LIMITS, "threads")},
        "feature_limits": {name: row[name] for name in _FEATURES},
        "user": row["user_id"],
        "node": 1,
        "allocation": row["allocation"],
        "nest": 1,
        "egg": row["egg"],
        "container": json.loads(row["container"]),
    }


def reported(row: sqlite3.Row, packages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An account as the books tell it to a test."""
    return {
        "id": str(row["id"]),
        "username": row["username"],
        "password": row["password"],
        "state": "suspended" if row["status"] == "suspended" else "active",
        "expires_at": None,
        "package": next((name for name, package in packages.items() if _fits(row, package)), "none"),
        "connections": None,
        "reference": row["external_id"],
        "status": row["status"],
    }


def _fits(row: sqlite3.Row, package: Mapping[str, Any]) -> bool:
    wanted = {"swap": 0, "io": 500, "threads": None, **package["limits"], **package["feature_limits"]}
    return row["egg"] == package["egg"] and all(row[name] == value for name, value in wanted.items())


def checked(db: sqlite3.Connection, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new server. Raises ``Refused`` with every broken rule."""
    broken = {name: "required" for name in ("name", "docker_image", "startup") if not body.get(name)}
    if not isinstance(body.get("environment"), dict):
        broken["environment"] = "present"
    if body.get("egg") not in EGGS:
        broken["egg"] = "exists"
    if not isinstance(body.get("user"), int) or user_of(db, "id", body["user"]) is None:
        broken["user"] = "exists"
    if not (body.get("allocation") or {}).get("default") and "locations" not in (body.get("deploy") or {}):
        broken["allocation.default"] = "required"
    taken = db.execute("SELECT 1 FROM servers WHERE external_id = ?", (body.get("external_id"),)).fetchone()
    if taken is not None:
        broken["external_id"] = "unique"
    columns, more = _limits(body)
    if broken | more:
        raise Refused(422, fields=broken | more)
    container = {"startup_command": body["startup"], "image": body["docker_image"]}
    columns |= {name: body.get(name) for name in ("external_id", "name", "egg")}
    return columns | {"user_id": body["user"], "container": json.dumps(container), "allocation": 1}


def checked_build(body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a new build: ``feature_limits`` is required each time."""
    columns, broken = _limits(body)
    if not isinstance(body.get("allocation"), int):
        broken["allocation"] = "required"
    if broken:
        raise Refused(422, fields=broken)
    return columns


def _limits(body: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns, and the rules that they break; limits may also lie flat beside the rest."""
    limits = body.get("limits") or body
    columns: dict[str, Any] = {name: limits.get(name) for name in _LIMITS}
    broken = {
        f"limits.{name}": "required" if columns[name] is None else "min"
        for name, least in _LIMITS.items()
        if not isinstance(columns[name], int) or columns[name] < least
    }
    if not broken and columns["io"] > _MOST_IO:
        broken["limits.io"] = "between"
    features = body.get("feature_limits")
    if not isinstance(features, dict):
        return columns, broken | {"feature_limits": "required"}
    columns |= {name: features.get(name, 0) for name in _FEATURES}
    return columns | {"threads": limits.get("threads")}, broken


def insert(db: sqlite3.Connection, columns: Mapping[str, Any], *, reads: int, fails: bool) -> sqlite3.Row:
    """A server, whose installation takes so many looks at it."""
    whole = {**columns, "status": "installing", "reads": reads, "fails": int(fails)}
    names, marks = ", ".join(whole), ", ".join("?" for _ in whole)
    done = db.execute(f"INSERT INTO servers ({names}) VALUES ({marks})", tuple(whole.values()))  # noqa: S608
    return the(db, "id", done.lastrowid)


def update(db: sqlite3.Connection, server_id: int, **columns: Any) -> sqlite3.Row:
    assigned = ", ".join(f"{name} = ?" for name in columns)
    db.execute(f"UPDATE servers SET {assigned} WHERE id = ?", (*columns.values(), server_id))  # noqa: S608
    return the(db, "id", server_id)


def go_on(db: sqlite3.Connection, row: sqlite3.Row) -> None:
    """One look nearer to the end of the installation."""
    if row["status"] != "installing":
        return
    if row["reads"] > 1:
        update(db, row["id"], reads=row["reads"] - 1)
        return
    update(db, row["id"], reads=0, status="install_failed" if row["fails"] else None)
