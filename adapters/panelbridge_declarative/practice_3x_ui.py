"""The practice panel for 3x-ui v3, from the facts in ``specs/README.md`` and not from the description.

Acts: ``delete``, ``create`` (somebody else's), ``set_expiry``, ``use_up`` (the quota, or ``bytes`` of it),
``review`` (the job that disables clients whose time or traffic is up), ``bend`` (values nobody asked for).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)

_TABLE = """
CREATE TABLE IF NOT EXISTS clients (
    id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, subId TEXT NOT NULL,
    uuid TEXT NOT NULL, password TEXT NOT NULL, enable INTEGER NOT NULL, expiryTime INTEGER NOT NULL,
    totalGB INTEGER NOT NULL, limitIp INTEGER NOT NULL, comment TEXT NOT NULL, tgId INTEGER NOT NULL,
    reset INTEGER NOT NULL, resetDay INTEGER NOT NULL, resetMax INTEGER NOT NULL, security TEXT NOT NULL,
    flow TEXT NOT NULL, "group" TEXT NOT NULL, limitHwid INTEGER NOT NULL, inbound INTEGER NOT NULL,
    extra TEXT NOT NULL, used INTEGER NOT NULL DEFAULT 0
)"""
_WHOLE: Mapping[str, type] = {
    "email": str, "subId": str, "enable": bool, "expiryTime": int, "totalGB": int, "limitIp": int,
    "comment": str, "tgId": int, "reset": int, "resetDay": int, "resetMax": int, "security": str,
    "flow": str, "group": str, "limitHwid": int,
}  # fmt: skip
# Fields of 3.6, and one that a later release may bring: replaced like the rest, and reset where left out.
_EXTRA: Mapping[str, Any] = {
    "trafficReset": "never", "trafficResetDay": 1, "adTag": "", "reverse": None, "ofALaterRelease": "",
}  # fmt: skip
_SECRETS = {"password": "password", "id": "uuid"}  # kept where they are left out
_SLIM = ("email", "subId", "enable", "totalGB", "expiryTime", "limitIp", "limitHwid", "reset")
_INBOUNDS = (1, 2)
_GIB = 1024**3
_PACKAGES = {50 * _GIB: "50gib", 200 * _GIB: "200gib", 0: "unlimited"}
_CLIENT = "/clients/{}/([^/]+)"
_ROUTES = (
    ("GET", "/server/status", "test_connection"),
    ("GET", _CLIENT.format("get"), "get"),
    ("GET", "/clients/list/paged", "list_accounts"),
    ("POST", "/clients/add", "create"),
    ("POST", _CLIENT.format("update"), "update"),
    ("POST", "/clients/bulkEnable", "enable"),
    ("POST", "/clients/bulkDisable", "disable"),
    ("POST", "/clients/bulkAdjust", "adjust"),
    ("POST", _CLIENT.format("resetTraffic"), "reset_traffic"),
    ("POST", _CLIENT.format("updateTraffic"), "set_traffic"),
    ("POST", _CLIENT.format("del"), "terminate"),
)
_SAYS = {
    "en": {"done": "The client was saved", "none": "The client was not found", "bad": "Something went wrong"},
    "de": {
        "done": "Der Client wurde gespeichert",
        "none": "Den Client gibt es nicht",
        "bad": "Es ging schief",
    },
}
_NOTHING_HERE = PracticeReply(status=404, content_type="text/plain")


class _Refused(Exception):
    """A failure, reported with 200 and a text in the panel's language."""


