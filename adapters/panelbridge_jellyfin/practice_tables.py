"""Users of the practice server: their table, their policy, and what the server refuses."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Mapping
from typing import Any

from panelbridge.testing.practice import Books, PracticeReply

TABLES = (
    """CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, password TEXT,
    policy TEXT NOT NULL, last_login TEXT, failed INTEGER NOT NULL DEFAULT 0)""",
    "CREATE TABLE IF NOT EXISTS sessions (token TEXT PRIMARY KEY, user_id TEXT NOT NULL)",
)
# What a policy is made of when nothing is sent: not disabled, and every folder.
DEFAULTS: Mapping[str, Any] = {
    "IsAdministrator": False,
    "IsHidden": True,
    "IsDisabled": False,
    "EnableAllFolders": True,
    "EnabledFolders": [],
    "EnableLiveTvAccess": True,
    "EnableLiveTvManagement": True,
    "EnableMediaPlayback": True,
    "EnableContentDownloading": True,
    "EnableRemoteAccess": True,
    "EnableAllChannels": True,
    "EnabledChannels": [],
    "AccessSchedules": [],
    "BlockedTags": [],
    "MaxActiveSessions": 0,
    "LoginAttemptsBeforeLockout": -1,
    "RemoteClientBitrateLimit": 0,
    "AuthenticationProviderId": "",
    "PasswordResetProviderId": "",
}
PROVIDERS = {
    "AuthenticationProviderId": "Practice.DefaultAuthenticationProvider",
    "PasswordResetProviderId": "Practice.DefaultPasswordResetProvider",
}


class Refused(Exception):
    """What the server answers instead; its middleware says the same three words of everything."""

    def __init__(self, status: int, body: str | None = None) -> None:
        super().__init__(status)
        text = "Error processing request." if status not in (401, 404) else ""
        self.reply = PracticeReply(
            status=status,
            body=(text if body is None else body).encode(),
            content_type="text/plain" if body is None else "application/json",
        )


def row_of(db: sqlite3.Connection, *, user_id: str | None = None, name: str | None = None) -> Any:
    """A user by id (dashes and case do not matter) or by name (case does not matter)."""
    column, value = ("id", (user_id or "").replace("-", "").lower())
    if name is not None:
        column, value = ("name_key", name.casefold())
    return db.execute(f"SELECT * FROM users WHERE {column} = ?", (value,)).fetchone()  # noqa: S608


def insert_user(db: sqlite3.Connection, name: str, password: str | None, **policy: Any) -> Any:
    """A user as the server makes it: on, and with access to everything."""
    whole = {**DEFAULTS, **PROVIDERS, **policy}
    user_id = uuid.uuid4().hex
    values = (user_id, name, name.casefold(), password or None, json.dumps(whole))
    db.execute("INSERT INTO users (id, name, name_key, password, policy) VALUES (?, ?, ?, ?, ?)", values)
    return row_of(db, user_id=user_id)


def shown(row: sqlite3.Row, *, shows_password: bool) -> dict[str, Any]:
    """A user as the protocol shows it."""
    reported = row["password"] is not None or not shows_password
    user = {"Name": row["name"], "ServerId": "0" * 32, "Id": row["id"], "HasPassword": reported}
    user |= {"HasConfiguredPassword": reported, "Policy": json.loads(row["policy"])}
    return user if row["last_login"] is None else {**user, "LastLoginDate": row["last_login"]}


def state_of(row: sqlite3.Row, packages: Mapping[str, Mapping[str, Any]], dialect: str) -> dict[str, Any]:
    """A user as the books tell it to a test."""
    policy = json.loads(row["policy"])
    seen = set(policy["EnabledFolders"]), policy["EnableLiveTvAccess"]
    sold = {
        name: (set(package["folders"]), package.get("live_tv", False)) for name, package in packages.items()
    }
    held = [name for name, grants in sold.items() if grants == seen and not policy["EnableAllFolders"]]
    return {
        "id": row["id"],
        "username": row["name"],
        "password": row["password"],
        "state": "suspended" if policy["IsDisabled"] else "active",
        "expires_at": None,
        "package": held[0] if held else "none of ours",
        "connections": policy["MaxActiveSessions"] if dialect == "jellyfin" else None,
        "reference": None,
        "policy": policy,
    }


def replace_policy(
    books: Books, db: sqlite3.Connection, row: sqlite3.Row, body: Mapping[str, Any], dialect: str
) -> None:
    """The whole policy is what was sent: what was not sent is its default again."""
    old = json.loads(row["policy"])
    if dialect == "jellyfin" and not all(body.get(name) for name in PROVIDERS):
        errors = {name: ["The field is required."] for name in PROVIDERS if not body.get(name)}
        raise Refused(400, json.dumps({"title": "One or more validation errors occurred.", "errors": errors}))
    new = {**DEFAULTS, **{name: value for name, value in body.items() if name in DEFAULTS}}
    if new["IsDisabled"] and (old["IsAdministrator"] or _is_last_enabled(db, row["id"])):
        raise Refused(403)
    db.execute("UPDATE users SET policy = ? WHERE id = ?", (json.dumps(new), row["id"]))
    if new["IsDisabled"]:
        db.execute("DELETE FROM sessions WHERE user_id = ?", (row["id"],))
    changed = sorted(name for name, value in new.items() if old.get(name) != value)
    books.record(db, "policy", row["name"], changed=changed)


def set_password(books: Books, db: sqlite3.Connection, row: sqlite3.Row, body: Mapping[str, Any]) -> None:
    """``ResetPassword`` blanks it, whatever else is sent. Some releases keep nothing, and say 204."""
    losing = int(books.fact(db, "passwords_to_lose", "0"))
    if losing:
        books.set_fact(db, "passwords_to_lose", str(losing - 1))
        return
    password = None if body.get("ResetPassword") else body.get("NewPw") or None
    db.execute("UPDATE users SET password = ? WHERE id = ?", (password, row["id"]))
    books.record(db, "password", row["name"], blank=password is None)


def delete_user(books: Books, db: sqlite3.Connection, row: sqlite3.Row) -> None:
    if db.execute("SELECT count(*) FROM users").fetchone()[0] == 1:
        raise Refused(500)
    if json.loads(row["policy"])["IsAdministrator"] and _administrators(db) == {row["id"]}:
        raise Refused(400)
    db.execute("DELETE FROM users WHERE id = ?", (row["id"],))
    books.record(db, "terminate", row["name"])


def _administrators(db: sqlite3.Connection) -> set[str]:
    rows = db.execute("SELECT id, policy FROM users").fetchall()
    return {row["id"] for row in rows if json.loads(row["policy"])["IsAdministrator"]}


def _is_last_enabled(db: sqlite3.Connection, user_id: str) -> bool:
    rows = db.execute("SELECT id, policy FROM users").fetchall()
    return {row["id"] for row in rows if not json.loads(row["policy"])["IsDisabled"]} == {user_id}
