"""The functions of WHM API 1 that the practice panel knows: what each does and says."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from panelbridge.testing.practice import Books, PracticeRequest
from panelbridge_whm.practice_tables import OTHER_RESELLER, insert, row_of, update, wire_row
from panelbridge_whm.practice_wire import Failed

_UNIQUE_PART = 8  # of a user name
_SESSION = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One call: the books it works on, and who calls."""

    books: Books
    db: sqlite3.Connection
    user: str
    options: Mapping[str, str]
    now: datetime

    @property
    def is_root(self) -> bool:
        return self.user == "root"

    def row(self, name: str | None) -> sqlite3.Row:
        """An account that the caller may touch. Raises ``Failed``."""
        row = row_of(self.db, name)
        if row is None:
            raise Failed(f"The user {name!r} does not exist.")
        if not self.is_root and row["owner"] != self.user:
            raise Failed(f"You do not have access to the user {name!r}.")
        return row

    def rows(self) -> list[sqlite3.Row]:
        found = self.db.execute("SELECT * FROM accounts ORDER BY user").fetchall()
        return [row for row in found if self.is_root or row["owner"] == self.user]

    def package(self, name: str | None) -> str:
        """A package by its whole name: the prefix is part of it. Raises ``Failed``."""
        if name not in {package["name"] for package in self.packages()}:
            raise Failed(f"The package {name!r} does not exist.")
        return str(name)

    def packages(self) -> list[sqlite3.Row]:
        found = self.db.execute("SELECT * FROM packages ORDER BY name").fetchall()
        return [row for row in found if self.is_root or not row["name"].startswith(f"{OTHER_RESELLER}_")]

    def wire(self, row: sqlite3.Row) -> dict[str, Any]:
        quotas = {package["name"]: package["quota"] for package in self.db.execute("SELECT * FROM packages")}
        return wire_row(row, quotas.get(row["plan"], "unlimited"))

    def record(self, kind: str, row_user: str, **reported: Any) -> None:
        self.books.record(self.db, kind, row_user, **reported)


def _version(_: Caller, __: PracticeRequest) -> Any:
    return {"version": "11.136.0.4"}


def _applist(caller: Caller, _: PracticeRequest) -> Any:
    return {"app": json.loads(caller.books.fact(caller.db, "functions", "[]"))}


def _createacct(caller: Caller, request: PracticeRequest) -> Any:
    name = (request.value("username") or "").lower()
    domain = (request.value("domain") or "").lower()
    password = request.value("password") or ""
    _check_name(caller, name)
    _check_password(caller, name, password)
    if re.fullmatch(r"[a-z0-9.-]+\.[a-z0-9-]+", domain) is None:
        raise Failed("That is not a valid domain.")
    if caller.db.execute("SELECT 1 FROM accounts WHERE domain = ?", (domain,)).fetchone():
        raise Failed(f"The domain {domain!r} already exists in the userdata.")
    _check_capacity(caller)
    plan = caller.package(request.value("plan"))
    owner = (request.value("owner") or caller.user) if caller.is_root else caller.user
    insert(
        caller.db,
        user=name,
        domain=domain,
        email=request.value("contactemail") or "",
        password=password,
        plan=plan,
        owner=owner,
        unix_startdate=int(caller.now.timestamp()),
    )
    caller.record("create", name, domain=domain, plan=plan)
    return {"ip": "192.0.2.10", "nameserver": "ns1.panel.example", "package": plan}


def _check_name(caller: Caller, name: str) -> None:
    longest = int(caller.options["username_max"])
    if re.fullmatch(r"[a-z][a-z0-9]*", name) is None or len(name) > longest or name.startswith("test"):
        raise Failed(f"{name!r} is not a valid username.")
    taken = {row["user"][:_UNIQUE_PART] for row in caller.db.execute("SELECT user FROM accounts")}
    if name[:_UNIQUE_PART] in taken:
        raise Failed(f"The name {name!r} is taken, or begins like another account's.")


def _check_password(caller: Caller, name: str, password: str) -> None:
    too_short = len(password) < int(caller.options["password_min"])
    if too_short or len(set(password)) < 5 or password == name:  # noqa: PLR2004
        raise Failed(f"The password <b>{password}</b> is too weak: its strength is below the minimum.")


def _check_capacity(caller: Caller) -> None:
    limit = int(caller.options["capacity"])
    if limit and len(caller.rows()) >= limit:
        raise Failed("You have reached the number of accounts that you may create.")