class ThreeXUiPracticePanel(PracticePanel):
    """Clients in SQLite; every write and its effect in one transaction."""

    imitates = "3x-ui 3.6"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(package="50gib", other_package="200gib", moves_with_package=frozenset({"bytes"}))
    }

    known_options: ClassVar[KnownOptions] = {
        "language": tuple(_SAYS),  # of its messages
        "secret_path": "",  # a random one
        "token": "",  # a random one
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._path = self.books.fact(db, "secret_path", self.options["secret_path"] or random_text(18))
            self._token = self.books.fact(db, "token", self.options["token"] or random_text(40))
            self._says = _SAYS[self.options["language"]]

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "spec": "3x-ui",
            "base_url": url,
            "allow_http": True,
            "secret_path": self._path,
            "token": self._token,
            "inbound": 1,
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._path, self._token)

    def operation(self, request: PracticeRequest) -> str:
        operation, email = self._route(request)
        if operation == "list_accounts" and request.value("search"):
            return "find"
        if operation in ("enable", "disable"):
            return "unsuspend" if operation == "enable" else "suspend"
        return self._change_in(email, _json(request)) if operation == "update" else operation

    def _change_in(self, email: str, body: Mapping[str, Any]) -> str:
        """Every change is one and the same call; what differs from the row distinguishes them."""
        with self.books.reading() as db:
            row = db.execute("SELECT * FROM clients WHERE email = ?", (email,)).fetchone()
        for column, verb in {
            "subId": "reset_credentials",
            "expiryTime": "extend",
            "totalGB": "change_package",
            "limitIp": "change_package",
        }.items():
            if row is not None and body.get(column) != row[column]:
                return verb
        return "unsuspend" if body.get("enable") else "suspend"

    def _route(self, request: PracticeRequest) -> tuple[str, str]:
        path = request.path.removeprefix(f"/{self._path}/panel/api")
        for method, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, path)
            if method == request.method and found is not None and path != request.path:
                return operation, found[1] if found.groups() else ""
        return "nothing", ""

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, email = self._route(request)
        if operation == "nothing":
            return _NOTHING_HERE
        if request.headers.get("authorization") != f"Bearer {self._token}":
            is_script = request.headers.get("x-requested-with") == "XMLHttpRequest"
            return PracticeReply(status=401, content_type="text/plain") if is_script else _NOTHING_HERE
        answer: Callable[..., Any] = getattr(self, f"_{operation}")
        refusal: _Refused | None = None
        content = None
        with self.books.writing() as db:
            try:
                content = answer(db, email, request)
            except _Refused as refused:
                refusal = refused
        if refusal is not None:
            return PracticeReply.json({"success": False, "msg": self._says[str(refusal)], "obj": None})
        msg = "" if request.method == "GET" else self._says["done"]
        return PracticeReply.json({"success": True, "msg": msg, "obj": content})

    def _test_connection(self, *_: Any) -> Any:
        return {"cpu": 1.5, "xray": {"state": "running", "version": "26.1.0"}}

    def _row(self, db: sqlite3.Connection, email: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute("SELECT * FROM clients WHERE email = ?", (email,)).fetchone()
        if row is None:
            raise _Refused("none")
        return row

    def _get(self, db: sqlite3.Connection, email: str, _: PracticeRequest) -> Any:
        row = self._row(db, email)
        hidden = ("inbound", "extra", "used")
        shown = {name: row[name] for name in row.keys() if name not in hidden}  # noqa: SIM118 - a row is no dict
        client = {**shown, **json.loads(row["extra"]), "enable": bool(row["enable"])}
        return {"client": client, "inboundIds": [row["inbound"]], "usedTraffic": row["used"]}

    def _list_accounts(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> Any:
        rows = db.execute("SELECT * FROM clients ORDER BY id").fetchall()
        search = request.value("search") or ""
        fitting = [row for row in rows if search in row["email"] or search in row["comment"]]
        size = min(int(request.value("pageSize") or 25), 200)
        number = max(int(request.value("page") or 1), 1)
        shown = [_slim(row) for row in fitting[(number - 1) * size : number * size]]
        reported = {"items": shown or None, "total": len(rows), "filtered": len(fitting)}
        return {**reported, "page": number, "pageSize": size}

    def _create(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> None:
        body = _json(request)
        inbounds = body.get("inboundIds")
        if not isinstance(inbounds, list) or not inbounds or any(one not in _INBOUNDS for one in inbounds):
            raise _Refused("bad")
        given = body.get("client")
        given = given if isinstance(given, dict) else {}
        values = _whole(given)
        email = values["email"]
        there = db.execute("SELECT * FROM clients WHERE email = ?", (email,)).fetchone()
        if there is not None:
            if values["subId"] != there["subId"]:
                raise _Refused("bad")
            self._write(db, email, {**values, "enable": True})
            self.books.record(db, "adopt", email)
            return
        secrets = {"password": given.get("password") or random_text(16), "uuid": random_text(32)}
        values["subId"] = values["subId"] or random_text(16)
        self._insert(
            db, {**values, **secrets, "enable": True, "inbound": inbounds[0], "extra": _extra(given)}
        )
        self.books.record(db, "create", email, expires=values["expiryTime"], total=values["totalGB"])

    def _insert(self, db: sqlite3.Connection, values: Mapping[str, Any]) -> int:
        columns = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO clients ({columns}) VALUES ({marks})"  # noqa: S608
        return db.execute(sql, tuple(values.values())).rowcount

    def _update(self, db: sqlite3.Connection, email: str, request: PracticeRequest) -> None:
        """The row is replaced; only secrets are kept where they are left out."""
        self._row(db, email)
        body = _json(request)
        values = _whole(body)
        for name, column in _SECRETS.items():
            if body.get(name) is not None:
                if not isinstance(body[name], str):  # the number that reads call id
                    raise _Refused("bad")
                values[column] = body[name]
        kind = self._change_in(email, body)
        self._write(db, email, {**values, "extra": _extra(body)})
        self.books.record(db, kind, email)

    def _write(self, db: sqlite3.Connection, email: str, values: Mapping[str, Any]) -> None:
        assigned = ", ".join(f'"{name}" = ?' for name in values)
        db.execute(f"UPDATE clients SET {assigned} WHERE email = ?", (*values.values(), email))  # noqa: S608

    def _enable(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> Any:
        return self._switch(db, request, on=True)

    def _disable(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> Any:
        return self._switch(db, request, on=False)

    def _switch(self, db: sqlite3.Connection, request: PracticeRequest, *, on: bool) -> Any:
        emails = _json(request).get("emails") or []
        for email in emails:
            self._write(db, email, {"enable": on})
            self.books.record(db, "unsuspend" if on else "suspend", email)
        return {"changed": len(emails)}

    def _reset_traffic(self, db: sqlite3.Connection, email: str, _: PracticeRequest) -> None:
        """Enables as well: also whom somebody switched off."""
        self._row(db, email)
        self._write(db, email, {"used": 0, "enable": True})
        self.books.record(db, "reset_traffic", email)

    def _set_traffic(self, db: sqlite3.Connection, email: str, request: PracticeRequest) -> None:
        self._row(db, email)
        body = _json(request)
        self._write(db, email, {"used": int(body.get("upload") or 0) + int(body.get("download") or 0)})
        self.books.record(db, "set_traffic", email)

    def _adjust(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> Any:
        """Relative, and without a word not for a client that never expires."""
        body = _json(request)
        for email in body.get("emails") or []:
            row = self._row(db, email)
            if row["expiryTime"] > 0:
                later = row["expiryTime"] + int(body.get("addDays") or 0) * 86_400_000
                self._write(db, email, {"expiryTime": later})
                self.books.record(db, "adjust", email)
        return {}

    def _terminate(self, db: sqlite3.Connection, email: str, _: PracticeRequest) -> None:
        self._row(db, email)
        db.execute("DELETE FROM clients WHERE email = ?", (email,))
        self.books.record(db, "terminate", email)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM clients ORDER BY id").fetchall()
        return {"accounts": {row["email"]: _in_books(row) for row in rows}, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = str(arguments.get("username"))
        with self.books.writing() as db:
            match name:
                case "delete":
                    return db.execute("DELETE FROM clients WHERE email = ?", (who,)).rowcount
                case "create":
                    theirs = {"email": who, "subId": random_text(16), "security": "auto", "tgId": 77}
                    more = {"password": random_text(16), "uuid": random_text(32), "inbound": 2}
                    return self._insert(db, {**_whole(theirs), **more, "enable": True, "extra": _extra({})})
                case "set_expiry":
                    at = datetime.fromisoformat(arguments["expires_at"])
                    return self._write(db, who, {"expiryTime": round(at.timestamp() * 1000)})
                case "review" | "use_up":
                    if name == "use_up":
                        sql = "UPDATE clients SET used = COALESCE(?, totalGB) WHERE email = ?"
                        db.execute(sql, (arguments.get("bytes"), who))
                    over = "(expiryTime > 0 AND expiryTime <= ?) OR (totalGB > 0 AND used >= totalGB)"
                    now = round(self.now().timestamp() * 1000)
                    return db.execute(f"UPDATE clients SET enable = 0 WHERE {over}", (now,)).rowcount  # noqa: S608
                case "bend":
                    changes = "totalGB = 7, expiryTime = expiryTime + 86400000, password = 'bent'"
                    return db.execute(f"UPDATE clients SET {changes} WHERE email = ?", (who,)).rowcount  # noqa: S608
        raise UnknownAct(name)


def _whole(given: Mapping[str, Any]) -> dict[str, Any]:
    """A row of what was sent; whatever was left out is empty, nothing or false."""
    values = {}
    for name, kind in _WHOLE.items():
        value = given.get(name)
        if value is not None and type(value) is not kind:
            raise _Refused("bad")
        values[name] = kind() if value is None else value
    if not values["email"]:
        raise _Refused("bad")
    return values


def _extra(given: Mapping[str, Any]) -> str:
    return json.dumps({name: given.get(name, default) for name, default in _EXTRA.items()})


def _json(request: PracticeRequest) -> dict[str, Any]:
    try:
        body = request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _slim(row: sqlite3.Row) -> dict[str, Any]:
    reported = {name: row[name] for name in _SLIM}
    traffic = {"up": 0, "down": row["used"], "enable": bool(row["enable"])}
    return {**reported, "enable": bool(row["enable"]), "inboundIds": [row["inbound"]], "traffic": traffic}


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    at = row["expiryTime"]
    more = (
        "subId",
        "tgId",
        "reset",
        "resetDay",
        "resetMax",
        "security",
        "flow",
        "group",
        "limitHwid",
        "uuid",
    )
    return {
        "id": row["email"],
        "username": row["email"],
        "password": row["password"],
        "state": "active" if row["enable"] else "suspended",
        "expires_at": datetime.fromtimestamp(at / 1000, UTC).isoformat() if at else None,
        "package": _PACKAGES.get(row["totalGB"]),
        "connections": row["limitIp"],
        "reference": row["comment"],
        "bytes": row["totalGB"],
        "inbound": row["inbound"],
        "extra": json.loads(row["extra"]),
        "used": row["used"],
        **{name: row[name] for name in more},
    }


REPLIES = (
    _NOTHING_HERE,
    PracticeReply(status=401, content_type="text/plain"),
    PracticeReply.json({"success": True, "msg": "", "obj": None}),
    PracticeReply.json({"success": False, "msg": _SAYS["en"]["none"], "obj": None}),
    PracticeReply.json({"success": False, "msg": _SAYS["de"]["bad"], "obj": None}),
)
PRACTICE = ThreeXUiPracticePanel
