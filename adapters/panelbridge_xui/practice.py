"""The practice panel: an imitation of XC_VM's source of July 2025, both APIs, with the traps seen on it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    Setup,
    UnknownAct,
)
from panelbridge_xui.practice_acts import ACTS
from panelbridge_xui.practice_admin import AdminApi
from panelbridge_xui.practice_devices import DEVICE_APIS, DEVICE_TABLES
from panelbridge_xui.practice_lines import LineActions, User
from panelbridge_xui.practice_reseller import ResellerApi
from panelbridge_xui.practice_tables import ADMIN, OURS, TABLES, seed
from panelbridge_xui.practice_view import shown_effects, shown_lines
from panelbridge_xui.practice_wire import PanelCrash, Parameters, Refused, answer, empty

_VERBS = {
    "create": "create",
    "disable": "suspend",
    "enable": "unsuspend",
    "delete": "terminate",
    "get": "get",
}
_KINDS = ("line", "mag", "enigma")
_OPERATIONS = {
    **{f"{verb}_{kind}": name for verb, name in _VERBS.items() for kind in _KINDS},
    "packages": "list_packages",
    "get_packages": "list_packages",
}
_LISTS = tuple(f"get_{kind}s" for kind in _KINDS)
_EDITS = tuple(f"edit_{kind}" for kind in _KINDS)
ApiT = TypeVar("ApiT", bound=LineActions)
_PLAYER = ("/player_api.php", "/player_api")


def _lines(**options: str) -> Setup:
    moves = frozenset({"bouquets"})
    return Setup(package="1", other_package="20", practice_options=options, moves_with_package=moves)


def _boxes(device: str, **options: str) -> Setup:
    searched = {"device_search": "notes", **options}
    moves = frozenset({"bouquets"})
    return Setup(
        package="41",
        other_package="42",
        practice_options=searched,
        device=device,
        moves_with_package=moves,
    )


class XuiPractice(PracticePanel):
    """One XC_VM-like panel: our reseller, another one with lines of its own, an admin, packages."""

    imitates = "XC_VM, source of July 2025 (Admin API and Reseller API, lines and devices)"
    setups: ClassVar[Mapping[str, Setup]] = {
        "reseller": _lines(dialect="reseller", credits="5000"),
        "reseller-admin-lookup": _lines(dialect="reseller", credits="5000", admin_lookup="on"),
        "reseller-list-works": _lines(dialect="reseller", credits="5000", reseller_list="works"),
        "admin": _lines(dialect="admin"),
        "reseller-mag": _boxes("mag", dialect="reseller", credits="5000", admin_lookup="on"),
        "admin-enigma": _boxes("enigma", dialect="admin"),
    }

    known_options: ClassVar[KnownOptions] = {
        "dialect": ("reseller", "admin"),  # whose settings are printed
        "admin_lookup": ("off", "on"),  # on: the reseller's settings hold an admin credential too
        "reseller_list": ("empty", "works"),
        "ownership": ("missing", "enforced"),
        "balance": ("racy", "atomic"),
        "race_window": "0",  # seconds between reading and writing the balance
        "device_search": ("mac", "notes"),  # what the search of devices looks at
        "credits": "100",
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in (TABLES + DEVICE_TABLES).split(";\n"):
                db.execute(statement)
            seed(db, credit=float(self.options["credits"]), now=self.now())
            self._reseller_code = self.books.fact(db, "reseller_code", secrets.token_hex(6))
            self._door = self.books.fact(db, "door", "open")
            self._admin_code = self.books.fact(db, "admin_code", secrets.token_hex(6))
        given = (self.books, self.now, self.options)
        resellers, admins = DEVICE_APIS
        self._reseller = (ResellerApi(*given), *(api(*given) for api in resellers))
        self._admin = (AdminApi(*given), *(api(*given) for api in admins))

    def settings(self, url: str) -> dict[str, Any]:
        with self.books.reading() as db:
            keys = {row["id"]: row["api_key"] for row in db.execute("SELECT id, api_key FROM users")}
            newest = db.execute("SELECT max(id) FROM lines").fetchone()[0]
        admin = {"admin_access_code": self._admin_code, "admin_api_key": keys[ADMIN]}
        if self.options["dialect"] == "admin":
            return {
                "base_url": url,
                "dialect": "admin",
                "access_code": self._admin_code,
                "api_key": keys[ADMIN],
                "member_id": OURS,
            }
        reseller = {"base_url": url, "dialect": "reseller", "access_code": self._reseller_code}
        lookup = admin if self.options["admin_lookup"] == "on" else {}
        return {**reseller, "api_key": keys[OURS], "probe_from": newest, **lookup}

    def secrets(self) -> tuple[str, ...]:
        return self._reseller_code, self._admin_code

    def operation(self, request: PracticeRequest) -> str:
        action = request.value("action") or "none"
        if action in _LISTS:
            return "find" if request.value("search[value]") else "list_accounts"
        if action not in _EDITS:
            return _OPERATIONS.get(action, action)
        parameters = Parameters(request)
        if self._code(request) == self._admin_code:
            return self._api(self._admin, parameters).kind_of(parameters)
        if not parameters.has("package"):
            return "reset_credentials" if parameters.has("password") else "edit"
        try:
            with self.books.reading() as db:
                package = self._api(self._reseller, parameters).line(db, parameters)["package_id"]
        except Refused:
            return "extend"
        return "extend" if package == parameters.number("package") else "change_package"

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if request.path in _PLAYER:
            return self._player(request)
        code = self._code(request)
        apis = {self._reseller_code: self._reseller, self._admin_code: self._admin}
        if code not in apis:
            return PracticeReply.html("404 Not Found", status=404)
        if self._door == "closed":
            return PracticeReply.html("403 Forbidden", status=403)
        parameters = Parameters(request)
        try:
            api = apis[code]
            user = self._user(parameters, admin=api is self._admin)
            action = self._api(api, parameters).actions()[parameters.text("action") or ""]
            return answer(_columns(action(user, parameters), parameters))
        except Refused as refused:
            return answer(_refusal(refused, parameters))
        except PanelCrash:
            return empty()

    def pretend(self, request: PracticeRequest) -> PracticeReply:
        """A create or edit is answered by a read of the account, so a lie shows it unmoved or not at all."""
        parameters = Parameters(request)
        action = parameters.text("action") or ""
        if not action.startswith(("create_", "edit_")):
            return answer({"status": "STATUS_SUCCESS"})
        api = self._api(self._admin, parameters)
        with self.books.reading() as db:
            if action in _EDITS:
                return answer(api.full(db, api.line(db, parameters)["id"]))
            newest = db.execute("SELECT max(id) FROM lines").fetchone()[0]
        return answer({"status": "STATUS_SUCCESS", "data": {"id": str(newest + 1)}})

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            lines = [dict(row) for row in db.execute("SELECT * FROM lines ORDER BY id")]
            devices = (
                "SELECT user_id, mac FROM mag_devices UNION ALL SELECT user_id, mac FROM enigma2_devices"
            )
            macs = {row["user_id"]: row["mac"] for row in db.execute(devices)}
            balance = db.execute("SELECT credits FROM users WHERE id = ?", (OURS,)).fetchone()[0]
        return {
            "balance": balance,
            **shown_lines(lines, macs, self.now()),
            **shown_effects(self.books.effects()),
        }

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """What the panel's owner does: those of ``practice_acts`` and ``door`` (state: open, closed)."""
        if name == "door":
            with self.books.writing() as db:
                self.books.set_fact(db, "door", str(arguments["state"]))
            self._door = str(arguments["state"])
            return {}
        if name not in ACTS:
            raise UnknownAct(name)
        with self.books.writing() as db:
            ACTS[name](db, arguments, self.now())
        return {}

    @staticmethod
    def _code(request: PracticeRequest) -> str | None:
        """The access code; a path without its trailing slash is served for codes of four and more only."""
        parts = request.path.removesuffix("index.php").split("/")
        return parts[1] if len(parts) in (2, 3) and not any(parts[2:]) else None

    def _user(self, parameters: Parameters, *, admin: bool) -> User:
        """Wrong key, disabled user and wrong role: one answer."""
        role = "is_admin" if admin else "is_reseller"
        with self.books.reading() as db:
            user: User | None = db.execute(
                f"SELECT u.* FROM users u JOIN user_groups g ON g.group_id = u.member_group_id "  # noqa: S608
                f"WHERE u.api_key = ? AND u.status = 1 AND g.{role} = 1",
                (parameters.text("api_key") or "-",),
            ).fetchone()
        if user is None:
            raise Refused("STATUS_FAILURE", error="Invalid API key.")
        return user

    @staticmethod
    def _api(apis: tuple[ApiT, ...], parameters: Parameters) -> ApiT:
        """Lines, or the kind of device that the action is of."""
        asked = parameters.text("action") or ""
        found = next((api for api in apis if asked in api.actions()), None)
        if found is None:
            raise Refused("STATUS_FAILURE", error="Invalid action.")
        return found

    def _player(self, request: PracticeRequest) -> PracticeReply:
        """The subscriber's login: on this release a valid one prints nothing, any other is a 404 page."""
        with self.books.reading() as db:
            valid = db.execute(
                "SELECT 1 FROM lines WHERE username = ? AND password = ? AND enabled = 1 "
                "AND admin_enabled = 1 AND (exp_date IS NULL OR exp_date > ?)",
                (request.value("username"), request.value("password"), int(self.now().timestamp())),
            ).fetchone()
        return PracticeReply(body=b"") if valid else PracticeReply.html("404 Not Found", status=404)


def _columns(content: Any, parameters: Parameters) -> Any:
    """``show_columns`` and ``hide_columns`` filter ``data``."""
    shown, hidden = parameters.text("show_columns"), parameters.text("hide_columns")
    if not isinstance(content, dict) or not (shown or hidden) or "data" not in content:
        return content

    def kept(row: dict[str, Any]) -> dict[str, Any]:
        columns = set((shown or ",".join(row)).split(",")) - set((hidden or "").split(","))
        return {name: value for name, value in row.items() if name in columns}

    rows = content["data"]
    return {**content, "data": [kept(row) for row in rows] if isinstance(rows, list) else kept(rows)}


def _refusal(refused: Refused, parameters: Parameters) -> dict[str, Any]:
    content: dict[str, Any] = {"status": refused.status}
    if refused.echo:
        content["data"] = parameters.posted()
    if refused.error is not None:
        content["error"] = refused.error
    return content


PRACTICE = XuiPractice
