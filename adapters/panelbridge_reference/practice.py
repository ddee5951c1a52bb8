"""The practice panel of the reference protocol 1, as the README describes it, with its books."""

from __future__ import annotations

import hmac
import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from panelbridge.contract.models import Term
from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)
from panelbridge.testing.practice.calendar import later
from panelbridge_reference.mapping import PERMISSIONS, account_from, moment_to

_PACKAGES = {
    package["id"]: package
    for package in (
        {"id": "basic-1m", "name": "Basic, 1 month", "term": "1m", "connections": 1, "price": 1},
        {"id": "basic-12m", "name": "Basic, 12 months", "term": "12m", "connections": 1, "price": 10},
        {"id": "basic-30d", "name": "Basic, 30 days", "term": "30d", "connections": 1, "price": 1},
        {"id": "family-1m", "name": "Family, 1 month", "term": "1m", "connections": 3, "price": 2},
    )
}
_TABLE = """
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1, banned INTEGER NOT NULL DEFAULT 0, expires_at TEXT,
    package TEXT NOT NULL, connections INTEGER NOT NULL, reference TEXT
)"""
_NOT_WHERE = {"set": {"buy"}, "add": {"extend"}, "none": {"extend", "buy"}}
_ACCOUNT = r"/v1/accounts/(\d+)"
ROUTES = (
    ("GET", "/v1/panel", "test_connection"),
    ("GET", "/v1/packages", "list_packages"),
    ("GET", "/v1/accounts", "list_accounts"),
    ("PUT", "/v1/names/([^/]+)", "create"),
    ("GET", _ACCOUNT, "get"),
    ("PUT", f"{_ACCOUNT}/expiry", "extend"),
    ("POST", f"{_ACCOUNT}/purchases", "buy"),
    ("PUT", f"{_ACCOUNT}/suspension", "suspend"),
    ("DELETE", f"{_ACCOUNT}/suspension", "unsuspend"),
    ("PUT", f"{_ACCOUNT}/credentials", "reset_credentials"),
    ("PUT", f"{_ACCOUNT}/package", "change_package"),
    ("DELETE", _ACCOUNT, "terminate"),
)


class _Refused(Exception):
    def __init__(self, status: int, error: str, field: str | None = None) -> None:
        super().__init__(error)
        self.reply = PracticeReply.json({"error": error, "field": field}, status=status)


