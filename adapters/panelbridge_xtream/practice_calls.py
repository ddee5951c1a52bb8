"""The practice panel's actions on lines (``user``) and devices (``stb``)."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from panelbridge.contract.secret import LOGIN_ALPHABET, random_text
from panelbridge.testing.practice import Books, PracticeReply, PracticeRequest
from panelbridge_xtream.practice_tables import WRITABLE, Failed, printed, stored

_NO_PAIR = {"result": False, "error": "PARAMETER ERROR (user/pass)"}
_NOT_EXISTS = {"result": False, "error": "NOT EXISTS"}
_EXISTS = {"result": False, "error": "EXISTS"}
_MAC = r"([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"


class _Actions:
    def __init__(self, books: Books, options: Mapping[str, str]) -> None:
        self.books = books
        self.options = options

    def insert(self, db: sqlite3.Connection, reported: Mapping[str, str]) -> tuple[int, bool]:
        """A new line, and whether the code got past its first statement: the outputs are others."""
        columns = {name: value for name, value in reported.items() if name != "output_formats"}
        _check(columns)
        row = stored({**columns, "bouquet": _bouquets(columns.get("bouquet", "[]"))})
        row["exp_date"] = row.get("exp_date") or None  # empty and 0 are never, on a create
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        made = db.execute(f"INSERT INTO users ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
        number = int(made.lastrowid or 0)
        whole = self.books.fact(db, "half_create", "no") != "next"
        self.books.set_fact(db, "half_create", "no")
        if whole:
            self.give_outputs(db, number, reported.get("output_formats", "[1, 2]"))
        self.books.record(db, "create", row["username"], id=number)
        return number, whole

    def write(self, db: sqlite3.Connection, row: sqlite3.Row, reported: Mapping[str, str], kind: str) -> bool:
        """Exactly the columns told, as given; whether a row changed."""
        columns = dict(reported)
        formats = columns.pop("output_formats", None)
        _check(columns)
        if "bouquet" in columns:
            columns["bouquet"] = _bouquets(columns["bouquet"])
        values = stored(columns)  # an empty date is 0 here: 1970
        changed = {name: value for name, value in values.items() if row[name] != value}
        if changed:
            assigned = ", ".join(f"{name} = ?" for name in changed)
            db.execute(f"UPDATE users SET {assigned} WHERE id = ?", (*changed.values(), row["id"]))  # noqa: S608
        given = formats is not None and self.options["outputs"] != "fixed"
        if given:
            self.give_outputs(db, row["id"], formats or "[]")
        if changed or given:
            self.books.record(db, kind, row["username"], id=row["id"], columns=sorted(changed))
        return bool(changed) or given

    @staticmethod
    def give_outputs(db: sqlite3.Connection, number: int, text: str) -> None:
        db.execute("DELETE FROM user_output WHERE user_id = ?", (number,))
        for output in json.loads(_bouquets(text)):
            db.execute("INSERT INTO user_output VALUES (?, ?)", (number, output))

    def shown(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        """A line as ``info`` prints it."""
        reported = printed(dict(row))
        if self.options["ids"] == "hidden":
            del reported["id"]
        if self.options["outputs"] != "hidden":
            reported["output_formats"] = [str(output) for output in outputs_of(db, row["id"])]
        return reported


class UserActions(_Actions):
    """``user``: named by name and password together."""

    def create(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        reported = _reported(request)
        if not (reported.get("username") and reported.get("password")):
            raise Failed({"result": False, "error": "PARAMETER ERROR"})
        if _pair(db, reported["username"], reported["password"]) is not None:
            raise Failed(_EXISTS)
        number, whole = self.insert(db, reported)
        named = {"username": reported["username"], "password": reported["password"]}
        return {"result": True, "created_id": number, **named} if whole else PracticeReply()

    def edit(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        self.write(db, _asked(db, request), _reported(request), kind_of(request))
        return {"result": True}

    def info(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        return {"result": True, "user_info": self.shown(db, _asked(db, request))}


class StbActions(_Actions):
    """``stb``: named by a MAC, compared as text."""

    def create(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        reported = _reported(request)
        mac = reported.pop("mac", "")
        if re.fullmatch(_MAC, mac) is None:
            raise Failed({"result": False, "error": "PARAMETER ERROR (mac)"})
        if _device(db, mac) is not None:
            raise Failed(_EXISTS)
        hidden = {"username": random_text(32, LOGIN_ALPHABET), "password": random_text(32)}
        number, whole = self.insert(db, {**reported, **hidden})
        db.execute("UPDATE users SET is_mag = 1 WHERE id = ?", (number,))
        db.execute("INSERT INTO mag_devices VALUES (?, ?)", (mac, number))
        return {"result": True} if whole else PracticeReply()

    def edit(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        row = _device(db, request.value("mac") or "")
        changed = row is not None and self.write(db, row, _reported(request), kind_of(request))
        return {"result": changed}  # false without a word when no row changed

    def info(self, db: sqlite3.Connection, request: PracticeRequest) -> Any:
        row = _device(db, request.value("mac") or "")
        if row is None:
            raise Failed(_NOT_EXISTS)
        return {"result": True, "mac": request.value("mac"), **self.shown(db, row)}


def outputs_of(db: sqlite3.Connection, number: int) -> list[int]:
    rows = db.execute("SELECT access_output_id FROM user_output WHERE user_id = ? ORDER BY 1", (number,))
    return [row[0] for row in rows]


def _reported(request: PracticeRequest) -> dict[str, str]:
    """``user_data[...]`` of query and form together."""
    fields = (*request.query, *request.form)
    return {name[10:-1]: value for name, value in fields if re.fullmatch(r"user_data\[\w+\]", name)}


def _check(columns: Mapping[str, str]) -> None:
    if not columns.keys() <= WRITABLE:
        raise Failed({"result": False, "error": "PARAMETER ERROR"})


def _bouquets(text: str) -> str:
    """What is no JSON array becomes an empty one, and is a success."""
    try:
        ids = json.loads(text)
    except ValueError:
        ids = []
    return json.dumps([int(item) for item in ids] if isinstance(ids, list) else [])


def _pair(db: sqlite3.Connection, username: str, password: str) -> sqlite3.Row | None:
    sql = "SELECT * FROM users WHERE username = ? AND password = ?"
    row: sqlite3.Row | None = db.execute(sql, (username, password)).fetchone()
    return row


def _device(db: sqlite3.Connection, mac: str) -> sqlite3.Row | None:
    sql = "SELECT u.* FROM users u JOIN mag_devices d ON d.user_id = u.id WHERE d.mac = ?"
    row: sqlite3.Row | None = db.execute(sql, (mac,)).fetchone()
    return row


def _asked(db: sqlite3.Connection, request: PracticeRequest) -> sqlite3.Row:
    username, password = request.value("username"), request.value("password")
    if not (username and password):
        raise Failed(_NO_PAIR)
    row = _pair(db, username, password)
    if row is None:
        raise Failed(_NOT_EXISTS)
    return row


def kind_of(request: PracticeRequest) -> str:
    """What an edit of these columns is, by our names."""
    columns, enabled = _reported(request).keys(), request.value("user_data[enabled]")
    if columns >= {"exp_date", "enabled"}:
        return "terminate" if enabled == "0" else "create"
    if "enabled" in columns:
        return "unsuspend" if enabled == "1" else "suspend"
    kinds = {"password": "reset_credentials", "bouquet": "change_package", "exp_date": "extend"}
    return next((kind for column, kind in kinds.items() if column in columns), "edit")
