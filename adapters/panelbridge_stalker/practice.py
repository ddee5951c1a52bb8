"""The practice portal: REST API v1 of Stalker Portal 4.9 with its books, every trap of it included.

Written from the protocol's facts. Acts are listed in the README.
"""

from __future__ import annotations

import base64
import hmac
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
from panelbridge_stalker.practice_calls import AccountCommands, Failure
from panelbridge_stalker.practice_tables import (
    ZERO,
    Portal,
    insert,
    paid_until,
    run_expiry_job,
    seed_tables,
    wall_of,
)

_PATH = re.compile(r"/stalker_portal/api/(?:v1/)?([^/]+)(?:/(.*))?")
_SET_FIELDS = (
    ("end_date", "extend"),
    ("tariff_plan", "change_package"),
    ("password", "reset_credentials"),
)


class StalkerPracticePanel(PracticePanel):
    """Accounts in SQLite; each call in one transaction, even one that answers with an error."""

    imitates = "Stalker Portal 4.9, REST API v1"
    setups: ClassVar[Mapping[str, Setup]] = {
        name: Setup(
            package="basic",
            other_package="family",
            practice_options={"billing": billing, "time_zone": "Europe/Berlin"},
            reads={"find": "get", "test_connection": "list_packages"},
        )
        for name, billing in (("billing", "on"), ("no-billing", "off"))
    }

    known_options: ClassVar[KnownOptions] = {
        "billing": ("on", "off"),  # internal billing
        "time_zone": "UTC",
        "box_messages": ("work", "broken"),  # broken: subscriptions take effect and answer ERROR
        "notices": ("off", "on"),  # PHP notices beside every answer
        "api": ("on", "off"),  # off: the API is not enabled
        "auth": ("on", "off"),  # off: open to everybody
        "api_login": "billing",
        "api_password": "",  # a random one
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            seed_tables(db)
            self._login = self.books.fact(db, "api_login", self.options["api_login"])
            self._password = self.books.fact(
                db, "api_password", self.options["api_password"] or random_text(24)
            )
        self._portal = Portal(
            books=self.books,
            zone_name=self.options["time_zone"],
            billing=self.options["billing"] == "on",
            box_messages=self.options["box_messages"] == "work",
            now=self.now,
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "base_url": f"{url}stalker_portal/api/v1/",
            "api_login": self._login,
            "api_password": self._password,
            "time_zone": self._portal.zone_name,
            "internal_billing": self._portal.billing,
        }

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "the whole table is one answer, and nothing in it says how many rows it should have"
        return None

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def operation(self, request: PracticeRequest) -> str:
        found = _PATH.fullmatch(request.path)
        if found is None:
            return "nothing"
        resource, identifier = found[1], found[2]
        if resource not in ("accounts", "users"):
            return {"tariffs": "list_packages", "account_subscription": "subscribe"}.get(resource, resource)
        if request.method == "PUT":
            return _kind_of_edit(request)
        if request.method == "GET":
            if identifier:
                return "get" if resource == "users" else "find_number"
            return "list_accounts" if resource == "accounts" else "first_user"
        return {"POST": "create", "DELETE": "terminate"}.get(request.method, "nothing")

    def respond(self, request: PracticeRequest) -> PracticeReply:
        found = _PATH.fullmatch(request.path)
        if found is None:
            return PracticeReply.html("404 Not Found", status=404)
        if self.options["api"] == "off":
            return PracticeReply(status=404, body=b"API not enabled", content_type="text/plain")
        if not self._is_admitted(request):
            content = {"status": "ERROR", "results": "", "error": "401 Unauthorized request"}
            reply = PracticeReply.json(content, status=401)
            return PracticeReply(
                status=401, body=reply.body, headers={"WWW-Authenticate": 'Basic realm="Stalker API"'}
            )
        with self.books.writing() as db:
            return self._answer(db, request, found[1], found[2] or "")

    def _answer(
        self, db: sqlite3.Connection, request: PracticeRequest, resource: str, identifier: str
    ) -> PracticeReply:
        commands = AccountCommands(self._portal, db, request, identifier)
        more = {"output": "<b>Notice</b>: deprecated"} if self.options["notices"] == "on" else {}
        try:
            return PracticeReply.json({"status": "OK", "results": commands.run(resource), **more})
        except Failure as failure:
            if failure.fatal:  # a PHP fatal: what was written before it stays
                return PracticeReply(status=500, content_type="text/html")
            return PracticeReply.json({"status": "ERROR", "results": None, "error": str(failure), **more})

    def _is_admitted(self, request: PracticeRequest) -> bool:
        """Basic authentication; with no login configured the API is open to everybody."""
        if self.options["auth"] == "off":
            return True
        wanted = "Basic " + base64.b64encode(f"{self._login}:{self._password}".encode()).decode()
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode())

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [dict(row) for row in db.execute("SELECT * FROM users ORDER BY id")]
            packages = [dict(row) for row in db.execute("SELECT * FROM subscriptions ORDER BY package")]
        shown = {row["login"] or row["mac"] or f"#{row['id']}": self._shown(row, packages) for row in rows}
        dates = {row["login"]: row["end_date"] for row in rows}
        return {"accounts": shown, "end_dates": dates, **self.books.effects()}

    def _shown(self, row: Mapping[str, Any], packages: list[dict[str, Any]]) -> dict[str, Any]:
        until = paid_until(row["end_date"], self._portal.zone)
        state = "suspended" if not row["status"] else "active"
        if state == "active" and until is not None and until <= self.now():
            state = "expired"
        return {
            "id": row["login"],
            "username": row["login"],
            "password": row["password"] if row["hashed"] else None,  # one in clear works for nobody
            "state": state,
            "expires_at": until.isoformat() if until else None,
            "package": row["tariff_plan"],
            "connections": None,
            "reference": row["comment"],
            "number": row["account_number"],
            "mac": row["mac"],
            "subscribed": [item["package"] for item in packages if item["user"] == row["id"]],
        }

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        acts: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any]], Any]] = {
            "create": self._make_foreign,
            "delete": _delete,
            "set_expiry": self._set_expiry,
            "switch": lambda db, arguments: _set(db, arguments, "status", int(arguments["on"])),
            "comment": lambda db, arguments: _set(db, arguments, "comment", arguments["text"]),
            "set": lambda db, arguments: _set(db, arguments, str(arguments["column"]), arguments["value"]),
            "run_expiry_job": lambda db, _: run_expiry_job(self._portal, db),
            "crash_create": lambda db, _: self.books.set_fact(db, "crash_create", "1"),
        }
        if name not in acts:
            raise UnknownAct(name)
        with self.books.writing() as db:
            return acts[name](db, arguments)

    def _make_foreign(self, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
        columns = ("comment", "mac", "account_number", "end_date", "tariff_plan")
        given = {column: arguments[column] for column in columns if column in arguments}
        values = {"login": arguments["username"], "password": random_text(12), "hashed": 1, **given}
        return insert(db, {"tariff_plan": "basic", **values})

    def _set_expiry(self, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> int:
        moment = arguments["expires_at"]
        return _set(db, arguments, "end_date", ZERO if moment is None else wall_of(moment, self._portal.zone))


def _set(db: sqlite3.Connection, arguments: Mapping[str, Any], column: str, value: object) -> int:
    sql = f"UPDATE users SET {column} = ? WHERE login = ?"  # noqa: S608 - names of our own
    return db.execute(sql, (value, arguments["username"])).rowcount


def _delete(db: sqlite3.Connection, arguments: Mapping[str, Any]) -> int:
    return db.execute("DELETE FROM users WHERE login = ?", (arguments["username"],)).rowcount


def _kind_of_edit(request: PracticeRequest) -> str:
    """What an edit is for, by which faults are aimed: the API has one call for all of it."""
    given = dict(request.form)
    if "password" in given and "status" in given:
        return "finish"
    for field, kind in _SET_FIELDS:
        if field in given:
            return kind
    return {"0": "suspend", "1": "unsuspend"}.get(given.get("status", ""), "edit")


PRACTICE = StalkerPracticePanel
