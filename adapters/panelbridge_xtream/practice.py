"""The practice panel: ``api.php`` of Xtream Codes v1/v2, as an open re-implementation's source has it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import (
    KnownOptions,
    PracticePanel,
    PracticeReply,
    PracticeRequest,
    UnknownAct,
)
from panelbridge.testing.practice.setup import Setup
from panelbridge_xtream.practice_acts import ACTS
from panelbridge_xtream.practice_calls import StbActions, UserActions, kind_of, outputs_of
from panelbridge_xtream.practice_tables import TABLES, Failed, printed, seed

_PACKAGES = {
    "basic": {"name": "Basic", "bouquets": [1, 2], "connections": 1, "outputs": [1, 2]},
    "family": {"name": "Family", "bouquets": [1, 2, 3], "connections": 3, "outputs": [1, 2]},
}


def _sold(**options: str) -> Setup:
    moves = frozenset({"bouquets"})
    return Setup(package="basic", other_package="family", practice_options=options, moves_with_package=moves)


_DENIED = {"empty": PracticeReply(), "html": PracticeReply.html("404 Not Found", status=404)}
Action = Callable[[sqlite3.Connection, PracticeRequest], Any]


class XtreamPractice(PracticePanel):
    """Lines named by pairs, devices by MACs, and one reseller with credit."""

    imitates = "Xtream Codes v1/v2 api.php, as an open re-implementation of it speaks"
    setups: ClassVar[Mapping[str, Setup]] = {
        "key": _sold(),
        "tells-less": _sold(gate="open", ids="hidden", outputs="hidden"),
        "mag": replace(_sold(), device="mag"),
    }

    known_options: ClassVar[KnownOptions] = {
        "gate": ("key", "open"),  # open: no api_pass is asked for, the address alone counts
        "denied": ("text", "empty", "html"),  # what a closed gate says; the last two as some forks do
        "ids": ("shown", "hidden"),  # in info
        "outputs": ("shown", "hidden", "fixed"),  # in info; fixed: an edit cannot give them
        "credits": "100",
    }

    def seed(self) -> None:
        with self.books.writing() as db:
            for statement in TABLES.split(";\n"):
                db.execute(statement)
            seed(db, self.options["credits"])
            self._key = self.books.fact(db, "api_pass", random_text(24))
        users = UserActions(self.books, self.options)
        stb = StbActions(self.books, self.options)
        self._actions: dict[tuple[str, str], Action] = {
            ("user", "create"): users.create,
            ("user", "edit"): users.edit,
            ("user", "info"): users.info,
            ("stb", "create"): stb.create,
            ("stb", "edit"): stb.edit,
            ("stb", "info"): stb.info,
            ("reg_user", "list"): _resellers,
            ("reg_user", "credits"): _credits,
        }

    def settings(self, url: str) -> dict[str, Any]:
        key = {"api_pass": self._key} if self.options["gate"] == "key" else {}
        return {"base_url": url, "packages": _PACKAGES, "reseller": "practice", **key}

    def secrets(self) -> tuple[str, ...]:
        return (self._key,)

    def operation(self, request: PracticeRequest) -> str:
        if request.path == "/player_api.php":
            return "player"
        action, sub = request.value("action") or "", request.value("sub") or ""
        if sub in ("create", "info"):
            return {"create": "create", "info": "get"}[sub]
        if sub != "edit":
            return f"{action}_{sub}"
        return kind_of(request)

    def respond(self, request: PracticeRequest) -> PracticeReply:
        if request.path == "/player_api.php":
            return self._player(request)
        if request.path != "/api.php":
            return PracticeReply.html("404 Not Found", status=404)
        try:
            with self.books.writing() as db:
                self._admit(db, request)
                name = (request.value("action") or "", request.value("sub") or "")
                action = self._actions.get(name)
                if action is None:
                    return PracticeReply()  # unknown: nothing at all is printed
                return _answer(action(db, request))
        except Failed as failed:
            return _answer(failed.content)

    def _player(self, request: PracticeRequest) -> PracticeReply:
        """A player's login: what it is told of itself, numbers as text; 200 as well for one that may not."""
        with self.books.reading() as db:
            row = db.execute(
                "SELECT * FROM users WHERE username = ? AND password = ?",
                (request.value("username"), request.value("password")),
            ).fetchone()
        if row is None or _state(row, self.now()) != "active":
            return PracticeReply.json({"user_info": {"auth": 0}})
        reported = {
            "username": row["username"],
            "auth": 1,
            "status": "Active",
            "is_trial": str(row["is_trial"]),
        }
        counts = {name: str(row[name]) for name in ("active_cons", "max_connections")}
        return PracticeReply.json({"user_info": {**reported, **counts}, "server_info": {"port": "8080"}})

    def _admit(self, db: sqlite3.Connection, request: PracticeRequest) -> None:
        """First the address, then the key; a fork says nothing, or shows a page."""
        text = None
        if self.books.fact(db, "address", "allowed") != "allowed":
            text = "IP FORBIDDEN"
        elif self.options["gate"] == "key" and request.value("api_pass") != self._key:
            text = "KEY WRONG"
        if text is not None:
            raise Failed(_DENIED.get(self.options["denied"], {"result": False, "0": text}))

    def snapshot(self) -> dict[str, Any]:
        with self.books.reading() as db:
            rows = [dict(row) for row in db.execute("SELECT * FROM users ORDER BY id")]
            macs = {row["user_id"]: row["mac"] for row in db.execute("SELECT * FROM mag_devices")}
            for row in rows:
                row["outputs"] = outputs_of(db, row["id"])
            credit = db.execute("SELECT credits FROM reg_users WHERE username = 'practice'").fetchone()[0]
        lines = [self._shown(row, macs.get(row["id"])) for row in rows]
        accounts = {line["username"]: line for line in lines}
        return {"accounts": accounts, "lines": lines, "balance": credit, **self.books.effects()}

    def _shown(self, row: Mapping[str, Any], mac: str | None) -> dict[str, Any]:
        bouquets, expires = json.loads(row["bouquet"]), row["exp_date"]
        package = next((key for key, item in _PACKAGES.items() if item["bouquets"] == bouquets), None)
        shown = {name: row[name] for name in ("id", "username", "password", "outputs")}
        return {
            **shown,
            "state": _state(row, self.now()),
            "expires_at": None if expires is None else datetime.fromtimestamp(expires, UTC).isoformat(),
            "package": package,
            "bouquets": bouquets,
            "connections": row["max_connections"],
            "reference": None,
            "mac": mac,
        }

    def act(self, name: str, arguments: Mapping[str, Any]) -> Any:
        with self.books.writing() as db:
            if name in ("address", "half_create"):
                return self.books.set_fact(db, name, str(arguments["state"]))
            if name not in ACTS:
                raise UnknownAct(name)
            return ACTS[name](db, arguments)


