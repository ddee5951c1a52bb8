"""The practice panel: Jellyfin as its source reads in November 2026, or an Emby server, with its books."""

from __future__ import annotations

import hmac
import json
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
from panelbridge_jellyfin.practice_acts import ACTS
from panelbridge_jellyfin.practice_login import authenticate
from panelbridge_jellyfin.practice_tables import (
    TABLES,
    Refused,
    delete_user,
    insert_user,
    replace_policy,
    row_of,
    set_password,
    shown,
    state_of,
)

FOLDERS = {
    "f137a2dd21bbc1b99aa5c0f6bf02a805": "Movies",
    "a656b907eb3a73532e40e44b968d0225": "Shows",
    "7e64e319657a9516ec78490da03edccb": "Music",
}
_MOVIES, _SHOWS, _MUSIC = FOLDERS
PACKAGES: Mapping[str, Mapping[str, Any]] = {
    "movies": {"folders": [_MOVIES], "title": "Movies"},
    "family": {"folders": [_MOVIES, _SHOWS, _MUSIC], "live_tv": True, "title": "Everything there is today"},
}
_USER = r"/Users/([A-Za-z0-9-]+)"
ROUTES = (
    ("GET", "/System/Info", "test_connection"),
    ("GET", "/Library/MediaFolders", "media_folders"),
    ("GET", "/Users", "list_accounts"),
    ("GET", "/Users/Query", "list_accounts"),
    ("POST", "/Users/New", "create"),
    ("POST", "/Users/AuthenticateByName", "login"),
    ("POST", "/Sessions/Logout", "logout"),
    ("GET", "/Sessions", "sessions"),
    ("POST", "/Users/Password", "password"),
    ("GET", _USER, "get"),
    ("POST", f"{_USER}/Policy", "policy"),
    ("POST", f"{_USER}/Password", "password"),
    ("DELETE", _USER, "terminate"),
)
_NOT_ON = {"emby": {("GET", "/Users"), ("POST", "/Users/Password")}, "jellyfin": {("GET", "/Users/Query")}}
_SETUP: dict[str, Any] = {
    "package": "movies",
    "other_package": "family",
    "operations": {
        Verb.SUSPEND: "policy",
        Verb.UNSUSPEND: "policy",
        Verb.CHANGE_PACKAGE: "policy",
        Verb.RESET_CREDENTIALS: "password",
    },
    "reads": {"find": "list_accounts"},
    "moves_with_package": frozenset({"policy"}),
    "settings": {"total_timeout": 5.0},  # a Retry-After beyond it is reported at once
}


