"""The practice panel for Marzban 0.8.4, from the facts in ``specs/README.md`` and not from the description.

Acts: ``delete``, ``set_expiry``, ``use_up`` (the quota, or ``bytes`` of it), ``create`` (somebody else's),
``review`` (the job that sets expired and limited), ``switch_inbound`` (``username``: off its first),
``expire_tokens``, ``break`` (leave a broken row behind), ``bend`` (values that nobody asked for).
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

_TABLES = """
CREATE TABLE IF NOT EXISTS users (
    username TEXT PRIMARY KEY, status TEXT NOT NULL, expire INTEGER, data_limit INTEGER,
    used_traffic INTEGER NOT NULL DEFAULT 0, note TEXT, proxies TEXT, inbounds TEXT, owner TEXT,
    link INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY);
"""
_GIB = 1024**3
_TAGS = {"shadowsocks": ["Shadowsocks TCP", "Shadowsocks UDP"], "vless": ["VLESS TCP"]}
_ONE = {"shadowsocks": ["Shadowsocks TCP"], "vless": ["VLESS TCP"]}
_TEMPLATES = (
    {"id": 1, "name": "50 GiB", "data_limit": 50 * _GIB, "expire_duration": 2592000, "inbounds": {}},
    {"id": 2, "name": "200 GiB", "data_limit": 200 * _GIB, "expire_duration": 2592000, "inbounds": _ONE},
    # Its limit was left out: a template stores 0, and the user made of it reads null.
    {"id": 3, "name": "Unlimited", "data_limit": 0, "expire_duration": 2592000, "inbounds": {}},
)
_USER = "/api/user/([^/]*)"
_ROUTES = (
    ("POST", "/api/admin/token", "login"),
    ("GET", "/api/system", "test_connection"),
    ("GET", "/api/user_template", "list_packages"),
    ("GET", "/api/inbounds", "inbounds"),
    ("GET", "/api/users", "list_accounts"),
    ("POST", "/api/user", "create"),
    ("GET", _USER, "get"),
    ("PUT", _USER, "modify"),
    ("POST", f"{_USER}/revoke_sub", "revoke"),
    ("POST", f"{_USER}/reset", "reset"),
    ("DELETE", _USER, "terminate"),
)
_NAME = re.compile(r"(?=.{3,32}$)[A-Za-z0-9_](?:[A-Za-z0-9_.@-]*[A-Za-z0-9_])?")
_ACTS = {
    "delete": "DELETE FROM users",
    "bend": "UPDATE users SET data_limit = 7, expire = expire + 86400",
    "switch_inbound": """UPDATE users SET inbounds = '{"shadowsocks": ["Shadowsocks UDP"]}'""",
}
_BROKEN = 500
_NONE = "none"  # in place of a tag: the protocol has no inbound
_CRASH = PracticeReply(status=500, body=b"Internal Server Error", content_type="text/plain; charset=utf-8")


class _Said(Exception):
    """An answer that is no success. What was written before it stays."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.reply = _CRASH if status == _BROKEN else PracticeReply.json({"detail": detail}, status=status)


