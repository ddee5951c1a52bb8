"""The commands of the legacy API that the practice panel knows: what each does to the books, and says."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panelbridge.testing.practice import Books, PracticeReply, PracticeRequest
from panelbridge_directadmin.practice_tables import insert, row_of, update
from panelbridge_directadmin.practice_wire import Refused, marked, record

_SHORTEST_NAME = 4


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One call: the books it works on, and in whose name it comes."""

    books: Books
    db: sqlite3.Connection
    name: str
    options: Mapping[str, str]

    def row(self, user: str | None) -> sqlite3.Row:
        """A user of the caller, or the caller himself. Raises ``Refused``."""
        row = row_of(self.db, user)
        if row is None or self.name not in (row["creator"], row["username"]):
            raise Refused("Unable to show user", f"The user '{user}' doesn't exist or isn't yours")
        return row

    def has_package(self, name: str | None) -> bool:
        sql = "SELECT 1 FROM packages WHERE name = ? AND creator = ?"
        return self.db.execute(sql, (name, self.name)).fetchone() is not None

    def record(self, kind: str, user: str, **reported: Any) -> None:
        self.books.record(self.db, kind, user, **reported)


def _login_test(_: Caller, __: PracticeRequest) -> PracticeReply:
    return marked(0, "Login OK")


def _account_user(caller: Caller, request: PracticeRequest) -> PracticeReply:
    name, domain = request.value("username") or "", (request.value("domain") or "").lower()
    password = request.value("passwd") or ""
    _check_new(caller, name, domain, request)
    _check_password(request)
    insert(
        caller.db,
        username=name,
        domain=domain,
        email=request.value("email") or "",
        password=password,
        package=request.value("package"),
        creator=caller.name,
        ip=request.value("ip"),
    )
    caller.record("create", name, domain=domain, package=request.value("package") or "")
    return marked(0, "User created successfully", f"Unix User created, <b>{name}</b> can log in")


def _check_new(caller: Caller, name: str, domain: str, request: PracticeRequest) -> None:
    longest = int(caller.options["username_max"])
    if re.fullmatch(r"[a-z][a-z0-9]*", name) is None or not _SHORTEST_NAME <= len(name) <= longest:
        raise Refused("Cannot Create Account", "That username isn't valid")
    if row_of(caller.db, name) is not None:
        raise Refused("Cannot Create Account", "That username already exists on the system")
    if caller.db.execute("SELECT 1 FROM users WHERE domain = ?", (domain,)).fetchone():
        raise Refused("Cannot Create Account", "That domain already exists")
    if not caller.has_package(request.value("package")):
        raise Refused("Cannot Create Account", "You don't own that package")
    mine = "SELECT 1 FROM addresses WHERE ip = ? AND creator = ? AND status != 'owned'"
    if caller.db.execute(mine, (request.value("ip"), caller.name)).fetchone() is None:
        raise Refused("Cannot Create Account", "That IP isn't yours to use")
    if "@" not in (request.value("email") or ""):
        raise Refused("Cannot Create Account", "An e-mail address is needed")


def _check_password(request: PracticeRequest) -> None:
    password = request.value("passwd") or ""
    if password != request.value("passwd2"):
        raise Refused("Error", "The passwords don't match")
    if len(password) < 5 or not password.isascii():  # noqa: PLR2004
        raise Refused("Invalid Password", f"'{password}' is too short or not ASCII")


def _select_users(caller: Caller, request: PracticeRequest) -> PracticeReply:
    row = caller.row(request.value("select0"))
    if request.value("delete") == "yes" and request.value("confirmed") == "Confirm":
        return _delete(caller, row)
    wanted = {"Suspend": "yes", "Unsuspend": "no"}.get(request.value("suspend") or "")
    if wanted is None:
        raise Refused("Error", "Nothing to do")
    if row["suspended"] == wanted:
        raise Refused("Error", f"The user '{row['username']}' is in that state already")
    reason = request.value("reason") if wanted == "yes" else None
    update(caller.db, row["username"], {"suspended": wanted, "reason": reason})
    caller.record("suspend" if wanted == "yes" else "unsuspend", row["username"])
    return marked(0, "Success")


def _delete(caller: Caller, row: sqlite3.Row) -> PracticeReply:
    caller.db.execute("DELETE FROM users WHERE username = ?", (row["username"],))
    caller.record("terminate", row["username"])
    if caller.options["delete_reports"] == "error":
        return marked(1, "Error Deleting User", "Some files weren't removed")
    return marked(0, "Users deleted")


