"""The practice panel for Modoboa 2.12.0, from the facts in ``specs/README.md`` and not from the description.

Acts: ``delete``, ``create`` (somebody else's), ``rename`` (the customer writes into the name),
``edit_reference`` (the same, as a ``reference`` that is not his), ``race`` (the
next create of ``username`` loses against an equal one), ``revoke_rights`` (the token's owner administers
nothing any more), ``bend``.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
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
CREATE TABLE IF NOT EXISTS domains (pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, quota INTEGER);
CREATE TABLE IF NOT EXISTS users (
    pk INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE, password TEXT, first_name TEXT, role TEXT,
    is_active INTEGER, domain_quota INTEGER, quota INTEGER
);
CREATE TABLE IF NOT EXISTS writes (at REAL);
"""
_ONE = r"accounts/([^/]+)/"
_ROUTES = (
    ("GET", "account/me/", "me"),
    ("GET", "domains/", "test_connection"),
    ("POST", "domains/", "create_domain"),
    ("DELETE", r"domains/([^/]+)/", "misread_delete"),
    ("POST", r"domains/([^/]+)/delete/", "delete_domain"),
    ("GET", "accounts/", "list_accounts"),
    ("GET", "accounts/exists/", "exists"),
    ("POST", "accounts/", "create"),
    ("GET", _ONE, "get"),
    ("PATCH", _ONE, "modify"),
    ("DELETE", _ONE, "terminate"),
)
_TAKEN = {
    "en": "user with this username already exists.",
    "fr": "Un objet user avec ce champ username existe d\u00e9j\u00e0.",
}
_NOBODY = "No User matches the given query."
_COMMON = frozenset({"Password1", "Passw0rd"})
_NEEDED = (("uppercase letter", "[A-Z]"), ("lowercase letter", "[a-z]"), ("digit", "[0-9]"))
_PACKAGES = {1024: "1gib", 10240: "10gib"}
_PER_SECOND = 5
_CRASH = PracticeReply.html("Server Error (500)", status=500)


