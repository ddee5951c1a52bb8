"""The practice panel's Admin API: free of charge, and an edit resets everything it is not sent."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from panelbridge_xui.practice_lines import Action, LineActions, User, json_ids, kind_of_edit
from panelbridge_xui.practice_tables import forgotten_isp, insert, printed, stored_note, update
from panelbridge_xui.practice_wire import PanelCrash, Parameters, Refused, parsed_date, random_name

_FLAGS = ("is_trial", "is_restreamer", "is_isplock", "is_stalker", "bypass_ua")
_NUMBERS = ("member_id", "package_id", "pair_id", "force_server_id")
_TEXTS = ("contact", "forced_country", "isp_desc", "as_number")
_NOTES = ("admin_notes", "reseller_notes")


class AdminApi(LineActions):
    """Actions of access-code type 3."""

    def actions(self) -> dict[str, Action]:
        return {
            "create_line": self.create_line,
            "edit_line": self.edit_line,
            "get_line": self.get_line,
            "get_lines": self.get_lines,
            "disable_line": self.switch("enabled", 0, "suspend"),
            "enable_line": self.switch("enabled", 1, "unsuspend"),
            "ban_line": self.switch("admin_enabled", 0, "ban"),
            "unban_line": self.switch("admin_enabled", 1, "unban"),
            "delete_line": self.delete_line,
            "get_packages": self.get_packages,
            "get_package": self.get_package,
            "user_logs": self.user_logs,
            "adjust_credits": self.adjust_credits,
        }

    def get_line(self, _: User, parameters: Parameters) -> Any:
        with self.books.reading() as db:
            return self.full(db, self.line(db, parameters)["id"])

    def get_lines(self, _: User, parameters: Parameters) -> Any:
        with self.books.reading() as db:
            return self.page(db, parameters, "1 = 1")

    def get_packages(self, _: User, __: Parameters) -> Any:
        """A bare array, without an envelope."""
        with self.books.reading() as db:
            return [printed(dict(row)) for row in db.execute("SELECT * FROM packages ORDER BY id")]

    def get_package(self, _: User, parameters: Parameters) -> Any:
        with self.books.reading() as db:
            query = "SELECT * FROM packages WHERE id = ?"
            row = db.execute(query, (parameters.number("id"),)).fetchone()
        if row is None:
            raise Refused("STATUS_FAILURE")
        return {"status": "STATUS_SUCCESS", "data": printed(dict(row))}

    def user_logs(self, _: User, __: Parameters) -> Any:
        with self.books.reading() as db:
            return self.logs(db)

    def adjust_credits(self, _: User, parameters: Parameters) -> Any:
        amount = parameters.number("credits") or 0
        with self.books.writing() as db:
            query = "SELECT * FROM users WHERE id = ?"
            row = db.execute(query, (parameters.number("id"),)).fetchone()
            if row is None or row["credits"] + amount < 0:
                raise Refused("STATUS_FAILURE")
            update(db, "users", row["id"], {"credits": row["credits"] + amount})
        return {"status": "STATUS_SUCCESS"}

    def create_line(self, user: User, parameters: Parameters) -> Any:
        del user  # an admin is charged nothing
        with self.books.writing() as db:
            row = self._columns(parameters)
            self.check_named(db, parameters)
            hidden = self.hidden_names()
            if hidden is not None:
                row["username"], row["password"] = hidden
            self.check_free(db, row["username"])
            line_id = insert(db, "lines", {**row, "created_at": self.epoch()})
            self.made(db, line_id, parameters)
            self.books.record(db, "create", row["username"], id=line_id)
            return self.full(db, line_id)

    def edit_line(self, _: User, parameters: Parameters) -> Any:
        with self.books.writing() as db:
            before = self.line(db, parameters)
            after = {**self._columns(parameters), **forgotten_isp(before)}
            if not parameters.has("member_id"):
                after["member_id"] = before["member_id"]
            self.check_named(db, parameters, before)
            self.check_free(db, after["username"], before["id"])
            self.changed(db, before["id"], parameters)
            update(db, "lines", before["id"], {**after, "updated": self.now().strftime("%Y-%m-%d %H:%M:%S")})
            self.books.record(db, kind_of_edit(before, after), before["username"], id=before["id"])
            return self.full(db, before["id"])

    def kind_of(self, parameters: Parameters) -> str:
        """What an edit would do, for aiming faults before it happens."""
        try:
            with self.books.reading() as db:
                return kind_of_edit(self.line(db, parameters), self._columns(parameters))
        except (PanelCrash, Refused, sqlite3.Error):
            return "edit"

    def _columns(self, parameters: Parameters) -> dict[str, Any]:
        """Every column, as told or else as for a new line. Presence alone switches a flag on."""
        asked = parameters.text("bouquets_selected")
        if asked is None:
            raise PanelCrash("the code decodes something that is no text")
        username = parameters.cleaned("username") or random_name()
        return {
            "username": username,
            "password": parameters.cleaned("password") or random_name(),
            "exp_date": self._expiry(parameters),
            "enabled": 1 if not parameters.has("enabled") else parameters.number("enabled"),
            "admin_enabled": 1 if not parameters.has("admin_enabled") else parameters.number("admin_enabled"),
            "max_connections": parameters.number("max_connections")
            if parameters.has("max_connections")
            else 1,
            "bouquet": _bouquets(asked),
            "allowed_outputs": json_ids([int(item) for item in parameters.array("access_output") or []]),
            "allowed_ips": json.dumps(parameters.array("allowed_ips") or []),
            "allowed_ua": json.dumps(parameters.array("allowed_ua") or []),
            **{name: int(parameters.has(name)) for name in _FLAGS},
            **{name: parameters.number(name) for name in _NUMBERS},
            **{name: parameters.cleaned(name) or None for name in _TEXTS},
            **{name: stored_note(parameters.cleaned(name)) for name in _NOTES},
        }

    def _expiry(self, parameters: Parameters) -> int | None:
        if parameters.has("no_expire") or not parameters.has("exp_date"):
            return None
        return parsed_date((parameters.text("exp_date") or "").strip(), self.now())


def _bouquets(text: str) -> str:
    try:
        return json_ids(sorted(int(item) for item in json.loads(text)))
    except (TypeError, ValueError):
        raise PanelCrash("the bouquets are no JSON array") from None