def _state(row: Mapping[str, Any], now: datetime) -> str:
    if not row["admin_enabled"]:
        return "banned"
    if not row["enabled"]:
        return "suspended"
    return "expired" if row["exp_date"] is not None and row["exp_date"] <= now.timestamp() else "active"


def _resellers(db: sqlite3.Connection, _: PracticeRequest) -> Any:
    """A bare array."""
    return [printed(dict(row)) for row in db.execute("SELECT * FROM reg_users ORDER BY id")]


def _credits(db: sqlite3.Connection, request: PracticeRequest) -> Any:
    """Adds each time it is sent; below zero it says true, beside an error, and does nothing."""
    row = db.execute(
        "SELECT * FROM reg_users WHERE id = ? OR username = ?",
        (request.value("id"), request.value("username")),
    ).fetchone()
    if row is None:
        raise Failed({"result": False, "error": "NOT EXISTS"})
    credit = float(row["credits"]) + float(request.value("amount") or 0)
    if credit < 0:
        return {"result": True, "error": "NOT ENOUGH CREDITS"}
    db.execute("UPDATE reg_users SET credits = ? WHERE id = ?", (credit, row["id"]))
    return {"result": True}


def _answer(content: Any) -> PracticeReply:
    """JSON under PHP's content type, unless the code printed something else."""
    if isinstance(content, PracticeReply):
        return content
    return PracticeReply.json(content, content_type="text/html; charset=UTF-8")


PRACTICE = XtreamPractice
