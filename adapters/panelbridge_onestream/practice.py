"""The practice panel of 1-Stream: the B2B billing API with its books, as documented and as clients use it.

Nothing of it was run: where the documentation leaves a behaviour open, an option shows it in each way.
Acts are listed in the README.
"""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
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
from panelbridge_onestream.practice_calls import Commands, Failure
from panelbridge_onestream.practice_tables import PERMISSIONS, insert, seed_tables, shown, state_of

_LINE = r"/ext/line/([^/]+)"
_ROUTES = (
    ("GET", "/ext/profile", "profile"),
    ("GET", "/ext/packages", "list_packages"),
    ("GET", "/ext/bouquets", "list_bouquets"),
    ("GET", "/ext/lines", "lines"),
    ("GET", "/ext/lines/index", "index"),
    ("GET", "/ext/line/find", "find_line"),
    ("POST", "/ext/line/create", "create"),
    ("POST", "/ext/line/create-advanced", "create_advanced"),
    ("POST", f"{_LINE}/renew", "renew"),
    ("POST", f"{_LINE}/enable", "unsuspend"),
    ("POST", f"{_LINE}/disable", "suspend"),
    ("POST", f"{_LINE}/terminate", "terminate"),
    ("POST", f"{_LINE}/update-advanced", "reset_credentials"),
)


class OneStreamPracticePanel(PracticePanel):
    """Lines in SQLite; each call in one transaction, which a failure undoes."""

    imitates = "1-Stream B2B billing API, as documented; versions 1.1.22 (lines) and 2.0.10 (index)"
    setups: ClassVar[Mapping[str, Setup]] = {
        "lines": Setup(
            package="1",
            other_package="2",
            reads={"get": "find"},
            settings={"list_dialect": "lines"},
            practice_options={"list": "lines", "permissions": "all", "replay": "answer"},
        ),
        "index": Setup(
            package="1",
            other_package="2",
            reads={"get": "find"},
            settings={"list_dialect": "index"},
            practice_options={"list": "index", "replay": "error", "errors": "200", "page": "3"},
        ),
    }

    known_options: ClassVar[KnownOptions] = {
        "list": ("lines", "index"),
        "page": "1000",  # most rows of a page of the index
        "replay": ("answer", "error"),  # what a repeated rid gets
        "errors": ("status", "200"),  # 200: failures but 401 and 403 come with it
        "names": ("unique", "free"),
        "filter": ("exact", "ignored"),
        "change": ("keeps", "restarts"),  # the term, when a renewal brings another package
        "permissions": ("listing", "all"),
        "credits": "1000.50",
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            seed_tables(db)
            self._api_key = self.books.fact(db, "api_key", random_text(40))
            self._auth_user = self.books.fact(db, "auth_user", random_text(32))
            self.books.fact(db, "credits", self.options["credits"])
            granted = PERMISSIONS if self.options["permissions"] == "all" else ("indexLines",)
            self.books.fact(db, "permissions", json.dumps(granted))

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "base_url": url,
            "api_key": self._api_key,
            "auth_user": self._auth_user,
            "list_dialect": self.options["list"],
            "may_edit": self.options["permissions"] == "all",
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._api_key, self._auth_user)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE and self.options["list"] == "lines":
            return "every line is in one answer, and nothing in it says how many there should be"
        return None

    def operation(self, request: PracticeRequest) -> str:
        name = _route(request)[0]
        if name in ("lines", "index"):
            return "find" if request.value("username") else "list_accounts"
        return {"renew": self._kind_of_renewal(request), "profile": "test_connection"}.get(name, name)

    def _kind_of_renewal(self, request: PracticeRequest) -> str:
        line = _route(request)[1]
        with self.books.reading() as db:
            row = db.execute("SELECT package_id FROM lines WHERE line_id = ?", (line,)).fetchone()
        try:
            wanted = request.json()["package"]
        except (ValueError, TypeError, KeyError):
            return "extend"
        return "extend" if row is None or wanted == row["package_id"] else "change_package"

    def respond(self, request: PracticeRequest) -> PracticeReply:
        name, line_id = _route(request)
        if name == "nothing":
            return PracticeReply.html("404 Not Found", status=404)
        rid = None
        try:
            self._admit(request)
            body = json.loads(request.body) if request.body else {}
            rid = body.get("rid")
            with self.books.writing() as db:
                commands = Commands(self.books, db, self.options, self.now(), request)
                command: Callable[..., Any] = getattr(commands, name)
                return PracticeReply.json(command(body) if line_id is None else command(line_id, body))
        except Failure as failure:
            plain = self.options["errors"] == "200" and failure.status not in (401, 403)
            status = 200 if plain else failure.status
            reported = {"error": str(failure), **({"rid": rid} if rid else {})}
            return PracticeReply.json(reported, status=status)

    def _admit(self, request: PracticeRequest) -> None:
        for header, wanted in (("x-api-key", self._api_key), ("x-auth-user", self._auth_user)):
            if not hmac.compare_digest(request.headers.get(header, "").encode(), wanted.encode()):
                raise Failure("Unauthorized", status=401)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [shown(row) for row in db.execute("SELECT * FROM lines ORDER BY number")]
            balance = self.books.fact(db, "credits", "0")
        accounts = {
            row["username"]: {
                "id": row["line_id"],
                "username": row["username"],
                "password": row["password"],
                "state": state_of(row, self.now()),
                "expires_at": row["expire_at"],
                "package": str(row["package_id"]),
                "connections": row["max_connections"],
                "reference": row["reseller_notes"],
                "mac": row["mac_addr"],
                "bouquets": row["bouquets"],
            }
            for row in rows
        }
        return {"accounts": accounts, "balance": balance, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        acts: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any]], Any]] = {
            "create": self._make_foreign,
            "delete": _delete,
            "set_expiry": lambda db, arguments: _set(db, arguments, "expire_at", arguments["expires_at"]),
            "set": lambda db, arguments: _set(db, arguments, str(arguments["column"]), arguments["value"]),
            "rename": lambda db, arguments: _set(db, arguments, "username", arguments["to"]),
            "note": lambda db, arguments: _set(db, arguments, "reseller_notes", arguments["text"]),
            "set_balance": lambda db, arguments: self.books.set_fact(
                db, "credits", str(Decimal(str(arguments["amount"])))
            ),
            "revoke": self._revoke,
        }
        if name not in acts:
            raise UnknownAct(name)
        with self.books.writing() as db:
            return acts[name](db, arguments)

    def _make_foreign(self, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> str:
        return insert(
            db, username=arguments["username"], password=random_text(12), package_id=1, connections=1
        )

    def _revoke(self, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> None:
        granted = json.loads(self.books.fact(db, "permissions", "[]"))
        granted.remove(arguments["permission"])
        self.books.set_fact(db, "permissions", json.dumps(granted))


def _set(db: sqlite3.Connection, arguments: Mapping[str, Any], column: str, value: object) -> int:
    sql = f"UPDATE lines SET {column} = ? WHERE username = ?"  # noqa: S608 - names of our own
    return db.execute(sql, (value, arguments["username"])).rowcount


def _delete(db: sqlite3.Connection, arguments: Mapping[str, Any]) -> int:
    return db.execute("DELETE FROM lines WHERE username = ?", (arguments["username"],)).rowcount


def _route(request: PracticeRequest) -> tuple[str, str | None]:
    for method, pattern, name in _ROUTES:
        found = re.fullmatch(pattern, request.path)
        if found is not None and method == request.method:
            return name, found[1] if found.groups() else None
    return "nothing", None


PRACTICE = OneStreamPracticePanel
