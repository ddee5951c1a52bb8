"""The practice panel: Pterodactyl 1.11's application API as its source reads, with its books."""

from __future__ import annotations

import hmac
import re
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)
from panelbridge_pterodactyl import practice_servers as servers
from panelbridge_pterodactyl import practice_users as users
from panelbridge_pterodactyl.practice_acts import ACTS
from panelbridge_pterodactyl.practice_wire import Refused, listed, refusal, resource

PACKAGES: Mapping[str, Mapping[str, Any]] = {
    "small": {
        "title": "Small",
        "egg": 5,
        "docker_image": "images.example/java:21",
        "startup": "java -jar {{SERVER_JARFILE}}",
        "environment": {"SERVER_JARFILE": "server.jar"},
        "limits": {"memory": 2048, "disk": 10240, "cpu": 100},
        "feature_limits": {"databases": 1, "allocations": 1, "backups": 1},
    },
    "large": {
        "title": "Large",
        "egg": 5,
        "docker_image": "images.example/java:21",
        "startup": "java -jar {{SERVER_JARFILE}}",
        "environment": {"SERVER_JARFILE": "server.jar"},
        "limits": {"memory": 8192, "swap": -1, "disk": 0, "cpu": 400, "io": 800},
        "feature_limits": {"databases": 5, "allocations": 3, "backups": 10},
    },
}
_BASE = "/api/application"
_SERVER = rf"{_BASE}/servers/(\d+)"
_USER = rf"{_BASE}/users/(\d+)"
ROUTES = (
    ("GET", f"{_BASE}/users", "list_users"),
    ("POST", f"{_BASE}/users", "create_user"),
    ("GET", _USER, "get_user"),
    ("GET", rf"{_BASE}/users/external/([^/]+)", "find_user"),
    ("PATCH", _USER, "update_user"),
    ("DELETE", _USER, "delete_user"),
    ("GET", f"{_BASE}/servers", "list_accounts"),
    ("POST", f"{_BASE}/servers", "create"),
    ("GET", _SERVER, "get"),
    ("GET", rf"{_BASE}/servers/external/([^/]+)", "find"),
    ("POST", f"{_SERVER}/suspend", "suspend"),
    ("POST", f"{_SERVER}/unsuspend", "unsuspend"),
    ("PATCH", f"{_SERVER}/build", "change_package"),
    ("DELETE", _SERVER, "terminate"),
)
_MINUTE = 60.0


