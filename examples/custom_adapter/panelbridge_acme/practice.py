"""The practice panel: ACME's API 2.4 as its manual describes it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
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

_TIERS = {"basic": "Basic", "family": "Family"}
_TABLE = """
CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT UNIQUE, secret TEXT,
    tier TEXT, until INTEGER, "on" INTEGER DEFAULT 1, note TEXT)"""
_PART = {"until": "extend", "secret": "reset_credentials", "tier": "change_package"}


class _Refused(Exception):
    def __init__(self, status: int, error: str) -> None:
        self.reply = PracticeReply.json({"error": error}, status=status)


class AcmePractice(PracticePanel):
    imitates = "ACME API 2.4"
    known_options: ClassVar[KnownOptions] = {"page": "100"}  # rows a page
    setups: ClassVar[Mapping[str, Setup]] = {
        "acme": Setup(
            package="basic",
            other_package="family",
            practice_options={"page": "3"},
            reads={"list_packages": "test_connection"},
        )
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._key = self.books.fact(db, "key", random_text(32))

    def settings(self, url: str) -> dict[str, Any]:
        return {"base_url": url, "key": self._key}

    def secrets(self) -> tuple[str, ...]:
        return (self._key,)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [dict(row) for row in db.execute("SELECT * FROM customers ORDER BY id")]
        return {"accounts": {row["login"]: self._reported(row) for row in rows}, **self.books.effects()}

    def _reported(self, row: dict[str, Any]) -> dict[str, Any]:
        expired = row["until"] <= self.now().timestamp()
        return {
            "id": str(row["id"]),
            "username": row["login"],
            "password": row["secret"],
            "state": "suspended" if not row["on"] else "expired" if expired else "active",
            "expires_at": datetime.fromtimestamp(row["until"], UTC).isoformat(),
            "package": row["tier"],
            "connections": None,
            "reference": row["note"],
        }

    def operation(self, request: PracticeRequest) -> str:
        match request.method, request.path.removeprefix("/api/").rstrip("0123456789"):
            case "GET", "customers":
                return "find" if request.value("login") else "list_accounts"
            case "PATCH", "customers/":
                command = request.json()
                named = [verb for field, verb in _PART.items() if field in command]
                return named[0] if named else "unsuspend" if command.get("on") else "suspend"
            case method, place:
                known = {"POST": "create", "DELETE": "terminate"}
                reads = {"me": "test_connection", "customers/": "get"}
                return known.get(method) or reads.get(place, "nothing")

    def respond(self, request: PracticeRequest) -> PracticeReply:
        place = re.fullmatch(r"/api/(me|customers)(?:/(\d+))?", request.path)
        if place is None:
            return PracticeReply.html("404 Not Found", status=404)
        try:
            with self.books.writing() as db:
                return PracticeReply.json(self._answer(db, request, place[1], place[2]))
        except _Refused as refused:
            return refused.reply

    def _answer(self, db: sqlite3.Connection, request: PracticeRequest, what: str, number: str | None) -> Any:
        if request.headers.get("x-acme-key") != self._key:
            raise _Refused(401, "bad key")
        if what == "me":
            return {"version": "2.4", "name": "practice reseller", "tiers": _TIERS}
        if number is None:
            return self._create(db, request.json()) if request.method == "POST" else self._page(db, request)
        row = db.execute("SELECT * FROM customers WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise _Refused(404, "no such customer")
        if request.method == "PATCH":
            self._change(db, row, request.json(), self.operation(request))
            return self._row(db, row["id"])
        if request.method == "DELETE":
            db.execute("DELETE FROM customers WHERE id = ?", (row["id"],))
            self.books.record(db, "terminate", row["login"])
            return {"deleted": row["id"]}
        return self._row(db, row["id"])

    def _page(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        limit, login = int(self.options["page"]), request.value("login")
        query = "SELECT id FROM customers WHERE id > ? AND ? IN (login, '') ORDER BY id"
        found = [row["id"] for row in db.execute(query, (request.value("after") or 0, login or ""))]
        rows = [self._row(db, number) for number in found[:limit]]
        following = found[limit - 1] if len(found) > limit else None
        return {"rows": rows, "left": len(found), "limit": limit, "next": following}

    def _row(self, db: sqlite3.Connection, number: int) -> dict[str, Any]:
        row = dict(db.execute("SELECT * FROM customers WHERE id = ?", (number,)).fetchone())
        return {**row, "on": bool(row["on"])}

    def _create(self, db: sqlite3.Connection, command: dict[str, Any]) -> Any:
        self._check(db, command, None)
        columns = ("login", "secret", "tier", "until", "note")
        values = [command[name] for name in columns]
        db.execute(f"INSERT INTO customers ({', '.join(columns)}) VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608
        self.books.record(db, "create", command["login"])
        return self._row(db, db.execute("SELECT max(id) FROM customers").fetchone()[0])

    def _change(self, db: sqlite3.Connection, row: sqlite3.Row, command: dict[str, Any], kind: str) -> None:
        self._check(db, command, row["id"])
        for name in command.keys() & set(row.keys()) - {"id"}:
            db.execute(f'UPDATE customers SET "{name}" = ? WHERE id = ?', (command[name], row["id"]))  # noqa: S608
        self.books.record(db, kind, row["login"])

    def _check(self, db: sqlite3.Connection, command: dict[str, Any], number: int | None) -> None:
        if "tier" in command and command["tier"] not in _TIERS:
            raise _Refused(422, "unknown tier")
        taken = "SELECT 1 FROM customers WHERE login = ? AND id IS NOT ?"
        if db.execute(taken, (command.get("login"), number)).fetchone():
            raise _Refused(409, "login taken")

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """``create``, ``delete`` and ``set_expiry``, of a customer by ``username``."""
        with self.books.writing() as db:
            if name == "delete":
                return db.execute("DELETE FROM customers WHERE login = ?", (arguments["username"],)).rowcount
            if name == "set_expiry":
                until = int(datetime.fromisoformat(arguments["expires_at"]).timestamp())
                query = "UPDATE customers SET until = ? WHERE login = ?"
                return db.execute(query, (until, arguments["username"])).rowcount
            if name == "create":
                values = (arguments["username"], random_text(12), int(self.now().timestamp()) + 86_400)
                query = (
                    "INSERT INTO customers (login, secret, tier, until, note) VALUES (?, ?, 'basic', ?, '')"
                )
                return db.execute(query, values).rowcount
        raise UnknownAct(name)


PRACTICE = AcmePractice
