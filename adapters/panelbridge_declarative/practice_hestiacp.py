"""The practice panel for HestiaCP's API, from the facts in ``specs/README.md`` and not from the description.

Acts: ``delete``, ``create`` (somebody else's), ``half_make`` (a crash half way: a system user without
files), ``kill`` (the next ``v-add-user`` is killed: ``behind`` useradd, or before its ``files`` are written),
``lose_shell`` (the shell of every package is missing from the system's list), ``lose_ip`` (no address for a
domain), ``fill_disk`` (the user's files fit no smaller package), ``drop_domain`` and ``edit_reference`` (by
the customer himself), ``clear_half`` (a person removes what a killed command left), ``bend`` (values nobody
asked for).
"""

from __future__ import annotations

import hmac
import re
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
    Setup,
    UnknownAct,
)

_TABLES = """
CREATE TABLE IF NOT EXISTS system_users (name TEXT PRIMARY KEY, stage TEXT NOT NULL DEFAULT 'whole');
CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, email TEXT NOT NULL, package TEXT NOT NULL,
    suspended TEXT NOT NULL DEFAULT 'no', rkey TEXT NOT NULL, full_name TEXT NOT NULL DEFAULT '',
    disk INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS domains (domain TEXT PRIMARY KEY, owner TEXT NOT NULL);
"""
_PACKAGES = {
    "default": {"DISK_QUOTA": "unlimited", "WEB_DOMAINS": "100"},
    "gold": {"DISK_QUOTA": "10000", "WEB_DOMAINS": "10"},
    "mail": {"DISK_QUOTA": "unlimited", "WEB_DOMAINS": "0"},
}
_OPERATIONS = {
    "v-list-sys-info": "test_connection",
    "v-list-users": "list_accounts",
    "v-list-user": "get",
    "v-list-user-packages": "list_packages",
    "v-add-user": "create",
    "v-add-domain": "create",
    "v-delete-user": "terminate",
    "v-suspend-user": "suspend",
    "v-unsuspend-user": "unsuspend",
    "v-change-user-password": "reset_credentials",
    "v-change-user-package": "change_package",
}
_NOT_BILLING = frozenset({"v-list-sys-info", "v-list-user-packages"})
_RESERVED = frozenset({"sudo", "mysql", "aria", "performance"})
_LEAST = {"v-add-user": 3, "v-add-domain": 2, "v-change-user-password": 2, "v-change-user-package": 2}
_STATUS = {0: 200, 2: 422, 5: 401, 6: 401, 9: 401, 10: 401, 21: 401}
_EMAIL = re.compile(r"[^@\s'\"<>]+@[a-z0-9.-]+\.[a-z0-9-]+", re.IGNORECASE)
_DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE)
_USAGE, _INVALID, _NOT_THERE, _THERE, _SUSPENDED, _PASSWORD, _FORBIDDEN = 1, 2, 3, 4, 5, 9, 10
_LIMIT, _DISABLED, _KILLED = 8, 11, 137
_TEXT = "text/html; charset=UTF-8"  # of every text, and of an empty answer as well


