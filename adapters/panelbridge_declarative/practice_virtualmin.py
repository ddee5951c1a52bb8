"""The practice panel for Virtualmin's remote API, from the facts in ``specs/README.md``, not the description.

Acts: ``delete``, ``create`` (somebody else's), ``add_domain`` (``username``, ``domain``: a second one of that
user), ``edit_reference`` (``reference``: by the customer himself), ``bend`` (values nobody asked for).
"""

from __future__ import annotations

import base64
import hashlib
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

_TABLE = """
CREATE TABLE IF NOT EXISTS domains (
    number INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
    password TEXT NOT NULL, plan TEXT NOT NULL, email TEXT NOT NULL, note TEXT NOT NULL DEFAULT '', why TEXT
)"""
_PLANS = {"0": "Default Plan", "1700000001": "Gold"}
_FIRST = 1764000000  # seconds; each domain is made one later than the one before
_WARNING = "perl: warning: Setting locale failed."
_USED = ("program", "json", "multiline")
_BARE = frozenset({"features-from-plan", "name-only"})
_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "create-domain": ("domain", "user", "pass", "plan", "features-from-plan", "email", "desc"),
    "disable-domain": ("domain", "why"),
    "enable-domain": ("domain",),
    "modify-domain": ("domain", "pass", "plan", "apply-plan", "desc"),
    "delete-domain": ("domain", "user"),
    "list-domains": ("domain", "user", "name-only"),
    "list-plans": (),
}
_OPERATIONS = {
    "create-domain": "create",
    "disable-domain": "suspend",
    "enable-domain": "unsuspend",
    "delete-domain": "terminate",
    "list-plans": "list_packages",
}


class _Failed(Exception):
    """A program that refuses its parameters and prints its usage; nothing has happened."""


