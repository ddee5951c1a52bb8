"""The practice panel for ejabberd 23.01 and 24.06, ``mod_http_api``, from the facts in ``specs/README.md``.

Acts: ``delete``, ``create`` (somebody else's).
"""

from __future__ import annotations

import base64
import re
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    Fault,
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)

_TABLE = "CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, password TEXT, banned INTEGER DEFAULT 0)"
_YES, _NO = 0, 1
_UNKNOWN_HOST = "Unknown virtual host"
_NEW = ("unban_account", "get_ban_details")  # commands of 24.06 and later
_OPERATIONS = {
    "register": "create",
    "registered_users": "get",
    "ban_account": "suspend",
    "unregister": "terminate",
    "unban_account": "unsuspend",
}
_NEEDED = {
    "register": ("user", "host", "password"),
    "unregister": ("user", "host"),
    "registered_users": ("host",),
    "check_account": ("user", "host"),
    "check_password": ("user", "host", "password"),
    "change_password": ("user", "host", "newpass"),
    "ban_account": ("user", "host", "reason"),
    "unban_account": ("user", "host"),
    "get_ban_details": ("user", "host"),
    "get_presence": ("user", "host"),
}


class _Said(Exception):
    """An answer that is no success; nothing that was written before it stays."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.reply = PracticeReply.json(content, status=status)


def _error(status: int, code: int, message: str) -> _Said:
    return _Said(status, {"status": "error", "code": code, "message": message})


class EjabberdPracticePanel(PracticePanel):
    """Users of one virtual host in SQLite; every write and its effect in one transaction."""

    imitates = "ejabberd 23.01, or 24.06 with its bans on record"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(reads={"find": "get", "list_accounts": "get"}),
        "24.06": Setup(practice_options={"release": "24.06"}, reads={"find": "get", "list_accounts": "get"}),
    }

    known_options: ClassVar[KnownOptions] = {
        "release": ("23.01", "24.06"),  # from 24.06 a ban is a record, and the password stays
        "host": "chat.example",
        "user": "",  # practice at that host
        "password": "",  # a random one
    }

    def seed(self) -> None:
        self._host = self.options["host"]
        self._records_bans = self.options["release"] == "24.06"
        self._user = self.options["user"] or f"practice@{self._host}"
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._password = self.books.fact(db, "password", self.options["password"] or random_text(20))

    def settings(self, url: str) -> dict[str, Any]:
        own = {"user": self._user, "password": self._password, "host": self._host}
        return {"spec": "ejabberd", "base_url": url, "allow_http": True, **own}

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "the list comes whole in one reply that has no count"
        return None

    def operation(self, request: PracticeRequest) -> str:
        command = request.path.removeprefix("/api/")
        if command == "change_password":  # nothing in it distinguishes a new password from the end of a ban
            with self.books.reading() as db:
                row = self._row(db, _arguments(request))
            lifts = row is not None and row["banned"] and not self._records_bans
            return "unsuspend" if lifts else "reset_credentials"
        if command in _NEW and not self._records_bans:
            return command
        return _OPERATIONS.get(command, command)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        command = request.path.removeprefix("/api/")
        if command == request.path:
            return PracticeReply.html("404 Not Found", status=404)
        try:
            self._admit(request)
            if command in _NEW and not self._records_bans:
                raise _error(404, 44, "Command not found.")
            given = _checked(command, request)
            answer: Callable[..., Any] = getattr(self, f"_{command}")
            with self.books.writing() as db:
                return PracticeReply.json(answer(db, given))
        except _Said as said:
            return said.reply

    def _admit(self, request: PracticeRequest) -> None:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            raise _error(403, 32, "AccessRules: Account does not have the right to perform the operation.")
        if given != base64.b64encode(f"{self._user}:{self._password}".encode()).decode():
            raise _error(401, 10, "You are not authorized to call this command.")

    def _row(self, db: sqlite3.Connection, given: Mapping[str, Any]) -> sqlite3.Row | None:
        if given.get("host") != self._host:
            return None
        sql = "SELECT * FROM users WHERE name = ?"
        row: sqlite3.Row | None = db.execute(sql, (str(given.get("user")).lower(),)).fetchone()
        return row

    def _register(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        who = f"{given['user']}@{given['host']}"
        if given["host"] != self._host:
            raise _error(500, 10001, _UNKNOWN_HOST)
        if self._row(db, given) is not None:
            raise _error(409, 10090, f"User {who} already registered")
        failed = f"Can't register user {who} at node practice@localhost: "
        if not re.fullmatch(r"[^\s\"&'/:<>@]{1,1023}", given["user"]):
            raise _error(500, 10001, f"{failed}Malformed username")
        if not given["password"]:
            raise _error(500, 10001, f"{failed}The password contains unacceptable characters")
        db.execute(
            "INSERT INTO users (name, password) VALUES (?, ?)", (given["user"].lower(), given["password"])
        )
        self.books.record(db, "create", given["user"].lower())
        return f"User {who} successfully registered"

    def _unregister(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        if given["host"] != self._host:
            raise _Said(400, _UNKNOWN_HOST)
        if self._row(db, given) is not None:
            db.execute("DELETE FROM users WHERE name = ?", (given["user"].lower(),))
            self.books.record(db, "terminate", given["user"].lower())
        return ""  # of nobody as well

    def _registered_users(self, db: sqlite3.Connection, given: Mapping[str, str]) -> list[str]:
        if given["host"] != self._host:
            raise _Said(400, _UNKNOWN_HOST)
        return [row["name"] for row in db.execute("SELECT name FROM users ORDER BY name")]

    def _check_account(self, db: sqlite3.Connection, given: Mapping[str, str]) -> int:
        return _NO if self._row(db, given) is None else _YES  # no as well on a host that is none

    def _check_password(self, db: sqlite3.Connection, given: Mapping[str, str]) -> int:
        row = self._row(db, given)
        is_barred = row is not None and row["banned"] and self._records_bans
        is_right = row is not None and row["password"] == given["password"]
        return _YES if is_right and not is_barred else _NO

    def _change_password(self, db: sqlite3.Connection, given: Mapping[str, str]) -> int:
        row = self._row(db, given)
        if row is None:
            raise _Said(404, "unknown_user")
        if not given["newpass"]:
            raise _Said(400, "invalid_password")
        banned = row["banned"] if self._records_bans else 0  # before, a new password ended a ban
        kind = "unsuspend" if row["banned"] > banned else "reset_credentials"
        sql = "UPDATE users SET password = ?, banned = ? WHERE name = ?"
        db.execute(sql, (given["newpass"], banned, row["name"]))
        self.books.record(db, kind, row["name"])
        return _YES

    def _ban_account(self, db: sqlite3.Connection, given: Mapping[str, str]) -> int:
        """The reason becomes a part of the new password; who is nobody is made by it, and is banned."""
        if given["host"] != self._host:
            return _YES
        if not given["reason"].isascii() or not given["reason"].isprintable():
            raise _Said(500, "internal_error")
        if self._records_bans:
            return self._put_on_record(db, self._row(db, given))
        name = given["user"].lower()
        password = f"BANNED_ACCOUNT--{random_text(20)}--{given['reason']}"
        sql = "INSERT OR REPLACE INTO users (name, password, banned) VALUES (?, ?, 1)"
        db.execute(sql, (name, password))
        self.books.record(db, "suspend", name)
        return _YES

    def _put_on_record(self, db: sqlite3.Connection, row: sqlite3.Row | None) -> int:
        """The password stays; who is nobody, or banned already, is a no."""
        if row is None or row["banned"]:
            return _NO
        db.execute("UPDATE users SET banned = 1 WHERE name = ?", (row["name"],))
        self.books.record(db, "suspend", row["name"])
        return _YES

    def _unban_account(self, db: sqlite3.Connection, given: Mapping[str, str]) -> int:
        row = self._row(db, given)
        if row is None or not row["banned"]:
            return _NO
        db.execute("UPDATE users SET banned = 0 WHERE name = ?", (row["name"],))
        self.books.record(db, "unsuspend", row["name"])
        return _YES

    def _get_ban_details(self, db: sqlite3.Connection, given: Mapping[str, str]) -> Any:
        row = self._row(db, given)
        if row is None or not row["banned"]:
            return {}
        return [
            {"name": "reason", "value": "suspended"},
            {"name": "bandate", "value": "2026-11-30T10:00:00Z"},
        ]

    def _get_presence(self, _: sqlite3.Connection, given: Mapping[str, str]) -> dict[str, str]:
        return {"jid": f"{given['user']}@{given['host']}", "show": "unavailable", "status": ""}

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM users ORDER BY name").fetchall()
        return {"accounts": {row["name"]: _in_books(row) for row in rows}, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = arguments.get("username")
        with self.books.writing() as db:
            match name:
                case "delete":
                    return db.execute("DELETE FROM users WHERE name = ?", (who,)).rowcount
                case "create":
                    sql = "INSERT INTO users (name, password) VALUES (?, 'somebody-else')"
                    return db.execute(sql, (who,)).rowcount
        raise UnknownAct(name)


def _arguments(request: PracticeRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _checked(command: str, request: PracticeRequest) -> dict[str, Any]:
    if command not in _NEEDED:
        raise _error(404, 40, "Endpoint not found.")
    given = _arguments(request)
    for name in _NEEDED[command]:
        if name not in given:
            raise _Said(400, f"Request have missing argument: {name}")
        if not isinstance(given[name], str):
            raise _Said(400, f"Arg {given[name]} is not in format binary")
    return given


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["name"],
        "username": row["name"],
        "password": row["password"],
        "state": "suspended" if row["banned"] else "active",
        "expires_at": None,
        "package": None,
        "connections": None,
        "reference": None,
    }


REPLIES = (
    PracticeReply.json(_YES),
    PracticeReply.json(_NO),
    PracticeReply.json(""),
    PracticeReply.json(["x"]),
    PracticeReply.json({}),
    PracticeReply.json([{"name": "reason", "value": "suspended"}]),
    PracticeReply.json(_UNKNOWN_HOST, status=400),
    PracticeReply.json("internal_error", status=400),
    PracticeReply.json("unknown_user", status=404),
    PracticeReply.json("internal_error", status=500),
    *(
        PracticeReply.json({"status": "error", "code": code, "message": message}, status=status)
        for status, code, message in (
            (401, 10, "You are not authorized to call this command."),
            (403, 32, "AccessRules: Account does not have the right to perform the operation."),
            (404, 40, "Endpoint not found."),
            (404, 44, "Command not found."),
            (409, 10090, "User x@y already registered"),
            (500, 10001, _UNKNOWN_HOST),
            (500, 10001, "Can't register user x@y at node z: Malformed username"),
            (500, 10001, "Can't register user x@y at node z: The password contains unacceptable characters"),
        )
    ),
)
PRACTICE = EjabberdPracticePanel