def _user_passwd(caller: Caller, request: PracticeRequest) -> PracticeReply:
    row = caller.row(request.value("username"))
    _check_password(request)
    update(caller.db, row["username"], {"password": request.value("passwd")})
    caller.record("reset_credentials", row["username"])
    return marked(0, "Password Changed")


def _modify_user(caller: Caller, request: PracticeRequest) -> PracticeReply:
    row, package = caller.row(request.value("user")), request.value("package")
    if request.value("action") != "package" or not caller.has_package(package):
        raise Refused("Error", "You don't own that package")
    update(caller.db, row["username"], {"package": package})
    caller.record("change_package", row["username"], package=package or "")
    return marked(0, "Saved")


def _user_config(caller: Caller, request: PracticeRequest) -> PracticeReply:
    row = caller.row(request.value("user"))
    sql = "SELECT * FROM packages WHERE name = ? AND creator = ?"
    package = caller.db.execute(sql, (row["package"], row["creator"])).fetchone()
    reported = {
        "account": "ON",
        "bandwidth": package["bandwidth"],
        "creator": row["creator"],
        "domain": row["domain"],
        "email": row["email"],
        "ip": row["ip"],
        "ns1": "ns1.panel.example",
        "package": row["package"],
        "quota": package["quota"],
        "suspended": row["suspended"],
        "username": row["username"],
        "usertype": row["usertype"],
    }
    if row["reason"] is not None:
        reported["suspended_reason"] = row["reason"]
    return record(reported.items())


def _user_usage(caller: Caller, request: PracticeRequest) -> PracticeReply:
    row = caller.row(request.value("user"))
    return record((("bandwidth", row["bandwidth"]), ("quota", row["quota"]), ("ftp", "0"), ("vdomains", "1")))


def _show_users(caller: Caller, _: PracticeRequest) -> PracticeReply:
    sql = "SELECT username FROM users WHERE creator = ? ORDER BY username"
    return record(("list[]", row["username"]) for row in caller.db.execute(sql, (caller.name,)))


def _packages_user(caller: Caller, _: PracticeRequest) -> PracticeReply:
    sql = "SELECT name FROM packages WHERE creator = ? ORDER BY name"
    return record(("list[]", row["name"]) for row in caller.db.execute(sql, (caller.name,)))


def _reseller_ips(caller: Caller, request: PracticeRequest) -> PracticeReply:
    rows = caller.db.execute(
        "SELECT * FROM addresses WHERE creator = ? ORDER BY ip", (caller.name,)
    ).fetchall()
    asked = request.value("ip")
    if asked is None:
        return record(("list[]", row["ip"]) for row in rows)
    for row in rows:
        if row["ip"] == asked:
            return record((("reseller", caller.name), ("status", row["status"]), ("value", "")))
    raise Refused("Error", "That IP isn't yours")


def _login_keys(caller: Caller, request: PracticeRequest) -> PracticeReply:
    """In the name of one user: ``ADMIN|USER``."""
    if (request.value("action"), request.value("type")) != ("create", "one_time_url"):
        raise Refused("Error", "Nothing to do")
    token = secrets.token_hex(24)
    caller.db.execute("INSERT INTO logins VALUES (?, ?)", (token, caller.name))
    caller.record("sign_on", caller.name)
    host = caller.options["login_host"] or request.headers.get("host", "")
    return marked(0, "Login URL created", f"http://{host}/CMD_LOGIN_URL?hash={token}")


COMMANDS: dict[str, Callable[[Caller, PracticeRequest], PracticeReply]] = {
    "CMD_API_LOGIN_TEST": _login_test,
    "CMD_API_ACCOUNT_USER": _account_user,
    "CMD_API_SELECT_USERS": _select_users,
    "CMD_API_USER_PASSWD": _user_passwd,
    "CMD_API_MODIFY_USER": _modify_user,
    "CMD_API_SHOW_USER_CONFIG": _user_config,
    "CMD_API_SHOW_USER_USAGE": _user_usage,
    "CMD_API_SHOW_USERS": _show_users,
    "CMD_API_PACKAGES_USER": _packages_user,
    "CMD_API_SHOW_RESELLER_IPS": _reseller_ips,
    "CMD_API_LOGIN_KEYS": _login_keys,
}
