"""The practice panel: Tvheadend of June 2026 as the README says it, with its books.

The Digest of a caller is checked as the real one does; a channel tag is taken as it comes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import PracticePanel, PracticeReply, PracticeRequest, Setup, UnknownAct
from panelbridge_tvheadend import practice_digest as digest
from panelbridge_tvheadend import practice_tables as entries

TAGS = {"b1" * 16: "Basic", "b2" * 16: "Sports", "b3" * 16: "Family"}
ROUTES = {
    "/api/serverinfo": "serverinfo",
    "/api/access/entry/grid": "access_grid",
    "/api/access/entry/userlist": "userlist",
    "/api/passwd/entry/grid": "passwd_grid",
    "/api/channeltag/grid": "channeltag_grid",
    "/api/access/entry/create": "create",
    "/api/passwd/entry/create": "create_password",
    "/api/idnode/save": "save",
    "/api/status/subscriptions": "subscriptions",
    "/api/idnode/delete": "delete",
    "/playlist": "playlist",  # what a player reads: streaming rights are enough
}
_NEEDS = {"serverinfo": {"webui", "admin"}, "playlist": {"basic", "advanced", "htsp"}}  # any of them
_GRIDS = frozenset({"access_grid", "passwd_grid"})
_DEFAULT_LIMIT = 50


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, **headers: str) -> None:
        super().__init__(status)
        page = PracticeReply.html(f"{status.value} {status.phrase}", status=status.value)
        self.reply = PracticeReply(
            status=status.value, body=page.body, content_type="text/html", headers=headers
        )


class TvheadendPractice(PracticePanel):
    """Entries in SQLite; every write and its effect in one transaction."""

    imitates = "Tvheadend, source of June 2026 (API version 19)"
    setups: ClassVar[Mapping[str, Setup]] = {
        "digest": Setup(
            package=next(iter(TAGS)),
            other_package=[*TAGS][1],
            reads={"get": "find"},
            moves_with_package=frozenset({"tags"}),
            # Small pages; and less time than a Retry-After of 7 s, which a read would wait for.
            settings={"page_rows": 3, "total_timeout": 5.0},
        )
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in entries.TABLES.split(";"):
                db.execute(statement)
            if self.books.fact(db, "tags", "") == "":
                self.books.set_fact(db, "tags", json.dumps(TAGS))
            self._seal = self.books.fact(db, "seal", random_text(32))
            self._password = self.books.fact(db, "admin_password", random_text(20))
            if not entries.rows(db, "access"):
                rights = {"webui": True, "admin": True, "streaming": ["basic", "advanced", "htsp"]}
                entries.insert(db, "access", {"enabled": True, "username": "bridge", **rights})
                login = {"username": "bridge", "password": self._password}
                entries.insert(db, "passwords", {"enabled": True, **login})

    def settings(self, url: str) -> dict[str, Any]:
        return {"base_url": url, "username": "bridge", "password": self._password}

    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            accounts = {
                row["username"]: entries.in_books(row, entries.named(db, "passwords", row["username"]))
                for row in reversed(entries.rows(db, "access"))
                if not row["admin"]
            }
            counted = {table: len(entries.rows(db, table)) for table in entries.TABLE_NAMES}
        return {"accounts": accounts, "entries": counted, **self.books.effects()}

    def operation(self, request: PracticeRequest) -> str:
        route = ROUTES.get(request.path, "nothing")
        if route in _GRIDS:
            return "find" if request.value("filter") else "list_accounts"
        if route == "save":
            return _kind_of_save(_json(request, "node"))
        names = {"serverinfo": "test_connection", "channeltag_grid": "list_packages", "delete": "terminate"}
        return names.get(route, route)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        route = ROUTES.get(request.path)
        try:
            with self.books.writing() as db:
                self._admit(db, route, request)
                answer: Callable[..., Any] = getattr(self, f"_{route}")
                return PracticeReply.json(answer(db, request))
        except _Refused as refusal:
            return refusal.reply

    def _admit(self, db: sqlite3.Connection, route: str | None, request: PracticeRequest) -> None:
        rights = self._rights(db, request)
        if route is None:
            raise _Refused(HTTPStatus.NOT_FOUND)
        if not rights & _NEEDS.get(route, {"admin"}):
            raise _Refused(HTTPStatus.FORBIDDEN)

    def _rights(self, db: sqlite3.Connection, request: PracticeRequest) -> set[str]:
        """What the caller may do: the sum of the access entries of the name, or of those for everybody."""
        header = request.headers.get("authorization", "")
        epoch = self.books.fact(db, "epoch", "1")
        parts = digest.parts_of(header, self._seal, epoch)
        if parts is None:
            open_to_all = _rights_of(db, "") | _rights_of(db, "*")
            if header or not open_to_all:
                asked = digest.challenge(self._seal, epoch)
                raise _Refused(HTTPStatus.UNAUTHORIZED, **{"WWW-Authenticate": asked})
            return open_to_all
        known = entries.named(db, "passwords", parts.get("username", ""))
        if not digest.fits(parts, request.method, [row["password"] for row in known if row["enabled"]]):
            raise _Refused(HTTPStatus.FORBIDDEN)
        return _rights_of(db, parts["username"])

    def _serverinfo(self, _: sqlite3.Connection, __: PracticeRequest) -> Any:
        return {
            "sw_version": "4.3-practice",
            "api_version": 19,
            "name": "Tvheadend",
            "capabilities": ["trace"],
        }

    def _subscriptions(self, db: sqlite3.Connection, _: PracticeRequest) -> Any:
        """What plays, as the books have it: see the fact ``subscriptions``."""
        entries_ = json.loads(self.books.fact(db, "subscriptions", "[]"))
        return {"entries": entries_, "totalCount": len(entries_)}

    def _access_grid(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        return self._entries(db, "access", request)

    def _passwd_grid(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        return self._entries(db, "passwords", request)

    def _entries(self, db: sqlite3.Connection, table: str, request: PracticeRequest) -> Any:
        kept = entries.filtered(db, table, _json(request, "filter") or ())
        return _page(kept, entries.shown, request)

    def _userlist(self, _: sqlite3.Connection, __: PracticeRequest) -> Any:
        return {"entries": []}

    def _playlist(self, _: sqlite3.Connection, __: PracticeRequest) -> Any:
        return {"channels": []}

    def _tags(self, db: sqlite3.Connection) -> dict[str, str]:
        known: dict[str, str] = json.loads(self.books.fact(db, "tags", "{}"))
        return known

    def _stored(self, db: sqlite3.Connection, values: Mapping[str, Any]) -> dict[str, Any]:
        """A channel tag that does not exist is left out without a word (seen on the source of June 2026)."""
        if "channel_tag" not in values:
            return dict(values)
        return {**values, "channel_tag": [tag for tag in values["channel_tag"] if tag in self._tags(db)]}

    def _channeltag_grid(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        tags = [{"uuid": uuid, "enabled": True, "name": name} for uuid, name in self._tags(db).items()]
        return _page(tags, dict, request)

    def _create(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        return self._insert(db, "access", "create", _json(request, "conf"))

    def _create_password(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        return self._insert(db, "passwords", "create_password", _json(request, "conf"))

    def _insert(self, db: sqlite3.Connection, table: str, kind: str, conf: Any) -> Any:
        """A second entry of the same name is as good as the first."""
        if not isinstance(conf, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        uuid = entries.insert(db, table, self._stored(db, conf))
        self.books.record(db, kind, str(conf.get("username", "")))
        return {"uuid": uuid}

    def _save(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        node = _json(request, "node")
        if not isinstance(node, dict):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        found = entries.by_uuid(db, str(node.get("uuid")))
        if found is None:
            raise _Refused(HTTPStatus.BAD_REQUEST)
        table, row = found
        entries.update(db, table, row["uuid"], self._stored(db, node))
        self.books.record(db, _kind_of_save(node), row["username"], table=table)
        return {}

    def _delete(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        """Of a list only what is of the first one's class goes; a list of nothing is a success."""
        asked = request.value("uuid") or ""
        uuids = _json(request, "uuid") if asked.startswith("[") else [asked]
        found = [entry for uuid in uuids if (entry := entries.by_uuid(db, str(uuid))) is not None]
        if not found and not asked.startswith("["):
            raise _Refused(HTTPStatus.NOT_FOUND)
        for table, row in found:
            if table == found[0][0]:
                entries.delete(db, table, row["uuid"])
                self.books.record(db, "terminate", row["username"], table=table)
        return {}

    def _delete_tag(self, db: sqlite3.Connection, tag: str) -> None:
        """Whose only one it was is left with none, and so with every channel."""
        left = {uuid: name for uuid, name in self._tags(db).items() if uuid != tag}
        self.books.set_fact(db, "tags", json.dumps(left))
        for row in entries.rows(db, "access"):
            kept = {"channel_tag": json.loads(row["channel_tag"])}
            entries.update(db, "access", row["uuid"], self._stored(db, kept))

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one a name
        with self.books.writing() as db:
            match name:
                case "create":
                    conf = {"enabled": True, "username": arguments["username"], "channel_tag": [*TAGS][:1]}
                    entries.insert(db, "access", conf)
                    return entries.insert(db, "passwords", {**conf, "password": random_text(12)})
                case "delete":
                    tables = arguments.get("tables", entries.TABLE_NAMES)
                    return sum(
                        entries.delete(db, table, row["uuid"])
                        for table in tables
                        for row in entries.named(db, table, arguments["username"])
                    )
                case "insert":
                    return entries.insert(db, arguments["table"], arguments["conf"])
                case "edit":
                    for row in entries.named(db, arguments["table"], arguments["username"]):
                        entries.update(db, arguments["table"], row["uuid"], arguments["values"])
                    return None
                case "delete_tag":
                    return self._delete_tag(db, arguments["tag"])
                case "forget_nonces":
                    return self.books.set_fact(db, "epoch", random_text(8))
                case "revoke":  # our own admin right
                    own = entries.named(db, "access", "bridge")[0]
                    return entries.update(db, "access", own["uuid"], {arguments["permission"]: False})
        raise UnknownAct(name)


def _rights_of(db: sqlite3.Connection, username: str) -> set[str]:
    rights: set[str] = set()
    for row in entries.named(db, "access", username):
        if row["enabled"]:
            rights |= {name for name in ("webui", "admin") if row[name]} | set(json.loads(row["streaming"]))
    return rights


def _json(request: PracticeRequest, name: str) -> Any:
    """The JSON text inside a form field; ``None`` when there is none."""
    try:
        return json.loads(request.value(name) or "")
    except ValueError:
        return None


def _kind_of_save(node: Any) -> str:
    named = node if isinstance(node, dict) else {}
    if "enabled" in named:
        return "unsuspend" if named["enabled"] else "suspend"
    if "password" in named:
        return "reset_credentials"
    return "change_package" if {"channel_tag", "conn_limit"} & named.keys() else "edit"


def _page(kept: list[Any], show: Callable[[Any], Any], request: PracticeRequest) -> dict[str, Any]:
    """Fifty rows unless told otherwise; ``total`` counts what the filter left."""
    start = int(request.value("start") or 0)
    limit = int(request.value("limit") or _DEFAULT_LIMIT)
    return {"entries": [show(row) for row in kept[start : start + limit]], "total": len(kept)}


PRACTICE = TvheadendPractice
