"""The practice panel: DirectAdmin's legacy API as its documentation and public clients describe it.

No release was run.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    Fault,
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    UnknownAct,
)
from panelbridge.testing.practice.setup import Setup
from panelbridge_directadmin.practice_calls import COMMANDS, Caller
from panelbridge_directadmin.practice_tables import RESELLER, insert, row_of, seed, shown, update
from panelbridge_directadmin.practice_wire import (
    NoRight,
    NotLoggedIn,
    Refused,
    login_page,
    marked,
    with_wrong_types,
)

_OPERATIONS = {
    "CMD_API_LOGIN_TEST": "test_connection",
    "CMD_API_ACCOUNT_USER": "create",
    "CMD_API_USER_PASSWD": "reset_credentials",
    "CMD_API_MODIFY_USER": "change_package",
    "CMD_API_SHOW_USER_CONFIG": "get",
    "CMD_API_SHOW_USER_USAGE": "usage",
    "CMD_API_SHOW_USERS": "list_accounts",
    "CMD_API_PACKAGES_USER": "list_packages",
    "CMD_API_SHOW_RESELLER_IPS": "addresses",
    "CMD_API_LOGIN_KEYS": "sign_on",
}


class DirectAdminPractice(PracticePanel):
    """One server with our reseller, a neighbour's user, and packages and addresses of both."""

    imitates = "DirectAdmin, legacy API as documented in 2026"
    setups: ClassVar[Mapping[str, Setup]] = {
        # A call's whole time is short, so that being asked to slow down is reported and not slept away.
        "reseller": Setup(
            package="basic", other_package="family", reads={"find": "get"}, settings={"total_timeout": 6}
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "login": RESELLER,
        "key": "",  # a random one
        "username_max": "10",
        "delete_reports": ("ok", "error"),  # error: the user is gone all the same
        "login_host": "",  # where one-time logins lead: the panel itself
    }

    def seed(self) -> None:
        self._login = self.options["login"]
        with self.books.writing() as db:
            seed(db)
            self._key = self.books.fact(db, "key", self.options["key"] or random_text(32))
            self.books.fact(db, "commands", json.dumps(sorted(COMMANDS)))

    def settings(self, url: str) -> dict[str, Any]:
        username_max = int(self.options["username_max"])
        return {"base_url": url, "login": self._login, "key": self._key, "username_max": username_max}

    def secrets(self) -> tuple[str, ...]:
        return (self._key,)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "a list is one answer without pages or a count"
        return None

    def with_wrong_types(self, reply: PracticeReply) -> PracticeReply:
        return with_wrong_types(reply)

    def operation(self, request: PracticeRequest) -> str:
        command = request.path.removeprefix("/")
        if command == "CMD_API_SELECT_USERS":
            if request.value("delete"):
                return "terminate"
            return "unsuspend" if request.value("suspend") == "Unsuspend" else "suspend"
        return _OPERATIONS.get(command, command)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        command = request.path.removeprefix("/")
        try:
            with self.books.writing() as db:
                caller = self._caller(db, request)
                self._admit(db, command, caller)
                return COMMANDS[command](caller, request)
        except NotLoggedIn:
            return login_page()
        except NoRight:
            return PracticeReply.html("You cannot execute that command", status=200)
        except Refused as refused:
            return marked(1, refused.text, refused.details)

    def _caller(self, db: sqlite3.Connection, request: PracticeRequest) -> Caller:
        """Whoever logs in: we, we in the name of a user of ours, or a user with his own password."""
        name, password = _basic(request.headers.get("authorization", ""))
        own, _, acting_as = name.partition("|")
        row = row_of(db, acting_as or own)
        ours = (own, password) == (self._login.partition("|")[0], self._key)
        if ours and acting_as:
            ours = name == self._login or (row is not None and row["creator"] == self._reseller)
        theirs = (
            row is not None and not acting_as and row["password"] == password and row["suspended"] == "no"
        )
        if not (ours or theirs):
            raise NotLoggedIn
        acting = (acting_as if name != self._login else self._reseller) or (self._reseller if ours else own)
        return Caller(books=self.books, db=db, name=acting, options=self.options)

    @property
    def _reseller(self) -> str:
        return self._login.rpartition("|")[2]

    def _admit(self, db: sqlite3.Connection, command: str, caller: Caller) -> None:
        granted = json.loads(self.books.fact(db, "commands", ""))
        customers = {"CMD_API_LOGIN_TEST", "CMD_API_LOGIN_KEYS", "CMD_API_SHOW_USER_CONFIG"}
        if command not in granted or (caller.name != self._reseller and command not in customers):
            raise NoRight

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [shown(row) for row in db.execute("SELECT * FROM users ORDER BY username")]
        return {"accounts": {row["username"]: row for row in rows}, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """``create``, ``delete``, ``edit`` (columns) of a user by ``username``; ``revoke`` of a command."""
        with self.books.writing() as db:
            if name == "revoke":
                granted = json.loads(self.books.fact(db, "commands", ""))
                granted.remove(arguments["permission"])
                return self.books.set_fact(db, "commands", json.dumps(granted))
            if name not in _ACTS:
                raise UnknownAct(name)
            if name != "create" and row_of(db, arguments["username"]) is None:
                raise ValueError("no user of that name")
            return _ACTS[name](db, arguments)


def _by_hand(db: sqlite3.Connection, arguments: Mapping[str, Any]) -> None:
    """Another user of our reseller, made in the web pages."""
    name = arguments["username"]
    insert(
        db,
        username=name,
        domain=arguments.get("domain", f"{name}.by-hand.example"),
        email=arguments.get("email", "somebody@by-hand.example"),
        password=secrets.token_hex(8),
        package="basic",
        creator=arguments.get("creator", RESELLER),
        ip="192.0.2.7",
    )


_ACTS: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any]], Any]] = {
    "create": _by_hand,
    "delete": lambda db, arguments: (
        db.execute("DELETE FROM users WHERE username = ?", (arguments["username"],)).rowcount
    ),
    "edit": lambda db, arguments: update(db, arguments["username"], arguments["columns"]),
}


def _basic(header: str) -> tuple[str, str]:
    try:
        name, _, password = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except ValueError:
        return "", ""
    return name, password


PRACTICE = DirectAdminPractice
