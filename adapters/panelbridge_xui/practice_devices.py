"""The practice panel's devices: a row with a MAC and hardware, and a hidden line behind it.

The MAC is stored and compared as it was sent. An edit must name it again, and forgets the hardware it is not
told. What a list's search looks at is not known of devices: the MAC here, and notes where the option says so.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from typing import Any, ClassVar

from panelbridge_xui.practice_admin import AdminApi
from panelbridge_xui.practice_lines import Action, LineActions, User
from panelbridge_xui.practice_reseller import ResellerApi
from panelbridge_xui.practice_tables import insert, printed
from panelbridge_xui.practice_wire import Parameters, Refused

DEVICE_TABLES = """
CREATE TABLE IF NOT EXISTS mag_devices (
    mag_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, mac TEXT, sn TEXT, stb_type TEXT, ver TEXT
);
CREATE TABLE IF NOT EXISTS enigma2_devices (
    device_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, mac TEXT, sn TEXT, stb_type TEXT, ver TEXT
);
"""
HARDWARE = ("sn", "stb_type", "ver")
_MAC = re.compile(r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_VERBS = ("create", "edit", "get", "disable", "enable", "delete", "ban", "unban")


class DeviceActions(LineActions):
    """Actions on one kind of device, made of those on lines; every ``id`` is the device's."""

    table: ClassVar[str]
    id_name: ClassVar[str]

    def named_for_devices(self, lines: dict[str, Action]) -> dict[str, Action]:
        """The actions on lines under the names of this kind."""
        named = {f"{verb}_{self.kind}": lines[f"{verb}_line"] for verb in _VERBS if f"{verb}_line" in lines}
        return {**named, f"get_{self.kind}s": lines["get_lines"], f"convert_{self.kind}": self.convert}

    def line(self, db: sqlite3.Connection, parameters: Parameters) -> dict[str, Any]:
        sql = f"SELECT user_id FROM {self.table} WHERE {self.id_name} = ?"  # noqa: S608 - names are our own
        row = db.execute(sql, (parameters.number("id"),)).fetchone()
        if row is None:
            raise Refused("STATUS_FAILURE")
        return dict(db.execute("SELECT * FROM lines WHERE id = ?", (row["user_id"],)).fetchone())

    def full(self, db: sqlite3.Connection, line_id: int) -> dict[str, Any]:
        row = dict(self.device(db, line_id))
        return {
            "status": "STATUS_SUCCESS",
            "data": {**printed(row), "user": super().full(db, line_id)["data"], "paired": None},
        }

    def device(self, db: sqlite3.Connection, line_id: int) -> sqlite3.Row:
        sql = f"SELECT * FROM {self.table} WHERE user_id = ? ORDER BY 1 DESC"  # noqa: S608
        row: sqlite3.Row = db.execute(sql, (line_id,)).fetchone()
        return row

    def check_named(
        self, db: sqlite3.Connection, parameters: Parameters, line: dict[str, Any] | None = None
    ) -> None:
        mac = parameters.cleaned("mac") or ""
        if _MAC.fullmatch(mac) is None:
            raise Refused("STATUS_INVALID_MAC", echo=True)
        sql = f"SELECT user_id FROM {self.table} WHERE mac = ?"  # noqa: S608
        taken = db.execute(sql, (mac,)).fetchone()
        if taken is not None and (line is None or taken["user_id"] != line["id"]):
            raise Refused("STATUS_EXISTS_MAC", echo=True)

    def hidden_names(self) -> tuple[str, str]:
        return secrets.token_hex(16), secrets.token_hex(16)

    def made(self, db: sqlite3.Connection, line_id: int, parameters: Parameters) -> None:
        insert(db, self.table, {"user_id": line_id, **self._columns_of(parameters)})
        flag = "is_mag" if self.kind == "mag" else "is_e2"
        db.execute(f"UPDATE lines SET {flag} = 1 WHERE id = ?", (line_id,))  # noqa: S608

    def changed(self, db: sqlite3.Connection, line_id: int, parameters: Parameters) -> None:
        reported = self._columns_of(parameters)
        names = ", ".join(f"{name} = ?" for name in reported)
        db.execute(f"UPDATE {self.table} SET {names} WHERE user_id = ?", (*reported.values(), line_id))  # noqa: S608

    def removed(self, db: sqlite3.Connection, line: dict[str, Any], parameters: Parameters) -> None:
        """The line goes too, unless another device uses it."""
        number = parameters.number("id")
        db.execute(f"DELETE FROM {self.table} WHERE {self.id_name} = ?", (number,))  # noqa: S608
        tables = ("mag_devices", "enigma2_devices")
        used = [
            row
            for table in tables
            for row in db.execute(f"SELECT 1 FROM {table} WHERE user_id = ?", (line["id"],))  # noqa: S608
        ]
        if not used:
            db.execute("DELETE FROM lines WHERE id = ?", (line["id"],))

    def convert(self, user: User, parameters: Parameters) -> Any:
        """Detach the device and leave a normal line."""
        with self.books.writing() as db:
            line = self.line(db, parameters)
            self.check_write(db, user, line)
            db.execute(f"DELETE FROM {self.table} WHERE {self.id_name} = ?", (parameters.number("id"),))  # noqa: S608
            db.execute("UPDATE lines SET is_mag = 0, is_e2 = 0 WHERE id = ?", (line["id"],))
        return {"status": "STATUS_SUCCESS"}

    def page(self, db: sqlite3.Connection, parameters: Parameters, mine: str) -> dict[str, Any]:
        search = parameters.cleaned("search[value]") or ""
        searched = "d.mac LIKE :search"
        if self.options["device_search"] == "notes":
            searched += " OR l.reseller_notes LIKE :search"
        source = f"FROM {self.table} d JOIN lines l ON l.id = d.user_id WHERE {mine}"
        values = {
            "search": f"%{search}%",
            "limit": min(parameters.number("limit") or 50, 1000),
            "start": parameters.number("start") or 0,
        }
        total = db.execute(f"SELECT count(*) {source}").fetchone()[0]
        matching = f"{source} AND ({searched})"
        filtered = db.execute(f"SELECT count(*) {matching}", values).fetchone()[0]
        rows = db.execute(
            f"SELECT d.{self.id_name}, d.user_id, d.mac, l.member_id {matching} "
            "ORDER BY 1 LIMIT :limit OFFSET :start",
            values,
        )
        return self.counted([printed(dict(row)) for row in rows], total, filtered, searched=bool(search))

    @staticmethod
    def _columns_of(parameters: Parameters) -> dict[str, Any]:
        """The MAC as sent; hardware that is not sent is forgotten."""
        return {"mac": parameters.cleaned("mac"), **{name: parameters.cleaned(name) for name in HARDWARE}}


