"""The practice panel: WHM API 1 as its public reference and clients describe it. No release was run."""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.capabilities import Verb
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
from panelbridge_whm.practice_calls import FUNCTIONS, Caller
from panelbridge_whm.practice_tables import RESELLER, insert, row_of, seed, shown, update
from panelbridge_whm.practice_wire import Denied, Failed, denial, failure, success

_OPERATIONS = {
    "version": "test_connection",
    "applist": "test_connection",
    "createacct": "create",
    "suspendacct": "suspend",
    "unsuspendacct": "unsuspend",
    "passwd": "reset_credentials",
    "changepackage": "change_package",
    "removeacct": "terminate",
    "accountsummary": "get",
    "listpkgs": "list_packages",
    "create_user_session": "sign_on",
    "acctcounts": "slots",
}


class WhmPractice(PracticePanel):
    """One server with our reseller (or root), a neighbour's account, and packages of both."""

    imitates = "cPanel & WHM, WHM API 1 as documented in 2026 (version 11.136)"
    setups: ClassVar[Mapping[str, Setup]] = {
        "reseller": Setup(
            package=f"{RESELLER}_basic",
            other_package=f"{RESELLER}_family",
            # Long looks after a lost create, and sleeping when asked to slow down, would only take time.
            settings={"create_poll": 0.1, "poll_every": 0.03, "total_timeout": 6},
            reads={"find": "get"},
            unseen=frozenset({Verb.RESET_CREDENTIALS}),  # WHM shows no password, and has no way to try one
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "user": RESELLER,  # or root
        "token": "",  # a random one
        "username_max": "16",
        "password_min": "8",
        "second_suspend": ("ok", "error"),  # for both directions; documented nowhere
        "denied": ("cpanelresult", "broken"),  # broken: JSON that is none
        "denied_status": "403",
        "capacity": "0",  # accounts of the reseller, 0: no limit
        "session_host": "",  # where one-time logins lead: the panel itself
        "login_page": ("off", "on"),  # on: every answer is HTML, as of a proxy or a wrong port
    }

    def seed(self) -> None:
        self._user = self.options["user"]
        with self.books.writing() as db:
            seed(db, int(self.now().timestamp()))
            self._token = self.books.fact(db, "token", self.options["token"] or random_text(32))
            self.books.fact(db, "functions", json.dumps(sorted(FUNCTIONS)))

    def settings(self, url: str) -> dict[str, Any]:
        username_max = int(self.options["username_max"])
        return {"base_url": url, "user": self._user, "token": self._token, "username_max": username_max}

    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "a list is one answer without pages or a count"
        return None

    def operation(self, request: PracticeRequest) -> str:
        function = _function(request)
        if function == "listaccts":
            return "find" if request.value("search") else "list_accounts"
        return _OPERATIONS.get(function, function)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        function = _function(request)
        if not function or self.options["login_page"] == "on":
            return PracticeReply.html("WHM Login", status=200)
        try:
            with self.books.writing() as db:
                self._admit(db, function, request)
                caller = Caller(
                    books=self.books, db=db, user=self._user, options=self.options, now=self.now()
                )
                return success(function, FUNCTIONS[function](caller, request), request)
        except Denied as refused:
            broken = self.options["denied"] == "broken"
            return denial(str(refused), status=int(self.options["denied_status"]), broken=broken)
        except Failed as failed:
            return failure(function, str(failed), request)

    def _admit(self, db: sqlite3.Connection, function: str, request: PracticeRequest) -> None:
        given, wanted = request.headers.get("authorization", ""), f"whm {self._user}:{self._token}"
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            raise Denied("Access denied")
        if function not in json.loads(self.books.fact(db, "functions", "")):
            raise Denied(f"Permission denied: {function}")

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [shown(row) for row in db.execute("SELECT * FROM accounts ORDER BY user")]
        return {"accounts": {row["username"]: row for row in rows}, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """``ban``, ``delete``, ``create``, ``edit`` (columns) of an account by ``username``; ``revoke``."""
        with self.books.writing() as db:
            if name == "revoke":
                granted = json.loads(self.books.fact(db, "functions", ""))
                granted.remove(arguments["permission"])
                return self.books.set_fact(db, "functions", json.dumps(granted))
            if name not in _ACTS:
                raise UnknownAct(name)
            if name != "create" and row_of(db, arguments["username"]) is None:
                raise ValueError("no account of that name")
            return _ACTS[name](db, arguments)


def _by_hand(db: sqlite3.Connection, arguments: Mapping[str, Any]) -> None:
    """Another account of our reseller, made in the web pages."""
    name = arguments["username"]
    insert(
        db,
        user=name,
        domain=arguments.get("domain", f"{name}.by-hand.example"),
        email="somebody@by-hand.example",
        password=secrets.token_hex(8),
        plan=f"{RESELLER}_basic",
        owner=arguments.get("owner", RESELLER),
        unix_startdate=1_700_000_000,
    )


_ACTS: dict[str, Callable[[sqlite3.Connection, Mapping[str, Any]], Any]] = {
    "create": _by_hand,
    "ban": lambda db, arguments: update(
        db, arguments["username"], {"suspended": 1, "is_locked": 1, "suspendreason": "abuse"}
    ),
    "delete": lambda db, arguments: (
        db.execute("DELETE FROM accounts WHERE user = ?", (arguments["username"],)).rowcount
    ),
    "edit": lambda db, arguments: update(db, arguments["username"], arguments["columns"]),
}


def _function(request: PracticeRequest) -> str:
    found = re.fullmatch(r"/json-api/(\w+)", request.path)
    return found[1] if found else ""


PRACTICE = WhmPractice
