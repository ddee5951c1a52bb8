"""The practice panel for Synapse's admin API, 1.163.2, from the facts in ``specs/README.md``.

Acts: ``delete``, ``create`` (somebody else's), ``expire_tokens``.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, password TEXT, admin INTEGER DEFAULT 0,
    locked INTEGER DEFAULT 0, deactivated INTEGER DEFAULT 0, displayname TEXT, creation_ts INTEGER,
    external_ids TEXT DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, name TEXT);
"""
_USER = "/_synapse/admin/v2/users/([^/]+)"
_ROUTES = (
    ("POST", "/_matrix/client/v3/login", "login"),
    ("GET", "/_synapse/admin/v1/server_version", "server_version"),
    ("GET", "/_synapse/admin/v2/users", "list_accounts"),
    ("GET", _USER, "get"),
    ("PUT", _USER, "put"),
    ("POST", "/_synapse/admin/v1/deactivate/([^/]+)", "terminate"),
)
_SERVER = {"Server": "Synapse/1.163.2"}


class _Said(Exception):
    """An answer that is no success. What was written before it stays."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.reply = _json_reply({"errcode": code, "error": message}, status)


def _json_reply(content: Any, status: int = 200) -> PracticeReply:
    return PracticeReply(status=status, body=json.dumps(content).encode(), headers=_SERVER)


class SynapsePracticePanel(PracticePanel):
    """Users in SQLite; every write and its effect in one transaction."""

    imitates = "Synapse 1.163.2"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            reads={"find": "get"},
            unseen=frozenset({Verb.RESET_CREDENTIALS}),  # shown nowhere; trying it would make a session
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "host": "matrix.example",
        "user": "practice",
        "password": "",  # a random one
        "role": ("admin", "user"),  # of whom we log in as
    }

    def seed(self) -> None:
        self._host = self.options["host"]
        self._user = self.options["user"]
        with self.books.writing() as db:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            self._password = self.books.fact(db, "password", self.options["password"] or random_text(20))
            values = (
                f"@{self._user}:{self._host}",
                self._password,
                int(self.options["role"] == "admin"),
                int(self.now().timestamp()),
            )
            columns = "name, password, admin, creation_ts"
            db.execute(f"INSERT OR IGNORE INTO users ({columns}) VALUES (?, ?, ?, ?)", values)  # noqa: S608

    def settings(self, url: str) -> dict[str, Any]:
        own = {"user": self._user, "password": self._password, "host": self._host}
        return {"spec": "synapse", "base_url": url, "allow_http": True, **own}

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def operation(self, request: PracticeRequest) -> str:
        operation, name = _route(request)
        if operation == "get" and name == f"@{self._user}:{self._host}":
            return "test_connection"
        if operation != "put":
            return operation
        body = _json(request)
        if "locked" in body:
            return "suspend" if body["locked"] else "unsuspend"
        with self.books.reading() as db:
            known = db.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone()
        return "reset_credentials" if known and "external_ids" not in body else "create"

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, name = _route(request)
        if operation == "nothing":
            return _Said(404, "M_UNRECOGNIZED", "Unrecognized request").reply
        answer: Callable[..., PracticeReply] = getattr(self, f"_{operation}")
        with self.books.writing() as db:
            try:
                if operation not in ("login", "server_version"):
                    self._admit(db, request)
                return answer(db, name, request)
            except _Said as said:  # what was written before it stays
                return said.reply

    def _admit(self, db: sqlite3.Connection, request: PracticeRequest) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise _Said(401, "M_MISSING_TOKEN", "Missing access token")
        known = db.execute("SELECT name FROM tokens WHERE token = ?", (token,)).fetchone()
        if known is None:
            raise _Said(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
        if not db.execute("SELECT admin FROM users WHERE name = ?", (known["name"],)).fetchone()["admin"]:
            raise _Said(403, "M_FORBIDDEN", "You are not a server admin")

    def _login(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        body = _json(request)
        user = (body.get("identifier") or {}).get("user", "")
        row = self._row(db, f"@{user}:{self._host}")
        wrong = row is None or row["deactivated"] or row["password"] != body.get("password")
        if row is None or wrong:
            raise _Said(403, "M_FORBIDDEN", "Invalid username or password")
        if row["locked"]:
            raise _Said(401, "M_USER_LOCKED", "User account has been locked")
        token = random_text(40)
        db.execute("INSERT INTO tokens VALUES (?, ?)", (token, row["name"]))
        return _json_reply({"user_id": row["name"], "access_token": token, "device_id": random_text(10)})

    def _server_version(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> PracticeReply:
        return _json_reply({"server_version": "1.163.2"})

    def _row(self, db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        return row

    def _local(self, name: str, message: str) -> None:
        if not name.startswith("@"):
            raise _Said(400, "M_INVALID_PARAM", "Expected UserID string to start with '@'")
        if not name.endswith(f":{self._host}"):
            raise _Said(400, "M_UNKNOWN", message)

    def _get(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> PracticeReply:
        self._local(name, "Can only look up local users")
        row = self._row(db, name)
        if row is None:
            raise _Said(404, "M_NOT_FOUND", "User not found")
        return _json_reply(_shown(row))

    def _list_accounts(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        """Who is locked or deactivated is left out unless asked for; the creation is in milliseconds here."""
        rows = db.execute("SELECT * FROM users ORDER BY creation_ts, name").fetchall()
        left_out = [what for what in ("locked", "deactivated") if request.value(what) != "true"]
        rows = [row for row in rows if not any(row[what] for what in left_out)]
        start = int(request.value("from") or 0)
        end = start + int(request.value("limit") or 100)
        more = {"next_token": str(end)} if end < len(rows) else {}
        shown = [_in_list(row) for row in rows[start:end]]
        return _json_reply({"users": shown, "total": len(rows), **more})

    def _put(self, db: sqlite3.Connection, name: str, request: PracticeRequest) -> PracticeReply:
        self._local(name, "This endpoint can only be used with local users")
        body = _json(request)
        password = body.get("password")
        if password is not None and (not isinstance(password, str) or len(password) > 512):  # noqa: PLR2004
            raise _Said(400, "M_UNKNOWN", "Invalid password")
        is_new = self._row(db, name) is None
        if is_new:
            self._insert(db, name, password)
        else:
            self._change(db, name, body)
        self._claim(db, name, body.get("external_ids"))
        row = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        return _json_reply(_shown(row), 201 if is_new else 200)

    def _insert(self, db: sqlite3.Connection, name: str, password: str | None) -> None:
        """A lock is not heeded on the way in, nor is it asked whether the caller meant a new user."""
        if not re.fullmatch(r"@[a-z0-9=_./+-]+:.+", name):
            text = "User ID can only contain characters a-z, 0-9, or '=_-./+'"
            raise _Said(400, "M_INVALID_USERNAME", text)
        values = (name, password, _local_part(name), int(self.now().timestamp()))
        columns = "name, password, displayname, creation_ts"
        db.execute(f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?)", values)  # noqa: S608
        self.books.record(db, "create", _local_part(name))

    def _change(self, db: sqlite3.Connection, name: str, body: Mapping[str, Any]) -> None:
        if "locked" in body:
            db.execute("UPDATE users SET locked = ? WHERE name = ?", (int(body["locked"]), name))
            self.books.record(db, "suspend" if body["locked"] else "unsuspend", _local_part(name))
        if body.get("password") is not None:
            db.execute("UPDATE users SET password = ? WHERE name = ?", (body["password"], name))
            self.books.record(db, "reset_credentials", _local_part(name))

    def _claim(self, db: sqlite3.Connection, name: str, wanted: Any) -> None:
        """An id of another user is refused when this one is made already, and stays."""
        if wanted is None:
            return
        others = db.execute("SELECT external_ids FROM users WHERE name != ?", (name,)).fetchall()
        taken = [one for row in others for one in json.loads(row["external_ids"])]
        if any(one in taken for one in wanted):
            raise _Said(409, "M_UNKNOWN", "External id is already in use.")
        db.execute("UPDATE users SET external_ids = ? WHERE name = ?", (json.dumps(wanted), name))

    def _terminate(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> PracticeReply:
        self._local(name, "Can only deactivate local users")
        row = self._row(db, name)
        if row is None:
            raise _Said(404, "M_NOT_FOUND", "User not found")
        if not row["deactivated"]:
            self.books.record(db, "terminate", _local_part(name))
        sql = (
            "UPDATE users SET deactivated = 1, locked = 0, password = NULL, displayname = NULL WHERE name = ?"
        )
        db.execute(sql, (name,))
        return _json_reply({"id_server_unbind_result": "success"})

    def snapshot(self) -> dict[str, Any]:
        """Who is deactivated is no account any more: nobody can use it, or the name, again."""
        ours = f"@{self._user}:{self._host}"
        with self.books.reading() as db:
            sql = "SELECT * FROM users WHERE name != ? AND NOT deactivated ORDER BY number"
            rows = db.execute(sql, (ours,)).fetchall()
        return {
            "accounts": {_local_part(row["name"]): _in_books(row) for row in rows},
            **self.books.effects(),
        }

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = f"@{arguments.get('username')}:{self._host}"
        with self.books.writing() as db:
            match name:
                case "delete":
                    return db.execute("UPDATE users SET deactivated = 1 WHERE name = ?", (who,)).rowcount
                case "create":
                    columns = "name, password, displayname, creation_ts"
                    sql = f"INSERT INTO users ({columns}) VALUES (?, 'somebody-else', 'Alice', 1)"  # noqa: S608
                    return db.execute(sql, (who,)).rowcount
                case "expire_tokens":
                    return db.execute("DELETE FROM tokens").rowcount
        raise UnknownAct(name)


def _route(request: PracticeRequest) -> tuple[str, Any]:
    for method, pattern, operation in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found is not None:
            return operation, found[1] if found.groups() else None
    return "nothing", None


def _json(request: PracticeRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        raise _Said(400, "M_NOT_JSON", "Content not JSON.") from None
    return body if isinstance(body, dict) else {}


def _local_part(name: str) -> str:
    return name.removeprefix("@").partition(":")[0]


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "admin": bool(row["admin"]),
        "deactivated": bool(row["deactivated"]),
        "locked": bool(row["locked"]),
        "shadow_banned": False,
        "creation_ts": row["creation_ts"],  # seconds
        "displayname": row["displayname"],
        "external_ids": json.loads(row["external_ids"]),
        "erased": bool(row["deactivated"]),
        "suspended": False,
    }


def _in_list(row: sqlite3.Row) -> dict[str, Any]:
    shown = {**_shown(row), "creation_ts": row["creation_ts"] * 1000}
    del shown["external_ids"], shown["suspended"]
    return shown


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    ids = [one["external_id"] for one in json.loads(row["external_ids"])]
    return {
        "id": _local_part(row["name"]),
        "username": _local_part(row["name"]),
        "password": row["password"],
        "state": "suspended" if row["locked"] else "active",
        "expires_at": None,
        "package": None,
        "connections": None,
        "reference": ids[0] if ids else None,
    }


REPLIES = (
    *(
        _json_reply({"errcode": code, "error": message}, status)
        for status, code, message in (
            (401, "M_UNKNOWN_TOKEN", "Invalid access token passed."),
            (401, "M_MISSING_TOKEN", "Missing access token"),
            (403, "M_FORBIDDEN", "You are not a server admin"),
            (404, "M_NOT_FOUND", "User not found"),
            (404, "M_UNRECOGNIZED", "Unrecognized request"),
            (400, "M_USER_IN_USE", "User ID already taken."),
            (400, "M_INVALID_USERNAME", "User ID can only contain characters a-z, 0-9, or '=_-./+'"),
            (400, "M_UNKNOWN", "Invalid password"),
            (400, "M_UNKNOWN", "This endpoint can only be used with local users"),
            (400, "M_NOT_JSON", "Content not JSON."),
            (409, "M_UNKNOWN", "External id is already in use."),
            (429, "M_LIMIT_EXCEEDED", "Too Many Requests"),
        )
    ),
    _json_reply({"name": "@x:y", "deactivated": False}),
    _json_reply({"name": "@x:y", "deactivated": True}),
    _json_reply({"name": "@x:y", "deactivated": False}, 201),
)
PRACTICE = SynapsePracticePanel
