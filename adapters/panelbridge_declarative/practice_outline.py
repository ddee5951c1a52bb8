"""The practice panel for the Outline server's management API, from the facts in ``specs/README.md``.

Acts: ``delete``, ``create`` (a key of somebody else's, named by hand), ``set_limit`` (``username``, ``bytes``
or null), ``half_replace`` (only the spare of a key is left), ``bend`` (a limit nobody asked for).
"""

from __future__ import annotations

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

_TABLE = """
CREATE TABLE IF NOT EXISTS keys (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL DEFAULT '',
    password TEXT NOT NULL UNIQUE, port INTEGER NOT NULL, method TEXT NOT NULL, bytes INTEGER
)"""
_KEY = "/access-keys/([^/]+)"
_ROUTES = (
    ("GET", "/server", "test_connection"),
    ("GET", "/access-keys", "list_accounts"),
    ("POST", "/access-keys", "create_numbered"),
    ("PUT", _KEY, "create"),
    ("GET", _KEY, "get"),
    ("DELETE", _KEY, "terminate"),
    ("PUT", f"{_KEY}/data-limit", "limit"),
    ("DELETE", f"{_KEY}/data-limit", "unlimit"),
    ("PUT", f"{_KEY}/name", "rename"),
    ("GET", "/metrics/transfer", "usage"),
)
_PORT = 24531


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.reply = PracticeReply.json({"code": code, "message": message or code}, status=status)