class _Ended(Exception):
    """A command that ended with another code than 0."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class HestiacpPracticePanel(PracticePanel):
    """Users and their domains in SQLite; every command and its effect in one transaction."""

    imitates = "the API of HestiaCP 1.10"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            package="default",
            other_package="gold",
            reads={"find": "get", "test_connection": "list_accounts"},
            unseen=frozenset({Verb.RESET_CREDENTIALS}),
        ),
    }

    known_options: ClassVar[KnownOptions] = {
        "key": ("admin", "billing"),  # billing: the shipped set of permissions, which lists no packages
        "from": ("allowed", "elsewhere"),  # elsewhere: an address that is not in the panel's list
        "api": ("on", "off"),
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            self._access = self.books.fact(db, "access_key", random_text(20))
            self._secret = self.books.fact(db, "secret_key", random_text(40))

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "spec": "hestiacp",
            "base_url": url,
            "allow_http": True,
            "access_key": self._access,
            "secret_key": self._secret,
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._access, self._secret)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "the list comes whole in one reply that has no count"
        return None

    def operation(self, request: PracticeRequest) -> str:
        fields = _fields(request)
        command = fields.get("cmd", "")
        if command == "v-add-user" and fields.get("arg4", "default") not in _PACKAGES:
            return "probe"  # it can make nobody
        return _OPERATIONS.get(command, "nothing")

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if (request.method, request.path) != ("POST", "/api/"):
            return PracticeReply.html("404 Not Found", status=404)
        fields = _fields(request)
        if not fields:
            return PracticeReply(status=405, content_type=_TEXT)
        bare = fields.get("returncode") == "yes"
        try:
            self._admit(fields)
            said = self._run(fields)
        except _Ended as ended:
            return _reported(ended.code, ended.text, bare=bare)
        return _reported(0, said, bare=bare)

    def _admit(self, fields: Mapping[str, str]) -> None:
        """The address first, then the key, then whether the key may use the command; all three are 401."""
        if self.options["api"] == "off":
            raise _Ended(_DISABLED, "Error: API has been disabled")
        if self.options["from"] == "elsewhere":
            raise _Ended(_FORBIDDEN, "Error: this address may not use the API")
        given = fields.get("hash") or f"{fields.get('access_key', '')}:{fields.get('secret_key', '')}"
        if not hmac.compare_digest(given.encode(), f"{self._access}:{self._secret}".encode()):
            raise _Ended(_PASSWORD, "Error: authentication failed")
        command = fields.get("cmd", "")
        limited = self.options["key"] == "billing" and command in _NOT_BILLING
        if command not in _OPERATIONS or limited:
            raise _Ended(_FORBIDDEN, f"Error: the key has no permission to run {command}")

    def _run(self, fields: Mapping[str, str]) -> Any:
        command = fields["cmd"]
        arguments = [fields.get(f"arg{at}", "") for at in range(1, 14)]
        if any(f"arg{at}" not in fields for at in range(1, _LEAST.get(command, 1) + 1)):
            raise _Ended(_USAGE, f"Usage: {command} and its arguments")
        run: Callable[..., Any] = getattr(self, command.removeprefix("v").replace("-", "_"))
        refusal: _Ended | None = None
        with self.books.writing() as db:
            try:
                return run(db, *arguments)
            except _Ended as ended:  # kept: what was written before stays
                refusal = ended
        raise refusal

    def _list_sys_info(self, _: sqlite3.Connection, *__: str) -> Any:
        return {"sysinfo": {"HOSTNAME": "panel.example", "HESTIA": "1.10.0"}}

    def _list_users(self, db: sqlite3.Connection, *_: str) -> Any:
        rows = db.execute("SELECT * FROM users ORDER BY name").fetchall()
        counts = dict(db.execute("SELECT owner, COUNT(*) FROM domains GROUP BY owner").fetchall())
        return {
            row["name"]: {**_shown(row), "U_WEB_DOMAINS": str(counts.get(row["name"], 0))}
            for row in (_ADMIN, *rows)
        }

    def _list_user(self, db: sqlite3.Connection, name: str, form: str = "", *_: str) -> Any:
        stage = db.execute("SELECT stage FROM system_users WHERE name = ?", (name,)).fetchone()
        if stage is not None and stage["stage"] == "files":  # its folder is there, what stands in it is not
            shown = dict.fromkeys(_shown(_ADMIN), "")
        else:
            row = self._row(db, name)
            domains = db.execute("SELECT COUNT(*) FROM domains WHERE owner = ?", (name,)).fetchone()[0]
            shown = {**_shown(row), "U_WEB_DOMAINS": str(domains)}
        if form != "json":
            return "\n".join(f"{key}: {value}" for key, value in shown.items())
        return {name: shown}

    def _list_user_packages(self, *_: Any) -> Any:
        return _PACKAGES

    def _row(self, db: sqlite3.Connection, name: str) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise _Ended(_NOT_THERE, f"Error: user {name} doesn't exist")
        return row

    def _add_user(
        self, db: sqlite3.Connection, name: str, password: str, email: str, package: str, full: str, *_: str
    ) -> None:
        """Forms first, then whether the name is free, then the rest: no package shows that a name is free."""
        package = package or "default"
        if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9-]+", name) is None or _EMAIL.fullmatch(email) is None:
            raise _Ended(_INVALID, "Error: invalid user or email format")
        if name.lower() in _RESERVED:
            raise _Ended(_INVALID, f"Error: The user name '{name}' is reserved and cannot be used.")
        if db.execute("SELECT 1 FROM system_users WHERE name = ?", (name,)).fetchone():
            raise _Ended(_THERE, f"Error: user {name} exists")
        if package not in _PACKAGES:
            raise _Ended(_NOT_THERE, f"Error: package {package} doesn't exist")
        if not password:
            raise _Ended(_INVALID, "Error: Password not accepted due to PAM restrictions")
        killed = self.books.fact(db, "kill", "")
        if killed:
            self.books.set_fact(db, "kill", "")
            stage = "system" if killed == "behind" else "files"
            db.execute("INSERT INTO system_users VALUES (?, ?)", (name, stage))
            raise _Ended(_KILLED, "")
        self._insert(db, name, password, email, package)
        db.execute("UPDATE users SET full_name = ? WHERE name = ?", (full, name))
        self.books.record(db, "create", name, package=package)

    def _insert(self, db: sqlite3.Connection, name: str, password: str, email: str, package: str) -> int:
        db.execute("INSERT INTO system_users (name) VALUES (?)", (name,))
        values = (name, password, email, package, random_text(10))
        sql = "INSERT INTO users (name, password, email, package, rkey) VALUES (?, ?, ?, ?, ?)"
        return db.execute(sql, values).rowcount

    def _add_domain(self, db: sqlite3.Connection, name: str, domain: str, *_: str) -> None:
        self._usable(db, name)
        if _DOMAIN.fullmatch(domain) is None:
            raise _Ended(_INVALID, f"Error: invalid domain format :: {domain}")
        if db.execute("SELECT 1 FROM domains WHERE domain = ?", (domain.lower(),)).fetchone():
            raise _Ended(_THERE, f"Error: web domain {domain} exists\nError: domain exists")
        if self.books.fact(db, "ip", "there") == "lost":
            raise _Ended(_NOT_THERE, "Error: no avaiable IP")
        if _PACKAGES.get(self._row(db, name)["package"], {}).get("WEB_DOMAINS") == "0":
            return  # 204 and code 0, and nothing was added
        db.execute("INSERT INTO domains VALUES (?, ?)", (domain.lower(), name))
        self.books.record(db, "add_domain", name, domain=domain)

    def _usable(self, db: sqlite3.Connection, name: str) -> sqlite3.Row:
        row = self._row(db, name)
        if row["suspended"] == "yes":
            raise _Ended(_SUSPENDED, f"Error: user {name} is suspended")
        return row

    def _suspend_user(self, db: sqlite3.Connection, name: str, *_: str) -> None:
        self._usable(db, name)
        self._set(db, "suspend", name, suspended="yes")

    def _unsuspend_user(self, db: sqlite3.Connection, name: str, *_: str) -> None:
        self._row(db, name)  # whether it is suspended is not asked
        self._set(db, "unsuspend", name, suspended="no")

    def _change_user_password(self, db: sqlite3.Connection, name: str, password: str, *_: str) -> None:
        self._usable(db, name)
        self._set(db, "reset_credentials", name, password=password)

    def _change_user_package(self, db: sqlite3.Connection, name: str, package: str, *_: str) -> str | None:
        """What it prints of a missing shell or a suspended user is no refusal: the package is changed."""
        row = self._row(db, name)
        if package not in _PACKAGES:
            raise _Ended(_NOT_THERE, f"Error: package {package} doesn't exist")
        quota = _PACKAGES[package]["DISK_QUOTA"]
        if quota != "unlimited" and row["disk"] > int(quota):
            raise _Ended(_LIMIT, "Error: Package doesn't cover DISK usage")
        self._set(db, "change_package", name, package=package)
        if self.books.fact(db, "shells", "there") == "lost":
            return "Error: shell bash doesn't exist"
        return f"Error: user {name} is suspended" if row["suspended"] == "yes" else None

    def _delete_user(self, db: sqlite3.Connection, name: str, *_: str) -> None:
        self._row(db, name)
        self._remove(db, name)
        self.books.record(db, "terminate", name)

    def _remove(self, db: sqlite3.Connection, name: str) -> int:
        db.execute("DELETE FROM domains WHERE owner = ?", (name,))
        db.execute("DELETE FROM system_users WHERE name = ?", (name,))
        return db.execute("DELETE FROM users WHERE name = ?", (name,)).rowcount

    def _set(self, db: sqlite3.Connection, kind: str, name: str, **values: str) -> None:
        for column, value in values.items():
            db.execute(f"UPDATE users SET {column} = ? WHERE name = ?", (value, name))  # noqa: S608
        self.books.record(db, kind, name)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM users ORDER BY name").fetchall()
            domains = db.execute("SELECT * FROM domains ORDER BY domain").fetchall()
        owned: dict[str, list[str]] = {}
        for row in domains:
            owned.setdefault(row["owner"], []).append(row["domain"])
        accounts = {row["name"]: _in_books(row, owned.get(row["name"], [])) for row in rows}
        return {"accounts": accounts, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = str(arguments.get("username"))
        facts = {
            "lose_shell": ("shells", "lost"),
            "lose_ip": ("ip", "lost"),
            "kill": ("kill", str(arguments.get("stage", "behind"))),
        }
        edited = f"panelbridge {arguments.get('reference')}"
        statements: dict[str, tuple[str, tuple[str, ...]]] = {
            "half_make": ("INSERT INTO system_users VALUES (?, 'system')", (who,)),
            "clear_half": ("DELETE FROM system_users WHERE name = ?", (who,)),  # a person, at a shell
            "fill_disk": ("UPDATE users SET disk = 20000 WHERE name = ?", (who,)),
            "drop_domain": ("DELETE FROM domains WHERE owner = ?", (who,)),
            "edit_reference": ("UPDATE users SET full_name = ? WHERE name = ?", (edited, who)),
            "bend": (
                "UPDATE users SET email = 'bent@panel.example', package = 'bent' WHERE name = ?",
                (who,),
            ),
        }
        with self.books.writing() as db:
            if name == "delete":
                return self._remove(db, who)
            if name == "create":
                return self._insert(db, who, random_text(12), "alice@elsewhere.example", "default")
            if name in facts:
                return self.books.set_fact(db, *facts[name])
            if name in statements:
                return db.execute(*statements[name]).rowcount
        raise UnknownAct(name)


def _fields(request: PracticeRequest) -> dict[str, str]:
    """A form, or one JSON object with the same names."""
    if request.form:
        return dict(request.form)
    try:
        body = request.json()
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in body.items()} if isinstance(body, dict) else {}


def _reported(code: int, said: Any, *, bare: bool = False) -> PracticeReply:
    """The header has the truth; the status only by and by, and with a bare number not at all."""
    headers = {"Hestia-Exit-Code": str(code)}
    if bare:
        return PracticeReply(body=str(code).encode(), content_type=_TEXT, headers=headers)
    if said is None:
        return PracticeReply(status=204, content_type=_TEXT, headers=headers)
    status = _STATUS.get(code, 400)
    if isinstance(said, str):
        return PracticeReply(status=status, body=said.encode(), content_type=_TEXT, headers=headers)
    body = PracticeReply.json(said, status=status).body
    kind = "application/json; charset=utf-8"
    return PracticeReply(status=status, body=body, content_type=kind, headers=headers)


_ADMIN = {
    "name": "admin",
    "email": "admin@panel.example",
    "package": "default",
    "suspended": "no",
    "rkey": "adminrkey1",
    "full_name": "System Administrator",
}


def _shown(row: Any) -> dict[str, str]:
    return {
        "NAME": row["full_name"],
        "PACKAGE": row["package"],
        "CONTACT": row["email"],
        "SUSPENDED": row["suspended"],
        "ROLE": "admin" if row["name"] == "admin" else "user",
        "U_DISK": "0",
        "U_WEB_DOMAINS": "0",
        "DISK_QUOTA": "unlimited",
        "RKEY": row["rkey"],  # resets the password of whoever knows it
        "DATE": "2026-11-20",
        "TIME": "10:00:00",
    }


def _in_books(row: sqlite3.Row, domains: list[str]) -> dict[str, Any]:
    mark, _, reference = row["full_name"].partition(" ")
    return {
        "id": row["name"],
        "username": row["name"],
        "password": row["password"],
        "state": "suspended" if row["suspended"] == "yes" else "active",
        "expires_at": None,
        "package": row["package"],
        "connections": None,
        "reference": reference if mark == "panelbridge" else None,
        "email": row["email"],
        "domains": domains,
        "rkey": row["rkey"],
    }


REPLIES = (
    _reported(0, None),
    _reported(0, {"svc00001": {"PACKAGE": "default"}}),
    _reported(0, "Error: shell bash doesn't exist"),
    _reported(0, {"svc00001": {"CONTACT": ""}}),
    *(_reported(code, f"Error: {code}") for code in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 21)),
    _reported(_KILLED, ""),
)
PRACTICE = HestiacpPracticePanel