class VirtualminPracticePanel(PracticePanel):
    """Domains and their users in SQLite; every program and its effect in one transaction."""

    imitates = "the remote API of Virtualmin GPL, August 2026"
    setups: ClassVar[Mapping[str, Setup]] = {
        "": Setup(
            package="0",
            other_package="1700000001",
            reads={"test_connection": "list_packages"},
            unseen=frozenset({Verb.RESET_CREDENTIALS}),
        ),
    }

    known_options: ClassVar[KnownOptions] = {
        "session_login": ("on", "off"),  # on: Basic counts only for a User-Agent with the word webmin
        "warnings": ("on", "off"),  # on: the programs' error stream is mixed into what they tell
        "user": "root",
        "password": "",  # a random one
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            db.execute(_TABLE)
            self._user = self.options["user"]
            self._password = self.books.fact(db, "password", self.options["password"] or random_text(20))
            self._warns = self.options["warnings"] == "on"

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "spec": "virtualmin",
            "base_url": url,
            "allow_http": True,
            "user": self._user,
            "password": self._password,
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE:
            return "the list comes whole in one reply that has no count"
        return None

    def operation(self, request: PracticeRequest) -> str:
        program = request.value("program") or ""
        if program == "list-domains":
            named = {"domain": "get", "user": "find"}
            return next((reported for key, reported in named.items() if request.value(key)), "list_accounts")
        if program == "modify-domain":
            return "reset_credentials" if request.value("pass") else "change_package"
        return _OPERATIONS.get(program, "nothing")

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if request.path != "/virtual-server/remote.cgi":
            return PracticeReply.html("Error - File not found", status=404)
        refused = self._refused(request)
        if refused is not None:
            return refused
        fields = dict(request.form or request.query)
        program = fields.get("program", "")
        as_json = fields.get("json") == "1"
        if program not in _PROGRAMS:
            reported = {"command": program, "status": "error", "error": f"no program {program}"}
            return PracticeReply.json(reported, content_type="text/plain")
        try:
            said = self._run(program, fields)
        except _Failed as failure:
            return self._failure(program, str(failure), as_json=as_json)
        if isinstance(said, list) and "multiline" not in fields:
            said = _as_table(said)
        return self._success(program, said, as_json=as_json)

    def _refused(self, request: PracticeRequest) -> PracticeReply | None:
        """With session login on, Basic counts only for a program that calls itself webmin."""
        is_program = "webmin" in request.headers.get("user-agent", "").lower()
        if self.options["session_login"] == "on" and not is_program:
            return PracticeReply.html("Login to Webmin", status=200)
        pair = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return PracticeReply.html("Error - Access denied", status=401)
        return None

    def _run(self, program: str, fields: Mapping[str, str]) -> Any:
        given = _parsed(program, fields)
        run: Callable[..., Any] = getattr(self, f"_{program.replace('-', '_')}")
        with self.books.writing() as db:
            return run(db, given)

    def _failure(self, program: str, error: str, *, as_json: bool) -> PracticeReply:
        """``error`` is the first line of what was printed, which may be a warning."""
        lines = [*([_WARNING] if self._warns else []), error, *_usage(program)]
        if not as_json:
            return _plain([*lines, "Exit status: 256"])
        reported = {
            "command": program,
            "status": "failure",
            "error": lines[0],
            "full_error": "\n".join(lines),
        }
        return PracticeReply.json(reported)

    def _success(self, program: str, said: Any, *, as_json: bool) -> PracticeReply:
        warning = [_WARNING] if self._warns else []
        if not as_json:
            return _plain([*warning, "done", "Exit status: 0"])
        reported: dict[str, Any] = {"command": program, "status": "success"}
        if isinstance(said, list):
            reported["data"] = [*({"name": line, "values": {}} for line in warning), *said]
        else:
            reported["output"] = "\n".join([*warning, said])
        return PracticeReply.json(reported)

    def _row(self, db: sqlite3.Connection, domain: str | None) -> sqlite3.Row:
        row: sqlite3.Row | None = db.execute("SELECT * FROM domains WHERE domain = ?", (domain,)).fetchone()
        if row is None:
            raise _Failed(f"Virtual server {domain} does not exist")
        return row

    def _list_plans(self, *_: Any) -> Any:
        return [{"name": plan, "values": {"name": [name]}} for plan, name in _PLANS.items()]

    def _list_domains(self, db: sqlite3.Connection, given: Mapping[str, str]) -> Any:
        if "domain" in given:
            return [_shown(self._row(db, given["domain"]))]
        rows = db.execute("SELECT * FROM domains ORDER BY domain").fetchall()
        if "user" in given:
            rows = [row for row in rows if row["user"] == given["user"]]
            if not rows:
                raise _Failed(f"No top-level domain owned by {given['user']} exists")
        return [_shown(row) for row in rows]

    def _create_domain(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        domain, user = given.get("domain", ""), given.get("user", "")
        if not domain or not user or "pass" not in given:
            raise _Failed("Missing parameter")
        if db.execute("SELECT 1 FROM domains WHERE domain = ?", (domain,)).fetchone():
            raise _Failed("This domain is already hosted here")
        if db.execute("SELECT 1 FROM domains WHERE user = ?", (user,)).fetchone():
            raise _Failed("A user of this name exists")
        _check_description(given)
        plan = _plan(given.get("plan", _PLANS["0"]))
        if plan is None:
            raise _Failed(f"Plan {given['plan']} does not exist")
        self._insert(
            db,
            domain,
            user,
            given["pass"],
            plan=plan,
            email=given.get("email", ""),
            note=given.get("desc", ""),
        )
        self.books.record(db, "create", user, domain=domain, plan=plan)
        return "Creating the user\nCreating the web site\nDone"

    def _insert(self, db: sqlite3.Connection, domain: str, user: str, password: str, **more: str) -> int:
        values = {"domain": domain, "user": user, "password": password, "plan": "0", "email": "", **more}
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO domains ({', '.join(values)}) VALUES ({marks})"  # noqa: S608
        return db.execute(sql, tuple(values.values())).rowcount

    def _disable_domain(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        row = self._row(db, given.get("domain"))
        if row["why"] is not None:
            raise _Failed(f"Virtual server {row['domain']} is already disabled")
        return self._set(db, "suspend", row, why=given.get("why", "no reason"))

    def _enable_domain(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        row = self._row(db, given.get("domain"))
        if row["why"] is None:
            raise _Failed(f"Virtual server {row['domain']} is not disabled")
        return self._set(db, "unsuspend", row, why=None)

    def _modify_domain(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        row = self._row(db, given.get("domain"))
        _check_description(given)
        if "desc" in given:
            self._set(db, "describe", row, note=given["desc"])
        if "pass" in given:  # of a disabled domain as well, which stays disabled
            return self._set(db, "reset_credentials", row, password=given["pass"])
        plan = _plan(given.get("apply-plan") or given.get("plan"))
        return (
            "Done" if plan is None else self._set(db, "change_package", row, plan=plan)
        )  # unknown: not a word

    def _delete_domain(self, db: sqlite3.Connection, given: Mapping[str, str]) -> str:
        row = self._row(db, given.get("domain"))
        db.execute("DELETE FROM domains WHERE domain = ?", (row["domain"],))
        self.books.record(db, "terminate", row["user"], domain=row["domain"])
        return "Deleting the web site\nDone"

    def _set(self, db: sqlite3.Connection, kind: str, row: sqlite3.Row, **values: str | None) -> str:
        for column, value in values.items():
            db.execute(f"UPDATE domains SET {column} = ? WHERE domain = ?", (value, row["domain"]))  # noqa: S608
        self.books.record(db, kind, row["user"], domain=row["domain"])
        return "Done"

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM domains ORDER BY number").fetchall()
        accounts: dict[str, Any] = {}
        for row in rows:  # a user's first domain is the account, further ones are listed with it
            account = accounts.setdefault(row["user"], {**_in_books(row), "domains": []})
            account["domains"].append(row["domain"])
        return {"accounts": accounts, **self.books.effects()}

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        who = str(arguments.get("username"))
        with self.books.writing() as db:
            match name:
                case "delete":
                    return db.execute("DELETE FROM domains WHERE user = ?", (who,)).rowcount
                case "create":
                    return self._insert(db, f"{who}.elsewhere.example", who, random_text(12))
                case "add_domain":
                    return self._insert(db, arguments["domain"], who, random_text(12))
                case "edit_reference":
                    sql = "UPDATE domains SET note = ? WHERE user = ?"
                    return db.execute(sql, (arguments["reference"].replace(":", "/"), who)).rowcount
                case "bend":
                    sql = "UPDATE domains SET email = 'bent@panel.example', plan = 'bent' WHERE user = ?"
                    return db.execute(sql, (who,)).rowcount
        raise UnknownAct(name)


def _parsed(program: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The words of the command line that the fields become: a line break begins another word."""
    words: list[str] = []
    for name, value in fields.items():
        if name not in _USED:
            words += [f"--{name}", *(value.split("\n") if value else [])]
    given: dict[str, str] = {}
    while words:
        flag = words.pop(0).removeprefix("--")
        if flag not in _PROGRAMS[program]:
            raise _Failed(f"Unknown parameter {flag}")
        given[flag] = words.pop(0) if words and flag not in _BARE else ""
    return given


def _check_description(given: Mapping[str, str]) -> None:
    if ":" in given.get("desc", ""):
        raise _Failed("Description cannot contain the : character")


def _usage(program: str) -> list[str]:
    return [f"usage: {program} [--multiline]", "                         --domain domain.name"]


def _as_table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a list comes to without ``multiline``: the lines of its table for people, none with a value."""
    lines = ["Domain               Username", "-------------------- ----------"]
    lines += [f"{row['name']:<20} {row['values'].get('username', [''])[0]}" for row in rows]
    return [{"name": line, "values": {}} for line in lines]


def _plan(named: str | None) -> str | None:
    return next((plan for plan, name in _PLANS.items() if name == named), None)


def _plain(lines: list[str]) -> PracticeReply:
    return PracticeReply(body="\n".join(lines).encode(), content_type="text/plain")


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    disabled = {} if row["why"] is None else {"disabled": [row["why"]], "disabled_at": ["20/Nov/2026 10:00"]}
    values = {
        "id": [str(_FIRST + row["number"])],
        "username": [row["user"]],
        "plan": [_PLANS.get(row["plan"], row["plan"])],
        "plan_id": [row["plan"]],
        "created_unix_time": [str(_FIRST + row["number"])],
        "home_directory": [f"/home/{row['user']}"],
        "contact_email": [row["email"]],
        "description": [row["note"]],
        "hashed_password": [_hashed(row["password"])],
    }
    return {"name": row["domain"], "values": {**values, **disabled}}


def _hashed(password: str) -> str:
    return f"$6$practice${hashlib.sha256(password.encode()).hexdigest()}"


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["domain"],
        "username": row["user"],
        "password": row["password"],
        "state": "active" if row["why"] is None else "suspended",
        "expires_at": None,
        "package": row["plan"],
        "connections": None,
        "reference": row["note"].replace("/", ":"),  # a description holds no colon
        "email": row["email"],
        "hashed_password": _hashed(row["password"]),
    }


def _failed(error: str) -> PracticeReply:
    full = "\n".join([_WARNING, error, *_usage("create-domain")])
    return PracticeReply.json({"command": "x", "status": "failure", "error": _WARNING, "full_error": full})


REPLIES = (
    PracticeReply.html("Login to Webmin", status=200),
    PracticeReply.html("Error - Access denied", status=401),
    PracticeReply.json({"command": "x", "status": "success", "output": "Done"}),
    PracticeReply.json({"command": "x", "status": "success", "data": []}),
    PracticeReply.json(
        {"command": "x", "status": "error", "error": "no program x"}, content_type="text/plain"
    ),
    _failed("Virtual server x.example does not exist"),
    _failed("Virtual server x.example is already disabled"),
    _failed("Virtual server x.example is not disabled"),
    _failed("This domain is already hosted here"),
    _failed("A user of this name exists"),
    _failed("Description cannot contain the : character"),
    _failed("No top-level domain owned by x exists"),
    _plain([_WARNING, "done", "Exit status: 0"]),
)
PRACTICE = VirtualminPracticePanel