class OutlinePracticePanel(PracticePanel):
    """Access keys in SQLite; every write and its effect in one transaction."""

    imitates = "the Outline server of 2025"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            package="50gib",
            other_package="200gib",
            reads={"find": "get"},
            moves_with_package=frozenset({"bytes"}),
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "secret": ""
    }  # the path that is the only credential: a random one

    def seed(self) -> None:
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._secret = self.books.fact(db, "secret", self.options["secret"] or random_text(22))

    def settings(self, url: str) -> dict[str, Any]:
        return {"spec": "outline", "base_url": url, "allow_http": True, "secret_path": self._secret}

    def secrets(self) -> tuple[str, ...]:
        return (self._secret,)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "the list comes whole in one reply that has no count"
        return None

    def operation(self, request: PracticeRequest) -> str:
        """A key is replaced by a delete and a second key of its id, kept company by a spare one meanwhile."""
        operation, key = self._route(request)
        if operation == "limit" and _bytes_of(_json(request)) == 0:
            return "suspend"
        if operation in ("limit", "unlimit"):
            return "unsuspend" if self._bytes(str(key)) == 0 else "set_limit"
        if operation in ("create", "terminate", "get") and _is_spare(key):
            return "spare"
        if operation in ("create", "terminate") and self._has(f"0{key}"):
            return "reset_credentials" if operation == "create" else "replace"
        return {"rename": "change_package"}.get(operation, operation)

    def _has(self, key: str) -> bool:
        with self.books.reading() as db:
            return db.execute("SELECT 1 FROM keys WHERE id = ?", (key,)).fetchone() is not None

    def _bytes(self, key: str) -> int | None:
        with self.books.reading() as db:
            row = db.execute("SELECT bytes FROM keys WHERE id = ?", (key,)).fetchone()
        return None if row is None else row["bytes"]

    def _route(self, request: PracticeRequest) -> tuple[str, Any]:
        prefix = f"/{self._secret}"
        if not request.path.startswith(f"{prefix}/"):
            return "nothing", None
        for method, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, request.path.removeprefix(prefix))
            if method == request.method and found is not None:
                return operation, found[1] if found.groups() else None
        return "nothing", None

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, key = self._route(request)
        if operation == "nothing":
            return _Refused(
                404, "ResourceNotFound", f"{request.path.rpartition('/')[2]} does not exist"
            ).reply
        try:
            answer: Callable[..., PracticeReply] = getattr(self, f"_{operation}")
            with self.books.writing() as db:
                return answer(db, key, request)
        except _Refused as refusal:
            return refusal.reply

    def _test_connection(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> PracticeReply:
        reported = {
            "name": "Practice",
            "serverId": "7b1c",
            "version": "1.12.0",
            "portForNewAccessKeys": _PORT,
        }
        return PracticeReply.json({**reported, "hostnameForAccessKeys": "vpn.example"})

    def _list_accounts(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> PracticeReply:
        rows = db.execute("SELECT * FROM keys ORDER BY number").fetchall()
        return PracticeReply.json({"accessKeys": [_shown(row) for row in rows]})

    def _row(self, db: sqlite3.Connection, key: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute("SELECT * FROM keys WHERE id = ?", (key,)).fetchone()
        if row is None:
            raise _Refused(404, "NotFound", f'Access key "{key}" not found')
        return row

    def _get(self, db: sqlite3.Connection, key: str, _: PracticeRequest) -> PracticeReply:
        return PracticeReply.json(_shown(self._row(db, key)))

    def _create(self, db: sqlite3.Connection, key: str, request: PracticeRequest) -> PracticeReply:
        body = _json(request)
        if db.execute("SELECT 1 FROM keys WHERE id = ?", (key,)).fetchone():
            raise _Refused(409, "Conflict", f"Access key {key} already exists")
        return self._made(db, key, body)

    def _create_numbered(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        taken = {row["id"] for row in db.execute("SELECT id FROM keys")}
        number = next(n for n in range(10**6) if str(n) not in taken)
        return self._made(db, str(number), _json(request))

    def _made(self, db: sqlite3.Connection, key: str, body: Mapping[str, Any]) -> PracticeReply:
        password = body.get("password") or random_text(22)
        if not isinstance(password, str) or not isinstance(body.get("name", ""), str):
            raise _Refused(400, "InvalidArgument", "Expected a string")
        if db.execute("SELECT 1 FROM keys WHERE password = ?", (password,)).fetchone():
            raise _Refused(409, "Conflict", "Access key with this password already exists")
        limit = _limit(body["limit"]) if "limit" in body else None
        values = (
            key,
            body.get("name", ""),
            password,
            _PORT,
            body.get("method", "chacha20-ietf-poly1305"),
            limit,
        )
        columns = "id, name, password, port, method, bytes"
        db.execute(f"INSERT INTO keys ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
        self.books.record(db, _kind(db, key, "create", "reset_credentials"), key, bytes=limit)
        return PracticeReply.json(_shown(self._row(db, key)), status=201)

    def _limit(self, db: sqlite3.Connection, key: str, request: PracticeRequest) -> PracticeReply:
        self._row(db, key)
        return self._set(db, key, _limit(_json(request).get("limit")))

    def _unlimit(self, db: sqlite3.Connection, key: str, _: PracticeRequest) -> PracticeReply:
        self._row(db, key)
        return self._set(db, key, None)

    def _set(self, db: sqlite3.Connection, key: str, limit: int | None) -> PracticeReply:
        was = self._row(db, key)["bytes"]
        db.execute("UPDATE keys SET bytes = ? WHERE id = ?", (limit, key))
        kind = "suspend" if limit == 0 else "unsuspend" if was == 0 else "set_limit"
        self.books.record(db, kind, key, bytes=limit)
        return _nothing()

    def _rename(self, db: sqlite3.Connection, key: str, request: PracticeRequest) -> PracticeReply:
        self._row(db, key)
        body = _json(request)
        if "name" not in body:
            raise _Refused(400, "MissingParameter", "Parameter `name` is missing")
        if not isinstance(body["name"], str):
            raise _Refused(400, "InvalidArgument", "Expected a string")
        db.execute("UPDATE keys SET name = ? WHERE id = ?", (body["name"], key))
        self.books.record(db, "change_package", key, name=body["name"])
        return _nothing()

    def _usage(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> PracticeReply:
        return PracticeReply.json({"bytesTransferredByUserId": {}})

    def _terminate(self, db: sqlite3.Connection, key: str, _: PracticeRequest) -> PracticeReply:
        self._row(db, key)
        self.books.record(db, _kind(db, key, "terminate", "replace"), key)
        db.execute("DELETE FROM keys WHERE id = ?", (key,))
        return _nothing()

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM keys ORDER BY number").fetchall()
        shown = {row["id"]: _in_books(row) for row in rows if not _is_spare(row["id"])}
        spares = [row["id"] for row in rows if _is_spare(row["id"])]
        return {"accounts": shown, **({"spares": spares} if spares else {}), **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = arguments.get("username")
        with self.books.writing() as db:
            match name:
                case "delete":
                    return db.execute("DELETE FROM keys WHERE id = ?", (who,)).rowcount
                case "create":
                    values = (who, "Alice's phone", random_text(22), _PORT, "chacha20-ietf-poly1305")
                    sql = "INSERT INTO keys (id, name, password, port, method) VALUES (?, ?, ?, ?, ?)"
                    return db.execute(sql, values).rowcount
                case "half_replace":
                    return db.execute("UPDATE keys SET id = '0' || id WHERE id = ?", (who,)).rowcount
                case "bend":
                    return db.execute("UPDATE keys SET bytes = 1 WHERE id = ?", (who,)).rowcount
                case "set_limit":
                    sql = "UPDATE keys SET bytes = ? WHERE id = ?"
                    return db.execute(sql, (arguments["bytes"], who)).rowcount
        raise UnknownAct(name)


def _is_spare(key: Any) -> bool:
    """No key of a customer: it keeps what is known of one while that is made anew."""
    return isinstance(key, str) and key.startswith("0") and len(key) > len("0001")


def _kind(db: sqlite3.Connection, key: str, alone: str, replacing: str) -> str:
    """What a create or a delete of ``key`` is: while its spare is there, a half of its replacement."""
    if _is_spare(key):
        return "spare"
    spare = db.execute("SELECT 1 FROM keys WHERE id = ?", (f"0{key}",)).fetchone()
    return alone if spare is None else replacing


def _nothing() -> PracticeReply:
    return PracticeReply(status=204)


def _json(request: PracticeRequest) -> dict[str, Any]:
    try:
        body = request.json() if request.body else {}
    except ValueError:
        raise _Refused(400, "InvalidContent", "Invalid JSON") from None
    return body if isinstance(body, dict) else {}


def _bytes_of(body: Mapping[str, Any]) -> Any:
    limit = body.get("limit")
    return limit.get("bytes") if isinstance(limit, dict) else None


def _limit(given: Any) -> int:
    if given is None:
        raise _Refused(400, "MissingParameter", "Parameter `limit` is missing")
    amount = given.get("bytes") if isinstance(given, dict) else None
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise _Refused(400, "InvalidArgument", "Must be a non-negative integer")
    return amount


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    limit = {} if row["bytes"] is None else {"dataLimit": {"bytes": row["bytes"]}}
    reported = {name: row[name] for name in ("id", "name", "password", "port", "method")}
    return {**reported, **limit, "accessUrl": f"ss://practice@vpn.example:{row['port']}/?outline=1"}


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    package, slash, reference = row["name"].partition("/")
    return {
        "id": row["id"],
        "username": row["id"],
        "password": row["password"],
        "state": "suspended" if row["bytes"] == 0 else "active",
        "expires_at": None,
        "package": package if slash else None,
        "connections": None,
        "reference": reference if slash else None,
        "bytes": row["bytes"],
    }


REPLIES = (
    PracticeReply.json({"code": "ResourceNotFound", "message": "/nowhere does not exist"}, status=404),
    PracticeReply.json({"code": "NotFound", "message": 'Access key "x" not found'}, status=404),
    PracticeReply.json({"code": "Conflict", "message": "Access key x already exists"}, status=409),
    PracticeReply.json({"code": "InvalidArgument", "message": "Must be a non-negative integer"}, status=400),
    PracticeReply.json({"code": "InvalidContent", "message": "Invalid JSON"}, status=400),
    PracticeReply.json({"code": "MissingParameter", "message": "Parameter `name` is missing"}, status=400),
    PracticeReply.json({"id": "x"}, status=201),
    PracticeReply.json({"id": "x"}),
    _nothing(),
)
PRACTICE = OutlinePracticePanel
