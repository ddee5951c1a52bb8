"""The practice panel: Dispatcharr 0.29.0 as the README says it, users and player API, with its books."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from datetime import timedelta
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
from panelbridge_dispatcharr import practice_tables as users
from panelbridge_dispatcharr.mapping import REFERENCE

_SPANS = {"access": timedelta(minutes=30), "refresh": timedelta(days=1)}
_ONE_USER = r"/api/accounts/users/(\d+)/"
ROUTES = (
    ("POST", "/api/accounts/token/", "sign_in"),
    ("POST", "/api/accounts/token/refresh/", "refresh"),
    ("POST", "/api/accounts/api-keys/generate/", "generate_key"),
    ("GET", "/api/accounts/users/me/", "test_connection"),
    ("PATCH", "/api/accounts/users/me/", "edit_me"),
    ("GET", "/api/core/version/", "version"),
    ("GET", "/api/channels/profiles/", "list_packages"),
    ("GET", "/api/accounts/users/", "list_accounts"),
    ("POST", "/api/accounts/users/", "create"),
    ("GET", _ONE_USER, "get"),
    ("PATCH", _ONE_USER, "edit"),
    ("DELETE", _ONE_USER, "terminate"),
    ("GET", "/player_api.php", "play"),
)
_OPEN = frozenset({"sign_in", "refresh", "play"})
_FOR_ALL = frozenset({"test_connection", "version", "edit_me", "generate_key"})
_SUCCESS = {"create": 201, "terminate": 204}


class _Refused(Exception):
    def __init__(self, reply: PracticeReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class DispatcharrPractice(PracticePanel):
    """Users in SQLite; every write and its effect in one transaction."""

    imitates = "Dispatcharr 0.29.0"
    setups: ClassVar[Mapping[str, Setup]] = {
        "key": Setup(
            package="1",
            other_package="2",
            reads={"find": "list_accounts"},
            moves_with_package=frozenset({"profiles"}),
        )
    }

    known_options: ClassVar[KnownOptions] = {
        "auth": ("key", "jwt"),  # which settings are printed
        "level": "10",  # user_level of our own user
        "logins": "1000000000",  # how many sign-ins before it answers 429
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in users.TABLES.split(";"):
                db.execute(statement)
            if self.books.fact(db, "profiles", "new") == "new":
                db.executemany("INSERT INTO profiles VALUES (?, ?)", users.PROFILES.items())
                self.books.set_fact(db, "profiles", "made")
            self._key = self.books.fact(db, "api_key", random_text(40))
            self._password = self.books.fact(db, "admin_password", random_text(20))
            level = int(self.options["level"])
            if users.by_name(db, "bridge") is None:
                self._insert(
                    db, username="bridge", password=self._password, user_level=level, api_key=self._key
                )

    def settings(self, url: str) -> dict[str, Any]:
        if self.options["auth"] == "jwt":
            return {"base_url": url, "username": "bridge", "password": self._password}
        return {"base_url": url, "api_key": self._key}

    def secrets(self) -> tuple[str, ...]:
        return (self._key, self._password)

    def cannot(self, fault: Fault) -> str | None:
        """A list without pages and without a count cannot betray a missing row."""
        return "its list has neither pages nor a count" if fault is Fault.TRUNCATED_PAGE else None

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = list(db.execute("SELECT * FROM users WHERE user_level < 10 ORDER BY id"))
        return {"accounts": {row["username"]: _in_books(row) for row in rows}, **self.books.effects()}

    def operation(self, request: PracticeRequest) -> str:
        operation, place = _route(request)
        if operation != "edit":
            return operation
        with self.books.reading() as db:
            return _kind_of_edit(users.by_id(db, place), _object(request))

    def respond(self, request: PracticeRequest) -> PracticeReply:
        operation, place = _route(request)
        if operation == "nothing":
            return PracticeReply.html("404 Not Found", status=404)
        answer: Callable[..., Any] = getattr(self, f"_{operation}")
        try:
            with self.books.writing() as db:
                if operation not in _OPEN:
                    self._admit(db, operation, request)
                content = answer(db, self._subject(db, place), request)
        except _Refused as refusal:
            return refusal.reply
        if isinstance(content, PracticeReply):
            return content
        status = _SUCCESS.get(operation, 200)
        return PracticeReply(status=204) if content is None else PracticeReply.json(content, status=status)

    def _admit(self, db: sqlite3.Connection, operation: str, request: PracticeRequest) -> None:
        caller = self._caller(db, request)
        if caller is None:
            raise _Refused(_detail(401, "no valid credentials"))
        if operation not in _FOR_ALL and caller["user_level"] < 10:
            raise _Refused(_detail(403, "level 10 is needed"))

    def _caller(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        key = value if scheme == "ApiKey" else request.headers.get("x-api-key")
        if key:
            return db.execute("SELECT * FROM users WHERE api_key = ?", (key,)).fetchone()
        if scheme != "Bearer":
            return None
        known = db.execute(
            "SELECT user_id FROM tokens WHERE token = ? AND kind = 'access' AND ends_at > ?",
            (value, self.now().timestamp()),
        ).fetchone()
        if known is None:
            raise _Refused(_detail(401, "the token is not valid", code="token_not_valid"))
        return users.by_id(db, known["user_id"])

    def _subject(self, db: sqlite3.Connection, place: str | None) -> Any:
        if place is None:
            return None
        row = users.by_id(db, place)
        if row is None:
            raise _Refused(_detail(404, "no such user"))
        return row

    def _sign_in(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        body = _object(request)
        tried = int(self.books.fact(db, "logins", "0")) + 1
        self.books.set_fact(db, "logins", str(tried))
        if tried > int(self.options["logins"]):
            raise _Refused(PracticeReply.json({"detail": "slow down"}, status=429))
        row = users.by_name(db, str(body.get("username")))
        if row is None or row["password"] != body.get("password"):
            raise _Refused(_detail(401, "no such name and password", code="no_active_account"))
        return {kind: self._token(db, row["id"], kind) for kind in _SPANS}

    def _token(self, db: sqlite3.Connection, user_id: int, kind: str) -> str:
        token = random_text(60)
        ends_at = (self.now() + _SPANS[kind]).timestamp()
        db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?)", (token, user_id, kind, ends_at))
        return token

    def _refresh(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        """A day long, whatever became of the password it was made with."""
        known = db.execute(
            "SELECT user_id FROM tokens WHERE token = ? AND kind = 'refresh' AND ends_at > ?",
            (str(_object(request).get("refresh")), self.now().timestamp()),
        ).fetchone()
        if known is None or users.by_id(db, known["user_id"]) is None:
            raise _Refused(_detail(401, "the token is not valid", code="token_not_valid"))
        return {"access": self._token(db, known["user_id"], "access")}

    def _generate_key(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        key = random_text(40)
        users.update(db, self._caller(db, request)["id"], {"api_key": key})
        return {"key": key}

    def _edit_me(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        """Whoever is signed in: a web password, and every property but the protected ones."""
        caller, body = self._caller(db, request), _object(request)
        columns: dict[str, Any] = {name: body[name] for name in ("password", "email") if name in body}
        if isinstance(body.get("custom_properties"), dict):
            own = {n: v for n, v in body["custom_properties"].items() if n not in users.PROTECTED}
            columns["custom_properties"] = users.merged(caller, own)
        return users.shown(users.update(db, caller["id"], columns))

    def _test_connection(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        return users.shown(self._caller(db, request))

    def _version(self, _: sqlite3.Connection, __: None, ___: PracticeRequest) -> Any:
        return {"version": "0.29.0"}

    def _list_packages(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> Any:
        return [{"id": id_, "name": name, "channels": []} for id_, name in users.profiles(db).items()]

    def _list_accounts(self, db: sqlite3.Connection, _: None, __: PracticeRequest) -> Any:
        """All of them, whatever ``username`` or ``search`` say."""
        return [users.shown(row) for row in db.execute("SELECT * FROM users ORDER BY id")]

    def _get(self, _: sqlite3.Connection, row: sqlite3.Row, __: PracticeRequest) -> Any:
        return users.shown(row)

    def _create(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        body = _object(request)
        _check(db, body, None)
        if "password" not in body:
            raise _Refused(PracticeReply.html("Server Error (500)", status=500))
        properties = {
            name: value for name, value in body.get("custom_properties", {}).items() if value is not None
        }
        columns = _columns(body)
        cut = int(self.books.fact(db, "creates_to_cut", "0"))
        if cut:  # the user is saved first and its profiles after it, in no transaction
            self.books.set_fact(db, "creates_to_cut", str(cut - 1))
            columns.pop("channel_profiles", None)
        row = self._insert(db, **columns, custom_properties=properties)
        self.books.record(db, "create", row["username"])
        if cut:
            return PracticeReply.html("Server Error (500)", status=500)
        return users.shown(row)

    def _edit(self, db: sqlite3.Connection, row: sqlite3.Row, request: PracticeRequest) -> Any:
        """What it knows is set; what it does not know, such as ``is_active``, is passed over in silence."""
        body = _object(request)
        _check(db, body, row)
        kind = _kind_of_edit(row, body)
        columns = _columns(body)
        if "custom_properties" in body:
            columns["custom_properties"] = users.merged(row, body["custom_properties"])
        if columns:
            row = users.update(db, row["id"], columns)
            self.books.record(db, kind, row["username"], fields=sorted(columns))
        return users.shown(row)

    def _terminate(self, db: sqlite3.Connection, row: sqlite3.Row, _: PracticeRequest) -> None:
        db.execute("DELETE FROM users WHERE id = ?", (row["id"],))
        self.books.record(db, "terminate", row["username"])

    def _play(self, db: sqlite3.Connection, _: None, request: PracticeRequest) -> Any:
        """The player API: knows ``xc_password`` alone, and makes an expiry up."""
        row = users.by_name(db, request.value("username") or "")
        if row is None:
            raise _Refused(_detail(404, "no such user"))
        password = users.player_password(row)
        if password is None or password != request.value("password"):
            raise _Refused(PracticeReply.json({"error": "Unauthorized"}, status=401))
        until = int((self.now() + timedelta(days=90)).timestamp())
        return {"user_info": {"username": row["username"], "auth": 1, "exp_date": str(until)}}

    def _insert(self, db: sqlite3.Connection, **columns: Any) -> Any:
        return users.insert(db, {**columns, "date_joined": self.now().strftime("%Y-%m-%dT%H:%M:%SZ")})

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        with self.books.writing() as db:
            row = users.by_name(db, arguments["username"]) if "username" in arguments else None
            if row is not None:
                return self._act_on(db, row, name, arguments)
            match name:
                case "create":
                    properties = {"xc_password": random_text(12)}
                    body = {"username": arguments["username"], "password": random_text(12)}
                    return self._insert(db, **body, custom_properties=properties, channel_profiles=[1])["id"]
                case "forget_tokens":
                    return db.execute("DELETE FROM tokens").rowcount
                case "cut_creates":  # the next ones end between the user and its profiles
                    return self.books.set_fact(db, "creates_to_cut", str(arguments.get("times", 1)))
                case "delete_profile":
                    return users.delete_profile(db, arguments["profile"])
        raise UnknownAct(name)

    def _act_on(
        self, db: sqlite3.Connection, row: sqlite3.Row, name: str, arguments: Mapping[str, Any]
    ) -> Any:
        match name:
            case "delete":
                return db.execute("DELETE FROM users WHERE id = ?", (row["id"],)).rowcount
            case "edit":
                return users.update(db, row["id"], arguments["columns"])["id"]
            case "set_property":
                changed = users.merged(row, {arguments["key"]: arguments["value"]})
                return users.update(db, row["id"], {"custom_properties": changed})["id"]
        raise UnknownAct(name)


def _route(request: PracticeRequest) -> tuple[str, str | None]:
    for method, pattern, operation in ROUTES:
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found is not None:
            return operation, found[1] if found.groups() else None
    return "nothing", None


def _object(request: PracticeRequest) -> dict[str, Any]:
    body = request.json() if request.body else {}
    return body if isinstance(body, dict) else {}


def _kind_of_edit(row: sqlite3.Row | None, body: Mapping[str, Any]) -> str:
    """What an edit means to whoever uses the account."""
    properties = body.get("custom_properties") or {}
    plays = row is not None and users.player_password(row) is not None
    if "xc_password" in properties:
        if properties["xc_password"] is None:
            return "suspend"
        return "reset_credentials" if plays else "unsuspend"
    if "channel_profiles" in body:
        return "change_package"
    return "reset_credentials" if "password" in body else "edit"


def _check(db: sqlite3.Connection, body: Mapping[str, Any], row: sqlite3.Row | None) -> None:
    if row is None or "username" in body:
        name = str(body.get("username", ""))
        if re.fullmatch(r"[A-Za-z0-9._@-]+", name) is None:
            raise _Refused(_field("username", "only letters, digits and . _ @ -"))
        holder = users.by_name(db, name)
        if holder is not None and (row is None or holder["id"] != row["id"]):
            raise _Refused(_field("username", "taken"))
    known = users.profiles(db)
    unknown = [id_ for id_ in body.get("channel_profiles", []) if id_ not in known]
    if unknown:
        raise _Refused(_field("channel_profiles", f"no profile {unknown[0]}"))


def _columns(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in users.WRITABLE if name in body}


def _detail(status: int, words: str, **more: str) -> PracticeReply:
    return PracticeReply.json({"detail": words, **more}, status=status)


def _field(name: str, words: str) -> PracticeReply:
    return PracticeReply.json({name: [words]}, status=400)


def _in_books(row: sqlite3.Row) -> dict[str, Any]:
    player = users.player_password(row)
    profiles = json.loads(row["channel_profiles"])
    properties = json.loads(row["custom_properties"])
    return {
        "id": str(row["id"]),
        "username": row["username"],
        "password": player,
        "state": "suspended" if player is None else "active",
        "expires_at": None,
        "package": str(profiles[0]) if profiles else "unrestricted",  # every channel
        "profiles": profiles,
        "connections": row["stream_limit"],
        "reference": properties.get(REFERENCE),
        "custom_properties": properties,
    }


PRACTICE = DispatcharrPractice