class _Said(Exception):
    """An answer that is no success; nothing that was written before it stays."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(status)
        self.reply = PracticeReply.json(content, status=status)


class ModoboaPracticePanel(PracticePanel):
    """Accounts in SQLite; every write and its effect in one transaction."""

    imitates = "Modoboa 2.12.0"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            package="1gib",
            other_package="10gib",
            moves_with_package=frozenset({"quota"}),
            unseen=frozenset({Verb.RESET_CREDENTIALS}),  # no password is shown, and none can be tried
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "token": "",  # a random one
        "domain": "shop.example",
        "domain_quota": "0",  # MB, 0: none
        "language": ("fr", "en"),  # of a client that names none
        # yes: five writes a second; silently: and no word of how long to wait, as now and then
        "throttled": ("no", "yes", "silently"),
    }

    def seed(self) -> None:
        self._domain = self.options["domain"]
        self._racing: set[str] = set()
        with self.books.writing() as db:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            self._token = self.books.fact(db, "token", self.options["token"] or random_text(40))
            quota = int(self.options["domain_quota"])
            db.execute("INSERT OR IGNORE INTO domains (name, quota) VALUES (?, ?)", (self._domain, quota))
            root = "INSERT OR IGNORE INTO users (pk, username, role, is_active, first_name)"
            db.execute(f"{root} VALUES (1, 'admin', 'SuperAdmins', 1, '')")

    def settings(self, url: str) -> dict[str, Any]:
        own = {"token": self._token, "domain": self._domain}
        return {"spec": "modoboa", "base_url": url, "allow_http": True, **own}

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def operation(self, request: PracticeRequest) -> str:
        operation = _route(request)[0]
        if operation == "list_accounts" and not (request.value("search") or "@").startswith("@"):
            return "find"
        if operation != "modify":
            return operation
        body = _json(request)
        if "is_active" in body:
            return "unsuspend" if body["is_active"] else "suspend"
        return "reset_credentials" if "password" in body else "change_package"

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if not request.path.startswith("/api/v2/"):
            return PracticeReply.html("Not Found", status=404)
        if not request.path.endswith("/"):
            return _without_slash(request)
        operation, which = _route(request)
        if operation == "nothing":
            return PracticeReply.html("Not Found", status=404)
        answer: Callable[..., PracticeReply] = getattr(self, f"_{operation}")
        try:
            with self.books.writing() as db:
                self._admit(request)
                self._throttle(db, request)
            with self.books.writing() as db:
                return answer(db, which, request)
        except _Said as said:
            return said.reply

    def _admit(self, request: PracticeRequest) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Token" or token != self._token:  # the same token with the word Bearer is refused
            raise _Said(401, {"detail": "Invalid token."})

    def _throttle(self, db: sqlite3.Connection, request: PracticeRequest) -> None:
        if request.method == "GET" or self.options["throttled"] == "no":
            return
        now = self.now().timestamp()
        recent = db.execute("SELECT COUNT(*) FROM writes WHERE at > ?", (now - 1,)).fetchone()[0]
        if recent >= _PER_SECOND:
            said = _Said(429, {"detail": "Request was throttled. Expected available in 1 second."})
            if self.options["throttled"] == "yes":
                said.reply = replace(said.reply, headers={"Retry-After": "1"})
            raise said
        db.execute("INSERT INTO writes VALUES (?)", (now,))

    def _me(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> PracticeReply:
        return PracticeReply.json(_shown(self._row(db, "1", always=True)))

    def _test_connection(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        _needs_rights(db)
        rows = db.execute("SELECT * FROM domains ORDER BY name").fetchall()
        searched = request.value("search") or ""
        reported = [_domain(row) for row in rows if searched in row["name"]]
        return PracticeReply.json(_page(reported, request))

    def _create_domain(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        name = _json(request).get("name")
        if db.execute("SELECT 1 FROM domains WHERE name = ?", (name,)).fetchone():
            raise _Said(400, {"name": ["domain with this name already exists."]})
        values = (name, int(_json(request).get("quota", 0)))
        db.execute("INSERT INTO domains (name, quota) VALUES (?, ?)", values)
        row = db.execute("SELECT * FROM domains WHERE name = ?", (name,)).fetchone()
        return PracticeReply.json(_domain(row), status=201)

    def _misread_delete(self, _: sqlite3.Connection, __: str, ___: PracticeRequest) -> PracticeReply:
        raise _Said(400, {"name": ["This field is required."]})

    def _delete_domain(self, db: sqlite3.Connection, pk: str, _: PracticeRequest) -> PracticeReply:
        row = db.execute("SELECT name FROM domains WHERE pk = ?", (pk,)).fetchone()
        if row is None:
            raise _Said(404, {"detail": "No Domain matches the given query."})
        db.execute("DELETE FROM users WHERE username LIKE ?", (f"%@{row['name']}",))
        db.execute("DELETE FROM domains WHERE pk = ?", (pk,))
        return PracticeReply(status=204)

    def _list_accounts(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        rows = db.execute("SELECT * FROM users ORDER BY username").fetchall() if _has_rights(db) else []
        searched = (request.value("search") or "").lower()
        reported = [
            _shown(row) for row in rows if searched in f"{row['username']} {row['first_name']}".lower()
        ]
        return PracticeReply.json(_page(reported, request))

    def _exists(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        found = db.execute("SELECT 1 FROM users WHERE username = ?", (request.value("email"),)).fetchone()
        return PracticeReply.json({"exists": found is not None})

    def _row(self, db: sqlite3.Connection, pk: str, *, always: bool = False) -> sqlite3.Row:
        """To a token without rights everybody is nobody."""
        if not pk.isdigit():
            raise _Said(404, {"detail": "Not found."})
        row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE pk = ?", (pk,)).fetchone()
        if row is None or not (always or _has_rights(db)):
            raise _Said(404, {"detail": _NOBODY})
        return row

    def _get(self, db: sqlite3.Connection, pk: str, _: PracticeRequest) -> PracticeReply:
        return PracticeReply.json(_shown(self._row(db, pk)))

    def _create(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> PracticeReply:
        _needs_rights(db)
        body = _json(request)
        self._check(db, body, language=self._language(request))
        name = body["username"].lower()
        mailbox = body.get("mailbox") or {"use_domain_quota": True}
        values = (
            name,
            body.get("password"),
            body.get("first_name", ""),
            body["role"],
            int(body.get("is_active", True)),
            int(mailbox.get("use_domain_quota", True)),
            _quota(mailbox),
        )
        columns = "username, password, first_name, role, is_active, domain_quota, quota"
        db.execute(f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
        self.books.record(db, "create", _login(name, self._domain), quota=_quota(mailbox))
        if name in self._racing:
            self._racing.discard(name)  # the equal create came first, and this one met its row
            return _CRASH
        row = db.execute("SELECT * FROM users WHERE username = ?", (name,)).fetchone()
        return PracticeReply.json(_shown(row), status=201)

    def _language(self, request: PracticeRequest) -> str:
        return request.headers.get("accept-language", self.options["language"])[:2]

    def _check(self, db: sqlite3.Connection, body: Mapping[str, Any], *, language: str) -> None:
        name = body.get("username")
        if not isinstance(name, str) or not re.fullmatch(r"[\w.+-]+@[\w.-]+", name, re.ASCII):
            raise _Said(400, {"username": ["Enter a valid email address."]})
        if db.execute("SELECT 1 FROM users WHERE username = ?", (name.lower(),)).fetchone():
            raise _Said(400, {"username": [_TAKEN.get(language, _TAKEN["en"])]})
        if body.get("role") not in ("SimpleUsers", "DomainAdmins", "Resellers", "SuperAdmins"):
            raise _Said(400, {"role": [f'"{body.get("role")}" is not a valid choice.']})
        _check_fields(body)
        domain = name.lower().partition("@")[2]
        row = db.execute("SELECT * FROM domains WHERE name = ?", (domain,)).fetchone()
        if row is None:
            raise _Said(404, {"detail": "No Domain matches the given query."})
        self._check_quota(db, row, _quota(body.get("mailbox") or {}))

    def _check_quota(self, db: sqlite3.Connection, domain: sqlite3.Row, wanted: int) -> None:
        sql = "SELECT COALESCE(SUM(quota), 0) FROM users WHERE username LIKE ?"
        used = db.execute(sql, (f"%@{domain['name']}",)).fetchone()[0]
        if domain["quota"] and used + wanted > domain["quota"]:
            raise _Said(400, {"error": f"{domain['name']}: domain quota exceeded"})

    def _modify(self, db: sqlite3.Connection, pk: str, request: PracticeRequest) -> PracticeReply:
        row, body = self._row(db, pk), _json(request)
        _check_fields(body)
        values: dict[str, Any] = {
            name: body[name] for name in ("password", "first_name", "is_active") if name in body
        }
        if isinstance(body.get("mailbox"), dict):
            values["domain_quota"] = int(body["mailbox"].get("use_domain_quota", row["domain_quota"]))
            values["quota"] = _quota(body["mailbox"])  # what is no number is taken for 0
        if values:
            assigned = ", ".join(f"{column} = ?" for column in values)
            db.execute(f"UPDATE users SET {assigned} WHERE pk = ?", (*values.values(), pk))  # noqa: S608
        reported = {column: value for column, value in values.items() if column != "password"}
        self.books.record(db, self.operation(request), _login(row["username"], self._domain), **reported)
        return PracticeReply.json(_shown(self._row(db, pk)))

    def _terminate(self, db: sqlite3.Connection, pk: str, _: PracticeRequest) -> PracticeReply:
        row = self._row(db, pk)
        db.execute("DELETE FROM users WHERE pk = ?", (pk,))
        self.books.record(db, "terminate", _login(row["username"], self._domain))
        return PracticeReply(status=204)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM users WHERE pk > 1 ORDER BY pk").fetchall()
        accounts = (_in_books(row, self._domain) for row in rows)
        return {"accounts": {account["username"]: account for account in accounts}, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = f"{arguments.get('username')}@{self._domain}"
        if name == "race":
            return self._racing.add(who)
        acts = {
            "delete": ("DELETE FROM users WHERE username = ?", (who,)),
            "bend": ("UPDATE users SET quota = 7 WHERE username = ?", (who,)),
            "rename": ("UPDATE users SET first_name = 'Alice' WHERE username = ?", (who,)),
            "edit_reference": (
                "UPDATE users SET first_name = ? WHERE username = ?",
                (f"panelbridge {arguments.get('reference')}", who),
            ),
            "revoke_rights": ("UPDATE users SET role = 'SimpleUsers' WHERE pk = 1", ()),
            "create": (
                """INSERT INTO users (username, password, first_name, role, is_active, domain_quota, quota)
                VALUES (?, 'S0mebody-else', 'Alice', 'SimpleUsers', 1, 1, 0)""",
                (who,),
            ),
        }
        if name not in acts:
            raise UnknownAct(name)
        with self.books.writing() as db:
            return db.execute(*acts[name]).rowcount


def _without_slash(request: PracticeRequest) -> PracticeReply:
    """A read is sent on; what a write carried would be lost on the way, so it crashes."""
    if request.method == "GET":
        return PracticeReply(
            status=301, content_type="text/html; charset=utf-8", headers={"Location": f"{request.path}/"}
        )
    return _CRASH


def _route(request: PracticeRequest) -> tuple[str, Any]:
    path = request.path.removeprefix("/api/v2/")
    for method, pattern, operation in _ROUTES:
        found = re.fullmatch(pattern, path)
        if method == request.method and found is not None:
            return operation, found[1] if found.groups() else None
    return "nothing", None


def _has_rights(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT role = 'SuperAdmins' FROM users WHERE pk = 1").fetchone()[0])


def _needs_rights(db: sqlite3.Connection) -> None:
    if not _has_rights(db):
        raise _Said(403, {"detail": "You do not have permission to perform this action."})


def _json(request: PracticeRequest) -> dict[str, Any]:
    try:
        body = request.json() if request.body else {}
    except ValueError:
        raise _Said(400, {"detail": "JSON parse error - Expecting value: line 1 column 1 (char 0)"}) from None
    return body if isinstance(body, dict) else {}


def _check_fields(body: Mapping[str, Any]) -> None:
    if len(body.get("first_name") or "") > 150:  # noqa: PLR2004 - characters
        raise _Said(400, {"first_name": ["Ensure this field has no more than 150 characters."]})
    password = body.get("password")
    if password is None:
        return
    if len(password) < 8:  # noqa: PLR2004 - characters
        text = "This password is too short. It must contain at least 8 characters."
        raise _Said(400, {"password": [text]})
    if password in _COMMON or password.isdigit():
        raise _Said(400, {"password": ["This password is too common."]})
    for what, pattern in _NEEDED:
        if re.search(pattern, password) is None:
            raise _Said(400, {"password": [f"Password must contain at least 1 {what}."]})


def _quota(mailbox: Mapping[str, Any]) -> int:
    quota = mailbox.get("quota", 0)
    return max(0, int(quota)) if str(quota).lstrip("-").isdigit() else 0


def _page(rows: list[Any], request: PracticeRequest) -> dict[str, Any]:
    size, number = int(request.value("page_size") or 10), int(request.value("page") or 1)
    shown = rows[(number - 1) * size : number * size]
    if number > 1 and not shown:
        raise _Said(404, {"detail": "Invalid page."})
    more = f"http://localhost/api/v2/accounts/?page={number + 1}" if number * size < len(rows) else None
    return {"count": len(rows), "next": more, "previous": None, "results": shown}


def _domain(row: sqlite3.Row) -> dict[str, Any]:
    reported = {"pk": row["pk"], "name": row["name"], "quota": str(row["quota"]), "enabled": True}
    return {**reported, "default_mailbox_quota": "0", "type": "domain"}


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    mailbox = {"pk": row["pk"], "use_domain_quota": bool(row["domain_quota"]), "quota": str(row["quota"])}
    return {
        "pk": row["pk"],
        "username": row["username"],
        "first_name": row["first_name"],
        "last_name": "",
        "is_active": bool(row["is_active"]),
        "mailbox": mailbox if "@" in row["username"] else None,
        "role": row["role"],
        "language": "en",
        "last_login": None,
    }


def _login(username: str, domain: str) -> str:
    return username.removesuffix(f"@{domain}")


def _in_books(row: sqlite3.Row, domain: str) -> dict[str, Any]:
    first, _, reference = row["first_name"].partition(" ")
    return {
        "id": row["pk"],
        "username": _login(row["username"], domain),
        "password": row["password"],
        "state": "active" if row["is_active"] else "suspended",
        "expires_at": None,
        "package": None if row["domain_quota"] else _PACKAGES.get(row["quota"]),
        "connections": None,
        "reference": reference if first == "panelbridge" else None,
        "quota": row["quota"],
    }


REPLIES = (
    PracticeReply.json({"detail": "Invalid token."}, status=401),
    PracticeReply.json({"detail": "You do not have permission to perform this action."}, status=403),
    PracticeReply.json({"detail": _NOBODY}, status=404),
    PracticeReply.json({"detail": "Not found."}, status=404),
    PracticeReply.json({"detail": "No Domain matches the given query."}, status=404),
    PracticeReply.json({"username": [_TAKEN["en"]]}, status=400),
    PracticeReply.json({"username": [_TAKEN["fr"]]}, status=400),
    PracticeReply.json({"password": ["This password is too common."]}, status=400),
    PracticeReply.json({"error": "shop.example: domain quota exceeded"}, status=400),
    PracticeReply.json({"pk": 7}, status=201),
    PracticeReply.json({"pk": 7}),
    PracticeReply(status=204),
    _CRASH,
)
PRACTICE = ModoboaPracticePanel