def _suspendacct(caller: Caller, request: PracticeRequest) -> Any:
    row = caller.row(request.value("user"))
    if row["suspended"] and caller.options["second_suspend"] == "error":
        raise Failed("The account is already suspended.")
    locked = int(request.value("disallowun") == "1")
    reason = request.value("reason") or "Unknown"
    update(caller.db, row["user"], {"suspended": 1, "suspendreason": reason, "is_locked": locked})
    caller.record("suspend", row["user"], reason=reason)
    return {}


def _unsuspendacct(caller: Caller, request: PracticeRequest) -> Any:
    row = caller.row(request.value("user"))
    if not row["suspended"] and caller.options["second_suspend"] == "error":
        raise Failed("The account is not suspended.")
    if row["is_locked"] and not caller.is_root:
        raise Failed("This account was suspended by root and may not be unsuspended.")
    update(caller.db, row["user"], {"suspended": 0, "suspendreason": "not suspended", "is_locked": 0})
    caller.record("unsuspend", row["user"])
    return {}


def _passwd(caller: Caller, request: PracticeRequest) -> Any:
    row = caller.row(request.value("user"))
    password = request.value("password") or request.value("pass") or ""
    _check_password(caller, row["user"], password)
    update(caller.db, row["user"], {"password": password})
    caller.record("reset_credentials", row["user"])
    return {"app": ["system", "ftp", "mail"]}


def _changepackage(caller: Caller, request: PracticeRequest) -> Any:
    row = caller.row(request.value("user"))
    plan = caller.package(request.value("pkg"))
    update(caller.db, row["user"], {"plan": plan})
    caller.record("change_package", row["user"], plan=plan)
    return {}


def _removeacct(caller: Caller, request: PracticeRequest) -> Any:
    row = caller.row(request.value("username") or request.value("user"))
    caller.db.execute("DELETE FROM accounts WHERE user = ?", (row["user"],))
    caller.record("terminate", row["user"])
    return {}


def _accountsummary(caller: Caller, request: PracticeRequest) -> Any:
    return {"acct": [caller.wire(caller.row(request.value("user")))]}


def _listaccts(caller: Caller, request: PracticeRequest) -> Any:
    search, column = request.value("search"), request.value("searchtype") or "user"
    rows = [caller.wire(row) for row in caller.rows()]
    if search and request.value("searchmethod") == "exact":
        rows = [row for row in rows if row[column] == search]
    elif search:
        rows = [row for row in rows if re.search(search, row[column])]
    want = (request.value("want") or "").split(",")
    return {"acct": [{name: row[name] for name in row if not want[0] or name in want} for row in rows]}


def _listpkgs(caller: Caller, _: PracticeRequest) -> Any:
    shown = [
        {"name": row["name"], "QUOTA": row["quota"], "BWLIMIT": row["bwlimit"], "MAXPOP": "unlimited"}
        for row in caller.packages()
    ]
    return {"pkg": shown}


def _create_user_session(caller: Caller, request: PracticeRequest) -> Any:
    name, service = request.value("user") or "", request.value("service") or ""
    if name != caller.user:
        caller.row(name)
    if service not in ("cpaneld", "whostmgrd", "webmaild"):
        raise Failed("That is not a valid service.")
    token = secrets.token_hex(16)
    caller.db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (token, name, service))
    caller.record("sign_on", name, service=service)
    host = caller.options["session_host"] or request.headers.get("host", "")
    return {
        "url": f"http://{host}/cpsess{secrets.randbelow(10**10):010}/login/?session={name}:{token}",
        "expires": int((caller.now + _SESSION).timestamp()),
        "service": service,
    }


def _acctcounts(caller: Caller, _: PracticeRequest) -> Any:
    if caller.is_root:
        raise Failed("root is no reseller.")
    rows = caller.rows()
    suspended = sum(row["suspended"] for row in rows)
    limit = int(caller.options["capacity"])
    counts = {"user": caller.user, "active": len(rows) - suspended, "suspended": suspended}
    return {"reseller": {**counts, "limit": limit or ""}}


FUNCTIONS: dict[str, Callable[[Caller, PracticeRequest], Any]] = {
    "version": _version,
    "applist": _applist,
    "createacct": _createacct,
    "suspendacct": _suspendacct,
    "unsuspendacct": _unsuspendacct,
    "passwd": _passwd,
    "changepackage": _changepackage,
    "removeacct": _removeacct,
    "accountsummary": _accountsummary,
    "listaccts": _listaccts,
    "listpkgs": _listpkgs,
    "create_user_session": _create_user_session,
    "acctcounts": _acctcounts,
}