class ReferencePracticePanel(PracticePanel):
    """Accounts in SQLite; every write and its effect in one transaction."""

    imitates = "the reference protocol 1"
    setups: ClassVar[Mapping[str, Setup]] = {
        name: Setup(
            package="basic-1m", other_package="family-1m", practice_options={"extend": name, "page": "3"}
        )
        for name in ("set", "add", "none")
    }

    known_options: ClassVar[KnownOptions] = {
        "extend": ("set", "add", "none"),
        "token": "",  # a random one
        "balance": "1000",  # credits, where lengths are sold
        "capacity": "1000000000",  # accounts
        "page": "100",  # rows a page
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._token = self.books.fact(db, "token", self.options["token"] or random_text(32))
            self._extend_by = self.books.fact(db, "extend", self.options["extend"])
            self._sells = self._extend_by == "add"
            self.books.fact(db, "balance", self.options["balance"])
            self.books.fact(db, "permissions", json.dumps(sorted(PERMISSIONS)))

    def settings(self, url: str) -> dict[str, Any]:
        return {"base_url": url, "token": self._token, "extend": self._extend_by}

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            shown = [_shown(row) for row in db.execute("SELECT * FROM accounts ORDER BY id")]
            balance = int(self.books.fact(db, "balance", "0"))
        for account in shown:
            account["state"] = account_from(account, self.now()).state.value
        accounts = {account["username"]: account for account in shown}
        return {"accounts": accounts, "balance": balance, **self.books.effects()}

    def operation(self, request: PracticeRequest) -> str:
        operation = _route(request)[0]
        if operation == "list_accounts" and (request.value("username") or request.value("reference")):
            return "find"
        return "extend" if operation == "buy" else operation

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, place = _route(request)
        if operation == "nothing":
            return PracticeReply.html("404 Not Found", status=404)
        answer: Callable[..., Any] = getattr(self, f"_{operation}")
        try:
            with self.books.writing() as db:
                self._admit(db, operation, request)
                content = answer(db, self._subject(db, operation, place), request)
        except _Refused as refusal:
            return refusal.reply
        return PracticeReply.json(content, status=201 if operation == "create" else 200)

    def pretend(self, request: PracticeRequest) -> PracticeReply:
        """Answers show the account as the books hold it: a lie can only show it unmoved, or not at all."""
        operation, place = _route(request)
        if operation in ("create", "terminate"):
            return PracticeReply.json(None if operation == "create" else {"deleted": True})
        with self.books.reading() as db:
            row = db.execute("SELECT * FROM accounts WHERE id = ?", (place,)).fetchone()
        return PracticeReply.json(_shown(row))

    def _admit(self, db: sqlite3.Connection, operation: str, request: PracticeRequest) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise _Refused(401, "bad_token")
        needed = {"GET": "accounts.read", "DELETE": "accounts.delete"}.get(request.method, "accounts.write")
        if operation == "unsuspend":
            needed = "accounts.write"
        if operation != "test_connection" and needed not in json.loads(
            self.books.fact(db, "permissions", "")
        ):
            raise _Refused(403, "permission_missing")
        if operation in _NOT_WHERE[self._extend_by]:
            raise _Refused(403, "permission_missing")

    def _subject(self, db: sqlite3.Connection, operation: str, place: str | None) -> Any:
        """The login name of a create, else the account that the path names."""
        if place is None or operation == "create":
            return place
        row = db.execute("SELECT * FROM accounts WHERE id = ?", (place,)).fetchone()
        if row is None:
            raise _Refused(404, "no_such_account")
        return row

    def _test_connection(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> Any:
        return {
            "version": "1.0-practice",
            "reseller": "practice",
            "time": moment_to(self.now()),
            "permissions": json.loads(self.books.fact(db, "permissions", "")),
            "balance": self.books.fact(db, "balance", "0") if self._sells else None,
        }

    def _list_packages(self, _: sqlite3.Connection, __: None, request: PracticeRequest) -> Any:
        after = request.value("after")
        start = list(_PACKAGES).index(after) + 1 if after else 0
        return self._page("packages", list(_PACKAGES.values())[start:])

    def _list_accounts(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        wanted = {
            name: value for name in ("username", "reference") if (value := request.value(name)) is not None
        }
        narrowed = "".join(f" AND {name} = ?" for name in wanted)
        query = f"SELECT * FROM accounts WHERE id > ?{narrowed} ORDER BY id LIMIT ?"  # noqa: S608
        most = int(self.options["page"]) + 1  # one more shows that there is a next page
        rows = db.execute(query, (request.value("after") or 0, *wanted.values(), most))
        return self._page("accounts", [_shown(row) for row in rows])

    def _page(self, name: str, left: list[Any]) -> Any:
        page = left[: int(self.options["page"])]
        return {name: page, "next": page[-1]["id"] if len(page) < len(left) else None}

    def _create(self, db: sqlite3.Connection, name: str, request: PracticeRequest) -> Any:
        body = request.json()
        if re.fullmatch("[A-Za-z0-9]{3,64}", name) is None:
            raise _Refused(422, "invalid_field", "username")
        if _row_of(db, name) is not None:
            raise _Refused(409, "name_taken")
        if db.execute("SELECT count(*) FROM accounts").fetchone()[0] >= int(self.options["capacity"]):
            raise _Refused(409, "panel_full")
        package = _package(body["package"])
        until = self._paid_until(None, package) if self._sells else body.get("expires_at")
        values = (
            name,
            body["password"],
            until,
            package["id"],
            body.get("connections") or package["connections"],
            body["reference"],
        )
        columns = "username, password, expires_at, package, connections, reference"
        db.execute(f"INSERT INTO accounts ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)  # noqa: S608
        charged = self._charge(db, package)
        self.books.record(db, "create", name, charged=charged, package=package["id"], expires_at=until)
        return _shown(_row_of(db, name))

    def _get(self, _: sqlite3.Connection, row: sqlite3.Row, __: PracticeRequest) -> Any:
        return _shown(row)

    def _extend(self, db: sqlite3.Connection, row: sqlite3.Row, request: PracticeRequest) -> Any:
        return self._set(db, row, "extend", expires_at=request.json()["expires_at"])

    def _buy(self, db: sqlite3.Connection, row: sqlite3.Row, request: PracticeRequest) -> Any:
        package = _package(request.json()["package"])
        until = self._paid_until(row["expires_at"], package)
        return self._set(db, row, "extend", charged=self._charge(db, package), expires_at=until)

    def _suspend(self, db: sqlite3.Connection, row: sqlite3.Row, _: PracticeRequest) -> Any:
        return self._set(db, row, "suspend", enabled=0)

    def _unsuspend(self, db: sqlite3.Connection, row: sqlite3.Row, _: PracticeRequest) -> Any:
        return self._set(db, row, "unsuspend", enabled=1)

    def _reset_credentials(self, db: sqlite3.Connection, row: sqlite3.Row, request: PracticeRequest) -> Any:
        body = request.json()
        holder = _row_of(db, body["username"])
        if holder is not None and holder["id"] != row["id"]:
            raise _Refused(409, "name_taken")
        return self._set(db, row, "reset_credentials", username=body["username"], password=body["password"])

    def _change_package(self, db: sqlite3.Connection, row: sqlite3.Row, request: PracticeRequest) -> Any:
        body = request.json()
        package = _package(body["package"])
        connections = body["connections"] or package["connections"]
        return self._set(db, row, "change_package", package=package["id"], connections=connections)

    def _terminate(self, db: sqlite3.Connection, row: sqlite3.Row, _: PracticeRequest) -> Any:
        db.execute("DELETE FROM accounts WHERE id = ?", (row["id"],))
        self.books.record(db, "terminate", row["username"])
        return {"deleted": True}

    def _set(
        self, db: sqlite3.Connection, row: sqlite3.Row, kind: str, *, charged: int = 0, **values: Any
    ) -> Any:
        assigned = ", ".join(f"{column} = ?" for column in values)
        db.execute(f"UPDATE accounts SET {assigned} WHERE id = ?", (*values.values(), row["id"]))  # noqa: S608
        reported = {column: value for column, value in values.items() if column != "password"}
        self.books.record(db, kind, row["username"], charged=charged, **reported)
        return _shown(db.execute("SELECT * FROM accounts WHERE id = ?", (row["id"],)).fetchone())

    def _paid_until(self, expires_at: str | None, package: Mapping[str, Any]) -> str:
        """From the account's expiry, or from the panel's clock where that has passed or is none."""
        start = self.now()
        if expires_at is not None:
            start = max(start, datetime.fromisoformat(expires_at))
        return moment_to(later(start, Term.parse(package["term"])))

    def _charge(self, db: sqlite3.Connection, package: Mapping[str, Any]) -> int:
        if not self._sells:
            return 0
        price = int(package["price"])
        balance = int(self.books.fact(db, "balance", "0")) - price
        if balance < 0:
            raise _Refused(402, "insufficient_credit")
        self.books.set_fact(db, "balance", str(balance))
        return price

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        with self.books.writing() as db:
            match name:
                case "ban" | "set_expiry":
                    column, value = (
                        ("banned", 1) if name == "ban" else ("expires_at", arguments["expires_at"])
                    )
                    sql = f"UPDATE accounts SET {column} = ? WHERE username = ?"  # noqa: S608
                    return db.execute(sql, (value, arguments["username"])).rowcount
                case "delete":
                    sql = "DELETE FROM accounts WHERE username = ?"
                    return db.execute(sql, (arguments["username"],)).rowcount
                case "create":
                    columns = "username, password, package, connections, reference"
                    sql = f"INSERT INTO accounts ({columns}) VALUES (?, ?, ?, 1, ?)"  # noqa: S608
                    given = (arguments["username"], random_text(12), "basic-1m", arguments.get("reference"))
                    return db.execute(sql, given).rowcount
                case "forget_ids":  # a restored table, or a database that counts from the highest id there is
                    return db.execute("DELETE FROM sqlite_sequence WHERE name = 'accounts'").rowcount
                case "set_balance":
                    return self.books.set_fact(db, "balance", str(int(arguments["amount"])))
                case "revoke":
                    granted = json.loads(self.books.fact(db, "permissions", ""))
                    granted.remove(arguments["permission"])
                    return self.books.set_fact(db, "permissions", json.dumps(granted))
        raise UnknownAct(name)


def _route(request: PracticeRequest) -> tuple[str, str | None]:
    for method, pattern, operation in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found is not None:
            return operation, found[1] if found.groups() else None
    return "nothing", None


def _row_of(db: sqlite3.Connection, username: str) -> Any:
    return db.execute("SELECT * FROM accounts WHERE username = ?", (username,)).fetchone()


def _package(package_id: str) -> Mapping[str, Any]:
    if package_id not in _PACKAGES:
        raise _Refused(422, "invalid_field", "package")
    return _PACKAGES[package_id]


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    """An account as the protocol shows it."""
    flags = {"enabled": bool(row["enabled"]), "banned": bool(row["banned"])}
    return {**dict(row), "id": str(row["id"]), **flags}


PRACTICE = ReferencePracticePanel
