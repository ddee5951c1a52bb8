"""A practice FreeRADIUS: its SQL tables in a file, and a login that judges them as the server does.

The protocol is SQL, so nothing of it passes over HTTP but the control paths and ``POST /login``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
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
from panelbridge_freeradius.practice_tables import GROUPS, REJECTING, TABLES, TRIGGERS

_DATES = ("%b %d %Y %H:%M:%S", "%b %d %Y", "%d %b %Y", "%d %B %Y")
_GROUPS = "basic,family"


class FreeRadiusPracticePanel(PracticePanel):
    """Rows in SQLite, written by whoever has the file; what happened is recorded by triggers."""

    imitates = "FreeRADIUS 3.2.1 with its SQL module on SQLite"
    setups: ClassVar[Mapping[str, Setup]] = {
        "plain": Setup(package="basic", other_package="family"),
        "daloradius": Setup(package="basic", other_package="family", practice_options={"daloradius": "on"}),
    }

    known_options: ClassVar[KnownOptions] = {
        "daloradius": ("off", "on"),  # userinfo beside the tables
        "groups": _GROUPS,  # names of plans
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in TABLES:
                db.execute(statement)
            self._dalo = self.books.fact(db, "daloradius", self.options["daloradius"]) == "on"
            names = self.books.fact(db, "groups", self.options["groups"]).split(",")
            for name in names:
                if not db.execute("SELECT 1 FROM radgroupreply WHERE groupname = ?", (name,)).fetchone():
                    db.execute(GROUPS, (name,))
            for statement in TRIGGERS:
                db.execute(statement)

    def settings(self, url: str) -> dict[str, Any]:
        del url  # nothing of the protocol is spoken there
        return {"kind": "sqlite", "database": str(self.books.path), "daloradius": self._dalo}

    def operation(self, request: PracticeRequest) -> str:
        return "login" if request.path == "/login" else "nothing"

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if self.operation(request) != "login":
            return PracticeReply.html("404 Not Found", status=404)
        given = request.json()
        with self.books.reading() as db:
            return PracticeReply.json({"accepted": self._accepts(db, given["username"], given["password"])})

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            names = [row[0] for row in db.execute("SELECT DISTINCT username FROM radcheck ORDER BY 1")]
            accounts = {name: self._shown(db, name) for name in names}
        return {"accounts": accounts, **self.books.effects()}

    def cannot(self, fault: Fault) -> str | None:
        del fault
        return "it is a database: its protocol is SQL, and nothing of it is spoken over HTTP"

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        with self.books.writing() as db:
            match name:
                case "ban":
                    return self._check(db, arguments["username"], "Auth-Type", "Reject")
                case "create":
                    return self._check(db, arguments["username"], "Cleartext-Password", random_text(12))
                case "set_expiry":
                    moment = datetime.fromisoformat(arguments["expires_at"]).astimezone(UTC)
                    db.execute(
                        "UPDATE radcheck SET value = ? WHERE attribute = 'Expiration' AND username = ?",
                        (moment.strftime(_DATES[0]), arguments["username"]),
                    )
                    return None
                case "delete":
                    for table in ("radcheck", "radreply", "radusergroup"):
                        statement = f"DELETE FROM {table} WHERE username = ?"  # noqa: S608 - names of ours
                        db.execute(statement, (arguments["username"],))
                    return None
        raise UnknownAct(name)

    def _check(self, db: sqlite3.Connection, username: str, attribute: str, value: str) -> None:
        row = (username, attribute, ":=", value)
        db.execute("INSERT INTO radcheck (username, attribute, op, value) VALUES (?, ?, ?, ?)", row)

    def _shown(self, db: sqlite3.Connection, name: str) -> dict[str, Any]:
        checks = self._checks(db, name)
        expires = self._expiry(checks.get("Expiration"))
        groups = [row[0] for row in db.execute(_OF_USER, (name,))]
        refused = [group for group in groups if self._refuses(db, group)]
        note = db.execute("SELECT notes FROM userinfo WHERE username = ?", (name,)).fetchone()
        plans = [group for group in groups if group not in refused]
        state = "active"
        if checks.get("Auth-Type") == "Reject":
            state = "banned"
        elif groups and self._refuses(db, groups[0]):  # only the group that is asked first decides
            state = "suspended"
        elif expires is not None and expires <= self.now():
            state = "expired"
        return {
            "id": name,
            "username": name,
            "password": checks.get("Cleartext-Password"),
            "state": state,
            "expires_at": expires.isoformat() if expires is not None else None,
            "package": plans[0] if plans else None,
            "connections": None,
            "reference": note[0] if note is not None else None,
        }

    def _accepts(self, db: sqlite3.Connection, username: str, password: str) -> bool:
        """As seen on 3.2.1: the first row of an attribute counts, "==" never sets a password, an ISO date and
        a group that rejects refuse everybody, and a group of a smaller priority is asked first.
        """
        checks = self._checks(db, username)
        if checks.get("Cleartext-Password") != password or checks.get("Auth-Type") == "Reject":
            return False
        if any(self._refuses(db, row[0]) for row in db.execute(_OF_USER, (username,)).fetchmany(1)):
            return False
        if "Expiration" not in checks:
            return True
        expires = self._expiry(checks["Expiration"])
        return expires is not None and expires > self.now()

    def _checks(self, db: sqlite3.Connection, username: str) -> dict[str, str]:
        rows = db.execute(
            "SELECT attribute, value FROM radcheck WHERE username = ? AND op = ':=' ORDER BY id DESC",
            (username,),
        )
        return {row[0]: row[1] for row in rows}  # the first of two stands last here

    def _refuses(self, db: sqlite3.Connection, group: str) -> bool:
        return db.execute(REJECTING, (group,)).fetchone() is not None

    def _expiry(self, text: str | None) -> datetime | None:
        if text is None:
            return None
        if text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        for form in _DATES:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        return None


_OF_USER = "SELECT groupname FROM radusergroup WHERE username = ? ORDER BY priority, id"

PRACTICE = FreeRadiusPracticePanel