class PterodactylPracticePanel(PracticePanel):
    """Users and servers in SQLite; every write and its effect in one transaction."""

    imitates = "Pterodactyl 1.11 (its application API)"
    setups: ClassVar[Mapping[str, Setup]] = {
        "1.11": Setup(
            package="small",
            other_package="large",
            practice_options={"rate": "0", "page": "3"},
            operations={Verb.RESET_CREDENTIALS: "update_user"},
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "install": "1",  # reads of a server until it is installed
        "rate": "240",  # requests a minute, 0: no limit
        "page": "100",  # most rows of a page
        "api_key": "",  # a random one
    }

    def seed(self) -> None:
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()
        with self.books.writing() as db:
            for table in (users.TABLE, servers.TABLE):
                db.execute(table)
            key = self.options["api_key"] or f"ptla_{random_text(43)}"
            self._api_key = self.books.fact(db, "api_key", key)
            if users.row_of(db, "username", "root") is None:
                users.insert(db, username="root", email="root@panel.example", root_admin=1)

    def settings(self, url: str) -> dict[str, Any]:
        packages = {name: dict(package) for name, package in PACKAGES.items()}
        return {"base_url": url, "api_key": self._api_key, "packages": packages, "poll_seconds": 0.01}

    def secrets(self) -> tuple[str, ...]:
        return (self._api_key,)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            accounts = {row["username"]: servers.reported(row, PACKAGES) for row in servers.with_users(db)}
            logins = [row["username"] for row in db.execute("SELECT username FROM users ORDER BY id")]
        return {"accounts": accounts, "users": logins, **self.books.effects()}

    def operation(self, request: PracticeRequest) -> str:
        return _route(request)[0]

    def respond(self, request: PracticeRequest) -> PracticeReply:
        reply = self._answer(request)
        wants_json = "application/json" in request.headers.get("accept", "")
        if request.path.startswith(_BASE) and reply.status >= 400 and not wants_json:
            return PracticeReply(status=302, headers={"Location": "/"})  # as a browser that sent a form
        return reply

    def _answer(self, request: PracticeRequest) -> PracticeReply:
        operation, place = _route(request)
        if not request.path.startswith(_BASE):
            return PracticeReply.html("Pterodactyl", status=200)
        try:
            self._admit(request)
            answer: Callable[..., PracticeReply] = getattr(self, f"_{operation}")
            with self.books.writing() as db:
                return answer(db, place, request)
        except Refused as refused:
            return refusal(refused)

    def _admit(self, request: PracticeRequest) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            raise Refused(401)
        limit, now = int(self.options["rate"]), time.monotonic()
        with self._lock:
            while self._recent and self._recent[0] <= now - _MINUTE:
                self._recent.popleft()
            if limit and len(self._recent) >= limit:
                raise Refused(429, retry_after=int(self._recent[0] + _MINUTE - now) + 1)
            self._recent.append(now)
        kind = request.path.removeprefix(f"{_BASE}/").partition("/")[0]
        right = "read" if request.method == "GET" else "write"
        with self.books.reading() as db:
            if self.books.fact(db, f"revoked:{kind}:{right}", "no") == "yes":
                raise Refused(403)

    def _nothing(self, *_: Any) -> PracticeReply:
        raise Refused(404)

    def _list_users(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        wanted = request.value("filter[email]")
        rows = [row for row in users.rows(db) if wanted in (None, row["email"])]
        return self._page("user", [users.shown(row) for row in rows], request)

    def _list_accounts(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        return self._page("server", [servers.shown(row) for row in servers.rows(db)], request)

    def _page(self, kind: str, rows: list[Any], request: PracticeRequest) -> PracticeReply:
        size = min(int(request.value("per_page") or 50), int(self.options["page"]))
        return listed(kind, rows, int(request.value("page") or 1), size)

    def _get_user(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        return resource("user", users.shown(users.the(db, "id", place)))

    def _find_user(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        return resource("user", users.shown(users.the(db, "external_id", place)))

    def _create_user(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        body = users.checked(db, request.json())
        row = users.insert(db, **body)
        self.books.record(db, "create_user", f"user {row['username']}")
        return resource("user", users.shown(row), status=201)

    def _update_user(self, db: sqlite3.Connection, place: str, request: PracticeRequest) -> PracticeReply:
        row = users.the(db, "id", place)
        after = users.update(db, row, users.checked(db, request.json(), row["id"]))
        self.books.record(db, "update_user", row["username"])
        return resource("user", users.shown(after))

    def _delete_user(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        row = users.the(db, "id", place)
        users.delete(db, row)
        self.books.record(db, "delete_user", f"user {row['username']}")
        return PracticeReply(status=204)

    def _reads(self, db: sqlite3.Connection) -> int:
        """After how many reads an installation has ended; while its queue stands still, it never does."""
        queued = self.books.fact(db, "queued", "no") == "yes"
        return 1_000_000 if queued else int(self.options["install"])

    def _create(self, db: sqlite3.Connection, _: str, request: PracticeRequest) -> PracticeReply:
        body = servers.checked(db, request.json())
        if self.books.fact(db, "no_room", "no") == "yes":
            raise Refused(400, "NoViableAllocationException")
        self._ask_node(db)  # a node that refuses: the panel deletes the half-made row itself
        fails = int(self.books.fact(db, "installs_that_fail", "0"))
        self.books.set_fact(db, "installs_that_fail", str(max(0, fails - 1)))
        row = servers.insert(db, body, reads=self._reads(db), fails=fails > 0)
        self.books.record(db, "create", users.the(db, "id", row["user_id"])["username"])
        return resource("server", servers.shown(row), status=201)

    def _get(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        row = servers.the(db, "id", place)
        reply = resource("server", servers.shown(row))
        servers.go_on(db, row)
        return reply

    def _find(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        return resource("server", servers.shown(servers.the(db, "external_id", place)))

    def _suspend(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        return self._switch(db, place, "suspend")

    def _unsuspend(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        return self._switch(db, place, "unsuspend")

    def _switch(self, db: sqlite3.Connection, place: str, kind: str) -> PracticeReply:
        row = servers.the(db, "id", place)
        wanted = "suspended" if kind == "suspend" else None
        if (row["status"] == "suspended") is not (kind == "suspend"):
            if row["transferring"]:
                raise Refused(409)
            self._ask_node(db)
            self._set(db, row, kind, status=wanted)
        return PracticeReply(status=204)

    def _change_package(self, db: sqlite3.Connection, place: str, request: PracticeRequest) -> PracticeReply:
        row = servers.the(db, "id", place)
        columns = servers.checked_build(request.json())
        self._ask_node(db)
        return resource("server", servers.shown(self._set(db, row, "change_package", **columns)))

    def _set(self, db: sqlite3.Connection, row: sqlite3.Row, kind: str, **columns: Any) -> sqlite3.Row:
        after = servers.update(db, row["id"], **columns)
        self.books.record(db, kind, users.the(db, "id", row["user_id"])["username"], **columns)
        return after

    def _terminate(self, db: sqlite3.Connection, place: str, _: PracticeRequest) -> PracticeReply:
        row = servers.the(db, "id", place)
        self._ask_node(db)
        name = users.the(db, "id", row["user_id"])["username"]
        db.execute("DELETE FROM servers WHERE id = ?", (row["id"],))
        self.books.record(db, "terminate", name)
        return PracticeReply(status=204)

    def _ask_node(self, db: sqlite3.Connection) -> None:
        """The daemon's own status comes through, in the panel's dress; what the panel changed is undone."""
        status = int(self.books.fact(db, "node_answers", "0"))
        if status:
            raise Refused(status, "DaemonConnectionException")

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name not in ACTS:
            raise UnknownAct(name)
        with self.books.writing() as db:
            return ACTS[name](self.books, db, arguments)


def _route(request: PracticeRequest) -> tuple[str, str]:
    for method, pattern, operation in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found is not None:
            return operation, found[1] if found.groups() else ""
    return "nothing", ""


PRACTICE = PterodactylPracticePanel