class JellyfinPracticePanel(PracticePanel):
    """Users in SQLite, their policies as JSON; every write and its effect in one transaction."""

    imitates = "Jellyfin, its source of November 2026, or Emby, its public reference of November 2026"
    setups: ClassVar[Mapping[str, Setup]] = {
        "jellyfin": Setup(**_SETUP),
        "emby": Setup(**_SETUP, practice_options={"dialect": "emby"}),
    }

    known_options: ClassVar[KnownOptions] = {
        "dialect": ("jellyfin", "emby"),
        "password_path": ("query", "id"),  # id: an older Jellyfin
        "shows_password": ("yes", "no"),  # no: a release that says "has a password" of everybody
        "page": "500",  # most rows of a page; Emby only
        "api_key": "",  # a random one
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for table in TABLES:
                db.execute(table)
            self._api_key = self.books.fact(db, "api_key", self.options["api_key"] or random_text(32))
            self._dialect = self.books.fact(db, "dialect", self.options["dialect"])
            if row_of(db, name="root") is None:
                insert_user(db, "root", random_text(16), IsAdministrator=True)
        path = self.options["password_path"]
        self._old_path = path == "id"

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "base_url": url,
            "dialect": self._dialect,
            "api_key": self._api_key,
            "packages": {name: dict(package) for name, package in PACKAGES.items()},
            "old_password_path": self._old_path,
        }

    def secrets(self) -> tuple[str, ...]:
        return (self._api_key,)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = db.execute("SELECT * FROM users ORDER BY name_key").fetchall()
            sessions = [row["user_id"] for row in db.execute("SELECT user_id FROM sessions")]
        accounts = {row["name"]: state_of(row, PACKAGES, self._dialect) for row in rows}
        return {"accounts": accounts, "sessions": sessions, **self.books.effects()}

    def cannot(self, fault: Fault) -> str | None:
        if fault is Fault.TRUNCATED_PAGE and self._dialect == "jellyfin":
            return "the list is one bare array: no count shows a row that is not there"
        return None

    def operation(self, request: PracticeRequest) -> str:
        return self._route(request)[0]

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, user_id = self._route(request)
        if operation == "nothing":
            return PracticeReply(status=404)
        answer: Callable[..., PracticeReply] = getattr(self, f"_{operation}")
        with self.books.writing() as db:
            try:
                if operation not in ("login", "logout"):
                    self._admit(request)
                return answer(db, user_id, request)
            except Refused as refusal:  # in here: a wrong password is refused, and counted for good
                return refusal.reply

    def _route(self, request: PracticeRequest) -> tuple[str, str]:
        for method, pattern, operation in ROUTES:
            found = re.fullmatch(pattern, request.path)
            if method != request.method or found is None or (method, pattern) in _NOT_ON[self._dialect]:
                continue
            by_query = pattern == "/Users/Password"
            if operation == "password" and self._dialect == "jellyfin" and by_query is self._old_path:
                continue
            return operation, found[1] if found.groups() else request.value("userId") or ""
        return "nothing", ""

    def _admit(self, request: PracticeRequest) -> None:
        given = request.headers.get("x-emby-token", "")
        reported = re.fullmatch(
            r'MediaBrowser (?:.*, ?)?Token="([^"]*)".*', request.headers.get("authorization", "")
        )
        if reported is not None and self._dialect == "jellyfin":
            given = reported[1]
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise Refused(401)

    def _subject(self, db: sqlite3.Connection, user_id: str) -> sqlite3.Row:
        row: sqlite3.Row | None = row_of(db, user_id=user_id)
        if row is None:
            raise Refused(404, json.dumps("User not found"))
        return row

    def _test_connection(self, *_: Any) -> PracticeReply:
        emby = self._dialect == "emby"
        version = "4.9.1.0" if emby else "10.11.0"
        return PracticeReply.json({"ServerName": "practice", "Version": version, "Id": "0" * 32})

    def _sessions(self, db: sqlite3.Connection, *_: Any) -> PracticeReply:
        """What plays, as the books have it: see the fact ``sessions``."""
        return PracticeReply.json(json.loads(self.books.fact(db, "sessions", "[]")))

    def _media_folders(self, *_: Any) -> PracticeReply:
        items = [{"Name": name, "Id": key, "Type": "CollectionFolder"} for key, name in FOLDERS.items()]
        return PracticeReply.json({"Items": items, "TotalRecordCount": len(items), "StartIndex": 0})

    def _list_accounts(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        rows = [self._shown(row) for row in db.execute("SELECT * FROM users ORDER BY name_key")]
        if self._dialect == "jellyfin":
            return PracticeReply.json(rows)
        start = int(request.value("StartIndex") or 0)
        size = min(int(request.value("Limit") or 100), int(self.options["page"]))
        return PracticeReply.json({"Items": rows[start : start + size], "TotalRecordCount": len(rows)})

    def _get(self, db: sqlite3.Connection, user_id: str, _: PracticeRequest) -> PracticeReply:
        return PracticeReply.json(self._shown(self._subject(db, user_id)))

    def _create(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        """Two steps inside: the user, which stays, then its password."""
        body = request.json()
        name = body.get("Name")
        if not isinstance(name, str) or re.fullmatch(r"(?! )[\w \-'.@+]+(?<! )", name) is None:
            raise Refused(400)
        if row_of(db, name=name) is not None:
            raise Refused(400)
        password = body.get("Password") if self._dialect == "jellyfin" else None
        fails = int(self.books.fact(db, "passwords_that_fail", "0"))
        self.books.set_fact(db, "passwords_that_fail", str(max(0, fails - 1)))
        row = insert_user(db, name, None if fails else password)
        self.books.record(db, "create", name)
        if fails:
            status = int(self.books.fact(db, "failing_status", "500"))
            return PracticeReply(status=status, body=b"Error processing request.", content_type="text/plain")
        return PracticeReply.json(self._shown(row))

    def _policy(self, db: sqlite3.Connection, user_id: str, request: PracticeRequest) -> PracticeReply:
        row = self._subject(db, user_id)
        replace_policy(self.books, db, row, request.json(), self._dialect)
        return PracticeReply(status=204)

    def _password(self, db: sqlite3.Connection, user_id: str, request: PracticeRequest) -> PracticeReply:
        set_password(self.books, db, self._subject(db, user_id), request.json())
        return PracticeReply(status=204)

    def _terminate(self, db: sqlite3.Connection, user_id: str, _: PracticeRequest) -> PracticeReply:
        delete_user(self.books, db, self._subject(db, user_id))
        return PracticeReply(status=204)

    def _login(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        user = authenticate(self.books, db, request, self._dialect)
        token = random_text(32)
        db.execute("INSERT INTO sessions (token, user_id) VALUES (?, ?)", (token, user["id"]))
        db.execute("UPDATE users SET last_login = ? WHERE id = ?", (self.now().isoformat(), user["id"]))
        return PracticeReply.json({"User": self._shown(user), "AccessToken": token, "ServerId": "0" * 32})

    def _logout(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        reported = re.search(r'Token="([^"]*)"', request.headers.get("authorization", ""))
        token = reported[1] if reported else request.headers.get("x-emby-token", "")
        if db.execute("DELETE FROM sessions WHERE token = ?", (token,)).rowcount == 0:
            raise Refused(401)
        return PracticeReply(status=204)

    def _shown(self, row: sqlite3.Row) -> dict[str, Any]:
        says = self.options["shows_password"]
        return shown(row, shows_password=says == "yes")

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name not in ACTS:
            raise UnknownAct(name)
        with self.books.writing() as db:
            return ACTS[name](self.books, db, arguments)


PRACTICE = JellyfinPracticePanel