class MarzbanPracticePanel(PracticePanel):
    """Users in SQLite; every write and its effect in one transaction."""

    imitates = "Marzban 0.8.4"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            package="1",
            other_package="2",
            reads={"find": "get"},
            moves_with_package=frozenset({"reachable"}),  # the template's inbounds
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "login": (
            "database",
            "environment",
        ),  # the latter's users have no owner: deleting one answers 500, done
        "role": ("sudo", "reseller"),
        "user": "practice",  # the admin
        "password": "",  # a random one
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            self._user = self.options["user"]
            self._password = self.books.fact(db, "password", self.options["password"] or random_text(20))
            self._owner = None if self.options["login"] == "environment" else self._user
            self._is_sudo = self.options["role"] == "sudo"

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "spec": "marzban",
            "base_url": url,
            "allow_http": True,
            "user": self._user,
            "password": self._password,
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def operation(self, request: PracticeRequest) -> str:
        operation = _route(request)[0]
        if operation == "revoke":  # both halves of a reset have its name
            return "reset_credentials"
        if operation != "modify":
            return operation
        body = _json(request)
        if "status" in body:
            return "suspend" if body["status"] == "disabled" else "unsuspend"
        named = {"expire": "extend", "proxies": "reset_credentials", "data_limit": "change_package"}
        return next((verb for key, verb in named.items() if key in body), "modify")

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, name = _route(request)
        if operation == "nothing":
            return PracticeReply.json({"detail": "Not Found"}, status=404)
        answer: Callable[..., Any] = getattr(self, f"_{operation}")
        with self.books.writing() as db:
            try:
                if operation != "login":
                    self._admit(db, request)
                return PracticeReply.json(answer(db, name, request))
            except _Said as said:  # what was written before it stays
                return said.reply

    def _admit(self, db: sqlite3.Connection, request: PracticeRequest) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        known = db.execute("SELECT 1 FROM tokens WHERE token = ?", (token,)).fetchone()
        if kind != "Bearer" or known is None:
            raise _Said(401, "Could not validate credentials")

    def _login(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        if not request.form:  # JSON is not taken here
            raise _Said(422, {"username": "Field required", "password": "Field required"})
        if (request.value("username"), request.value("password")) != (self._user, self._password):
            raise _Said(401, "Incorrect username or password")
        token = random_text(40)
        db.execute("INSERT INTO tokens VALUES (?)", (token,))
        return {"access_token": token, "token_type": "bearer"}

    def _test_connection(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> Any:
        return {"version": "0.8.4", "total_user": len(self._visible(db))}

    def _list_packages(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> Any:
        return list(_TEMPLATES)

    def _inbounds(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> Any:
        return {
            protocol: [{"tag": tag, "protocol": protocol, "network": "tcp", "tls": "none"} for tag in tags]
            for protocol, tags in _TAGS.items()
        }

    def _visible(self, db: sqlite3.Connection) -> list[sqlite3.Row]:
        rows = db.execute("SELECT * FROM users ORDER BY created_at, username").fetchall()
        return [row for row in rows if self._is_sudo or row["owner"] == self._user]

    def _list_accounts(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        rows = self._visible(db)
        if any(row["proxies"] is None for row in rows):
            raise _Said(500, "")  # one broken row, and nobody can be listed
        search = request.value("search") or ""
        shown = [row for row in rows if search in row["username"] or search in (row["note"] or "")]
        start = int(request.value("offset") or 0)
        end = start + int(request.value("limit") or len(shown) + 1)
        return {"users": [self._shown(row) for row in shown[start:end]], "total": len(shown)}

    def _get(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> Any:
        return self._shown(self._row(db, name))

    def _row(self, db: sqlite3.Connection, name: str) -> sqlite3.Row:
        row = self._allowed(db, name)
        if row["proxies"] is None:
            raise _Said(500, "")
        return row

    def _allowed(self, db: sqlite3.Connection, name: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE username = ?", (name,)).fetchone()
        if row is None:
            raise _Said(404, "User not found")
        if not self._is_sudo and row["owner"] != self._user:
            raise _Said(403, "You're not allowed")
        return row

    def _create(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        body = _checked(_json(request), creating=True)
        name = body["username"]
        if db.execute("SELECT 1 FROM users WHERE username = ?", (name,)).fetchone():
            raise _Said(409, "User already exists")
        if "proxies" not in body:
            self._insert(db, name, {"proxies": None, "expire": None})
            raise _Said(500, "")
        self._insert(
            db,
            name,
            {
                "expire": body.get("expire") or None,
                "data_limit": body.get("data_limit") or None,
                "note": body.get("note"),
                "proxies": json.dumps(_with_secrets(body["proxies"])),
                "inbounds": json.dumps(body["inbounds"]) if "inbounds" in body else None,
            },
        )
        self.books.record(db, "create", name, expire=body.get("expire"), data_limit=body.get("data_limit"))
        return self._shown(self._row(db, name))

    def _insert(self, db: sqlite3.Connection, name: str, values: Mapping[str, Any]) -> None:
        stored = {
            "username": name,
            "status": "active",  # whatever the expiry: the review job looks later
            "owner": self._owner,
            "created_at": self.now().isoformat(),
            **values,
        }
        marks = ", ".join("?" * len(stored))
        db.execute(f"INSERT INTO users ({', '.join(stored)}) VALUES ({marks})", tuple(stored.values()))  # noqa: S608

    def _modify(self, db: sqlite3.Connection, name: str, request: PracticeRequest) -> Any:
        row = self._row(db, name)
        body = _checked(_json(request), creating=False)
        values: dict[str, Any] = {}
        if body.get("expire") is not None:
            values |= self._moved(row, body["expire"])
        if body.get("status") is not None:
            values["status"] = body["status"]
        if body.get("data_limit") is not None:
            limit = values["data_limit"] = body["data_limit"] or None
            if values.get("status", row["status"]) in ("active", "limited"):
                values["status"] = "limited" if limit and row["used_traffic"] >= limit else "active"
        if body.get("proxies"):
            values["proxies"] = json.dumps(_with_secrets(body["proxies"]))
        if body.get("inbounds"):  # an empty table changes nothing; an empty list takes that protocol away
            had = json.loads(row["inbounds"]) if row["inbounds"] is not None else {}
            empty = {name: tags or [_NONE] for name, tags in body["inbounds"].items()}
            values["inbounds"] = json.dumps({**had, **empty})
        return self._set(db, row, self.operation(request), values)

    def _moved(self, row: sqlite3.Row, expire: int) -> dict[str, Any]:
        """Forward revives an expired user, never a disabled one; into the past expires at once."""
        past = bool(expire) and expire <= self.now().timestamp()
        status = row["status"]
        if status in ("active", "expired"):
            status = "expired" if past else "active"
        return {"expire": expire or None, "status": status}

    def _revoke(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> Any:
        row = self._row(db, name)
        secrets = _with_secrets({name: {} for name in json.loads(row["proxies"])})
        return self._set(db, row, "revoke", {"proxies": json.dumps(secrets), "link": row["link"] + 1})

    def _reset(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> Any:
        row = self._row(db, name)
        lifted = {} if row["status"] in ("expired", "disabled") else {"status": "active"}
        return self._set(db, row, "reset", {"used_traffic": 0, **lifted})

    def _terminate(self, db: sqlite3.Connection, name: str, _: PracticeRequest) -> Any:
        row = self._allowed(db, name)
        db.execute("DELETE FROM users WHERE username = ?", (name,))
        self.books.record(db, "terminate", name)
        if row["owner"] is None or row["proxies"] is None:
            raise _Said(500, "")  # done, and then its report fails
        return {"detail": "User successfully deleted"}

    def _set(self, db: sqlite3.Connection, row: sqlite3.Row, kind: str, values: Mapping[str, Any]) -> Any:
        name = row["username"]
        if values:
            assigned = ", ".join(f"{column} = ?" for column in values)
            db.execute(f"UPDATE users SET {assigned} WHERE username = ?", (*values.values(), name))  # noqa: S608
        reported = {column: value for column, value in values.items() if column != "proxies"}
        self.books.record(db, kind, name, **reported)
        return self._shown(self._row(db, name))

    def _shown(self, row: sqlite3.Row) -> dict[str, Any]:
        reachable = _reachable(row)
        return {
            "username": row["username"],
            "status": row["status"],
            "expire": row["expire"],
            "data_limit": row["data_limit"],
            "used_traffic": row["used_traffic"],
            "lifetime_used_traffic": row["used_traffic"],
            "created_at": row["created_at"].partition("+")[0],
            "online_at": row["created_at"].partition("+")[0] if row["used_traffic"] else None,
            "note": row["note"],
            "proxies": json.loads(row["proxies"]),
            "links": [f"ss://{random_text(12)}"] if reachable else [],
            "subscription_url": f"/sub/{random_text(24)}",  # another text on every read
            "inbounds": reachable,
            "admin": {"username": row["owner"]} if row["owner"] else None,
        }

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM users ORDER BY created_at, username").fetchall()
        return {"accounts": {row["username"]: _in_books(row) for row in rows}, **self.books.effects()}

    def _review(self, db: sqlite3.Connection) -> int:
        """The job that looks every few seconds."""
        used_up = "status = 'active' AND data_limit IS NOT NULL AND used_traffic >= data_limit"
        db.execute(f"UPDATE users SET status = 'limited' WHERE {used_up}")  # noqa: S608
        sql = "UPDATE users SET status = 'expired' WHERE status IN ('active', 'limited') AND expire <= ?"
        return db.execute(sql, (int(self.now().timestamp()),)).rowcount

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = str(arguments.get("username"))
        with self.books.writing() as db:
            if name in _ACTS:
                return db.execute(f"{_ACTS[name]} WHERE username = ?", (who,)).rowcount
            match name:
                case "set_expiry":
                    at = int(datetime.fromisoformat(arguments["expires_at"]).timestamp())
                    return db.execute("UPDATE users SET expire = ? WHERE username = ?", (at, who)).rowcount
                case "create" | "break":
                    proxies = json.dumps(_with_secrets({"shadowsocks": {}}))
                    theirs = {"proxies": proxies, "inbounds": "{}", "owner": "other"}
                    broken = {"proxies": None, "expire": None}
                    return self._insert(db, who, theirs if name == "create" else broken)
                case "review":
                    return self._review(db)
                case "use_up":
                    sql = "UPDATE users SET used_traffic = COALESCE(?, data_limit, 1) WHERE username = ?"
                    db.execute(sql, (arguments.get("bytes"), who))
                    return self._review(db)
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
        return {}
    return body if isinstance(body, dict) else {}


def _checked(body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
    """What the panel takes; unknown fields are ignored without a word."""
    if creating and (not isinstance(body.get("username"), str) or not _NAME.fullmatch(body["username"])):
        raise _Said(422, {"username": "Username only can be 3 to 32 characters"})
    limit = body.get("data_limit")
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise _Said(422, {"data_limit": "Input should be a valid integer"})
    expire = body.get("expire")
    if expire is not None and not str(expire).isdigit():
        raise _Said(422, {"expire": "Input should be a valid integer"})
    allowed = ("active", "on_hold") if creating else ("active", "disabled", "on_hold")
    if body.get("status", "active") not in allowed:
        raise _Said(422, {"status": "Input should be 'active' or 'on_hold'"})
    proxies = body.get("proxies")
    if proxies == {} or (proxies is not None and not isinstance(proxies, dict)):
        raise _Said(422, {"proxies": "Each user needs at least one proxy"})
    for protocol in proxies or {}:
        if protocol not in _TAGS:
            raise _Said(400, f"Protocol {protocol} is disabled on your server")
    for tags in (body.get("inbounds") or {}).values():
        if not set(tags) <= {tag for known in _TAGS.values() for tag in known}:
            raise _Said(422, {"inbounds": "Inbound not found"})
    return {**body, "expire": None if expire is None else int(expire)}


def _with_secrets(proxies: Mapping[str, Any]) -> dict[str, Any]:
    """Every protocol with a secret of its own where none was given."""
    key = {"vless": "id"}
    return {
        name: {key.get(name, "password"): random_text(16), **(given or {})} for name, given in proxies.items()
    }


def _reachable(row: sqlite3.Row) -> dict[str, list[str]]:
    """Inbounds left out on create: none. An empty table, or an empty list for a protocol: all of them."""
    if row["inbounds"] is None or row["proxies"] is None:
        return {}
    given = json.loads(row["inbounds"])
    reported = {name: given.get(name) or _TAGS[name] for name in json.loads(row["proxies"])}
    return {name: [tag for tag in tags if tag != _NONE] for name, tags in reported.items()}


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    proxies = json.loads(row["proxies"]) if row["proxies"] else {}
    same = (str(item["id"]) for item in _TEMPLATES if (item["data_limit"] or None) == row["data_limit"])
    states = {"disabled": "suspended", "expired": "expired", "limited": "limited"}
    return {
        "id": row["username"],
        "username": row["username"],
        "password": proxies.get("shadowsocks", {}).get("password"),
        "state": states.get(row["status"], "active"),
        "expires_at": datetime.fromtimestamp(row["expire"], UTC).isoformat() if row["expire"] else None,
        "package": next(same, None),
        "connections": None,
        "reference": row["note"],
        "link": row["link"],
        "used": row["used_traffic"],
        "reachable": _reachable(row),
    }


REPLIES = (
    PracticeReply.json({"detail": "Could not validate credentials"}, status=401),
    PracticeReply.json({"detail": "You're not allowed"}, status=403),
    PracticeReply.json({"detail": "User not found"}, status=404),
    PracticeReply.json({"detail": "User already exists"}, status=409),
    PracticeReply.json({"detail": "Protocol x is disabled on your server"}, status=400),
    PracticeReply.json({"detail": {"expire": "Input should be a valid integer"}}, status=422),
    PracticeReply.json({"username": "x"}),
    _CRASH,
)
PRACTICE = MarzbanPracticePanel
