"""The resources of the practice portal: what each call does, and what it says."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any

from panelbridge.testing.practice import PracticeRequest
from panelbridge_stalker.practice_tables import DEFAULT_TARIFF, OPTIONAL, TARIFFS, Portal, insert, stored_date

_COLUMNS = {
    "login": "login",
    "password": "password",
    "full_name": "full_name",
    "phone": "phone",
    "account_number": "account_number",
    "tariff_plan": "tariff_plan",
    "status": "status",
    "stb_mac": "mac",
    "comment": "comment",
    "end_date": "end_date",
    "account_balance": "account_balance",
}
_EVENTS = frozenset(
    {
        "send_msg", "send_msg_with_video", "reboot", "reload_portal", "update_channels", "play_channel",
        "play_radio_channel", "update_image", "cut_off", "show_menu",
    }
)  # fmt: skip
_KINDS = (("end_date", "extend"), ("tariff_plan", "change_package"), ("password", "reset_credentials"))
_MAC_LENGTH = 12
_METHODS = ("get", "post", "put", "delete")


class Failure(Exception):
    """An error of the application, reported with HTTP 200. What was written before it stays written."""

    def __init__(self, text: str, *, fatal: bool = False) -> None:
        super().__init__(text)
        self.fatal = fatal


class AccountCommands:
    """One request, in one transaction."""

    def __init__(
        self, portal: Portal, db: sqlite3.Connection, request: PracticeRequest, identifier: str
    ) -> None:
        self._portal, self._db, self._request = portal, db, request
        self._identifier = identifier
        self._form = request.form

    def run(self, resource: str) -> Any:
        method = self._request.method.lower()
        if method not in _METHODS:
            raise Failure("Not supported method")
        command: Callable[[], Any] | None = getattr(self, f"_{method}_{resource}", None)
        if command is None:
            if any(hasattr(self, f"_{name}_{resource}") for name in _METHODS):
                raise Failure(f"Resource {resource} does not support action {method}")
            raise Failure(f"Class file for {resource} not found")
        return command()

    def _get_tariffs(self) -> Any:
        if not self._identifier:
            return list(TARIFFS)
        return next((tariff for tariff in TARIFFS if tariff["id"] == self._identifier), None)

    def _get_accounts(self) -> Any:
        return [self._shown(row) for row in self._chosen("account_number")]

    def _get_users(self) -> Any:
        """One object; without an identifier the first account of all."""
        rows = self._chosen("login")
        if not rows:
            raise Failure("Account not found")
        return self._shown(rows[0])

    def _post_accounts(self) -> Any:
        fields = self._fields()
        if not self._request.body:
            raise Failure("HTTP POST data is empty")
        if not fields:
            raise Failure("Insert data is empty")
        login = fields.get("login", "")
        if not login:
            raise Failure("Login required")
        if self._db.execute("SELECT 1 FROM users WHERE login = ?", (login,)).fetchone():
            raise Failure("Login already in use")
        self._check_mac(fields.get("mac", ""))
        self._insert(fields)
        return True

    _post_users = _post_accounts

    def _check_mac(self, mac: str) -> None:
        if not mac:
            return
        if re.fullmatch("(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", mac.upper()) is None:
            raise Failure("Not valid mac address")
        if self._db.execute("SELECT 1 FROM users WHERE mac = ?", (mac,)).fetchone():  # in whichever case
            raise Failure("MAC address already in use")

    def _insert(self, fields: dict[str, Any]) -> None:
        """Two statements: the row with the password in clear, then the hash in its place."""
        values = {"tariff_plan": DEFAULT_TARIFF, **fields}
        row_id = insert(self._db, values)
        reported = {name: value for name, value in values.items() if name != "password"}
        self._portal.books.record(self._db, "create", str(fields["login"]), **reported)
        if self._portal.books.fact(self._db, "crash_create", "0") == "1":
            self._portal.books.set_fact(self._db, "crash_create", "0")
            raise Failure("between the statements", fatal=True)
        self._db.execute("UPDATE users SET hashed = 1 WHERE id = ?", (row_id,))

    def _put_accounts(self) -> Any:
        self._edit(self._only("account_number"))
        return True

    def _put_users(self) -> Any:
        self._edit(self._only("login"))
        return True

    def _edit(self, rows: list[sqlite3.Row]) -> None:
        """A taken or senseless MAC and an empty login are stored; a taken login is reported."""
        fields = self._fields()
        if not fields:
            raise Failure("Insert data is empty")
        taken = "SELECT id FROM users WHERE login = ?"
        holders = [row["id"] for row in self._db.execute(taken, (fields.get("login") or "\0",))]
        if any(holder not in {row["id"] for row in rows} for holder in holders):
            raise Failure("Login already in use")
        if not fields.get("password", "x"):
            del fields["password"]
        elif "password" in fields:
            fields["hashed"] = 1
        for row in rows:
            changed = {name: value for name, value in fields.items() if row[name] != value}
            if changed:
                assigned = ", ".join(f"{name} = ?" for name in changed)
                sql = f"UPDATE users SET {assigned} WHERE id = ?"  # noqa: S608 - names of our own
                self._db.execute(sql, (*changed.values(), row["id"]))
                reported = {name: value for name, value in changed.items() if name != "password"}
                self._portal.books.record(self._db, _kind(changed), row["login"], **reported)

    def _delete_accounts(self) -> Any:
        return self._delete(self._only("account_number"))

    def _delete_users(self) -> Any:
        return self._delete(self._only("login"))

    def _delete(self, rows: list[sqlite3.Row]) -> bool:
        for row in rows:
            self._db.execute("DELETE FROM users WHERE id = ?", (row["id"],))
            self._db.execute("DELETE FROM subscriptions WHERE user = ?", (row["id"],))
            self._portal.books.record(self._db, "terminate", row["login"])
        return True

    def _get_account_subscription(self) -> Any:
        return [{"mac": row["mac"], "subscribed": self._packages(row)} for row in self._boxes()]

    def _post_account_subscription(self) -> Any:
        """Unknown packages are passed over, and the answer is then true (RUN, November 2026)."""
        asked = set(self._request.values("subscribed[]"))
        done = self._subscribe(lambda _: asked & OPTIONAL)
        return done or not asked <= OPTIONAL

    def _put_account_subscription(self) -> Any:
        more = set(self._request.values("subscribed[]"))
        fewer = set(self._request.values("unsubscribed[]"))
        return self._subscribe(lambda present: (present | more) - fewer)

    def _delete_account_subscription(self) -> Any:
        return self._subscribe(lambda _: set())

    def _subscribe(self, choose: Callable[[set[str]], set[str]]) -> bool:
        done = False
        for row in self._boxes():
            present = set(self._packages(row))
            wanted = choose(present)
            if wanted <= OPTIONAL and wanted != present:
                self._replace(row, sorted(wanted))
                done = True
        if done and not self._portal.box_messages:  # written, and the message to the box fails
            raise Failure("Unknown or incorrect time zone: ''")
        return done

    def _replace(self, row: sqlite3.Row, wanted: list[str]) -> None:
        self._db.execute("DELETE FROM subscriptions WHERE user = ?", (row["id"],))
        for package in wanted:
            self._db.execute("INSERT INTO subscriptions VALUES (?, ?)", (row["id"], package))
        self._portal.books.record(self._db, "subscribe", row["login"], packages=wanted)
        if self._portal.box_messages:
            self._portal.books.record(self._db, "event", row["login"], event="reboot")

    def _post_send_event(self) -> Any:
        """Without an identifier the event goes to every box."""
        if self._request.value("event") not in _EVENTS:
            return False
        rows = self._boxes() if self._identifier else self._db.execute("SELECT * FROM users").fetchall()
        for row in rows:
            self._portal.books.record(self._db, "event", row["login"], event=self._request.value("event"))
        return True

    def _boxes(self) -> list[sqlite3.Row]:
        """The older resources take any identifier of twelve characters for a MAC, with or without a colon."""
        column = "mac" if len(self._identifier) >= _MAC_LENGTH else "account_number"
        rows = self._where(column, self._identifier)
        if not rows:
            raise Failure("Account not found")
        return rows

    def _chosen(self, column: str) -> list[sqlite3.Row]:
        """The accounts a read asks for: none named is all of them, several are comma separated."""
        if not self._identifier:
            return self._db.execute("SELECT * FROM users ORDER BY id").fetchall()
        wanted = self._identifier.split(",")
        found = [self._where(_column(item, column), item) for item in wanted]
        if not all(found):
            raise Failure("One or more identifiers are incorrect" if len(wanted) > 1 else "Account not found")
        return [row for rows in found for row in rows]

    def _only(self, column: str) -> list[sqlite3.Row]:
        """What a write is about: one identifier, which may be several accounts of one number."""
        if not self._identifier:
            raise Failure("Identifier required")
        if "," in self._identifier:
            raise Failure("Only one identifier allowed")
        return self._chosen(column)

    def _where(self, column: str, value: str) -> list[sqlite3.Row]:
        sql = f"SELECT * FROM users WHERE {column} = ? ORDER BY id"  # noqa: S608 - names of our own
        return self._db.execute(sql, (value,)).fetchall()

    def _fields(self) -> dict[str, Any]:
        """Columns and what is stored in them; other keys are ignored, and so is a body of JSON."""
        fields: dict[str, Any] = {_COLUMNS[key]: value for key, value in self._form if key in _COLUMNS}
        if "status" in fields:
            fields["status"] = int(fields["status"] not in ("", "0"))
        if "end_date" in fields:
            fields["end_date"] = stored_date(fields["end_date"])
        if "tariff_plan" in fields and fields["tariff_plan"] not in _external_ids():
            fields["tariff_plan"] = DEFAULT_TARIFF
        return fields

    def _packages(self, row: sqlite3.Row) -> list[str]:
        sql = "SELECT package FROM subscriptions WHERE user = ? ORDER BY package"
        return [item["package"] for item in self._db.execute(sql, (row["id"],))]

    def _shown(self, row: sqlite3.Row) -> dict[str, Any]:
        """Values are strings, but for ``status``; no password."""
        subscribed = self._packages(row)
        shown = {
            "login": row["login"],
            "full_name": row["full_name"],
            "phone": row["phone"],
            "account_number": row["account_number"],
            "tariff_plan": row["tariff_plan"],
            "stb_sn": "",
            "stb_mac": row["mac"],
            "stb_type": row["stb_type"],
            "status": row["status"],
            "online": str(row["online"]),
            "ip": row["ip"],
            "version": row["version"],
            "comment": row["comment"],
            "account_balance": row["account_balance"],
            "last_active": row["last_active"],
            "subscribed": subscribed,
            "subscribed_id": subscribed,
        }
        return {**shown, "end_date": row["end_date"]} if self._portal.billing else shown


def _column(identifier: str, other: str) -> str:
    is_mac = len(identifier) >= _MAC_LENGTH and ":" in identifier
    return "mac" if is_mac else other


def _external_ids() -> set[str]:
    return {str(tariff["external_id"]) for tariff in TARIFFS if tariff["external_id"]}


def _kind(changed: dict[str, Any]) -> str:
    for column, kind in _KINDS:
        if column in changed:
            return kind
    return {0: "suspend", 1: "unsuspend"}.get(changed.get("status", -1), "edit")