class ResellerMags(DeviceActions, ResellerApi):
    kind, sold_as, table, id_name = "mag", "is_mag", "mag_devices", "mag_id"

    def actions(self) -> dict[str, Action]:
        return self.named_for_devices(super().actions())


class ResellerEnigmas(DeviceActions, ResellerApi):
    kind, sold_as, table, id_name = "enigma", "is_e2", "enigma2_devices", "device_id"

    def actions(self) -> dict[str, Action]:
        return self.named_for_devices(super().actions())


class AdminDevices(DeviceActions, AdminApi):
    """An admin's switches of devices succeed and do nothing (RUN, November 2026): those of lines work."""

    def actions(self) -> dict[str, Action]:
        named = self.named_for_devices(super().actions())
        switches = (f"{verb}_{self.kind}" for verb in ("disable", "enable", "ban", "unban"))
        return {**named, **dict.fromkeys(switches, self._nothing_done)}

    def _nothing_done(self, _: User, parameters: Parameters) -> Any:
        with self.books.reading() as db:
            self.line(db, parameters)
        return {"status": "STATUS_SUCCESS"}


class AdminMags(AdminDevices):
    kind, sold_as, table, id_name = "mag", "is_mag", "mag_devices", "mag_id"

    def _columns(self, parameters: Parameters) -> dict[str, Any]:
        """An edit of a MAG leaves it one connection, whatever it is sent (RUN, November 2026)."""
        edited = {"max_connections": 1} if parameters.has("id") else {}
        return {**super()._columns(parameters), **edited}


class AdminEnigmas(AdminDevices):
    kind, sold_as, table, id_name = "enigma", "is_e2", "enigma2_devices", "device_id"

    def create_line(self, user: User, parameters: Parameters) -> Any:
        """Answers with what the table of the other kind holds under the new id."""
        made = super().create_line(user, parameters)
        with self.books.reading() as db:
            row = db.execute(
                "SELECT * FROM mag_devices WHERE mag_id = ?", (made["data"]["device_id"],)
            ).fetchone()
        return {"status": "STATUS_SUCCESS", "data": None if row is None else printed(dict(row))}


DEVICE_APIS = ((ResellerMags, ResellerEnigmas), (AdminMags, AdminEnigmas))
