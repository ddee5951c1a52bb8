"""The endpoints of the practice panel: what each does, and what it says."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import Books, PracticeRequest
from panelbridge_onestream.practice_tables import BOUQUETS, PACKAGES, insert, shown

_LONGEST = 255
_EDITABLE = {
    "username": str,
    "password": str,
    "expire_at": str,
    "is_enabled": int,
    "is_trial": int,
    "package_id": int,
    "reseller_notes": str,
    "mac_addr": str,
    "max_connections": int,
}


class Failure(Exception):
    """What is answered as ``error``, with a status that says about what kind it is."""

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


class Commands:
    """One request, in one transaction."""

    def __init__(
        self,
        books: Books,
        db: sqlite3.Connection,
        options: Mapping[str, str],
        now: datetime,
        request: PracticeRequest,
    ) -> None:
        self._books, self._db, self._options = books, db, options
        self._now = now.replace(microsecond=0)
        self._request = request

    def profile(self, _: Any) -> Any:
        return {"name": "practice", "credits": float(self._books.fact(self._db, "credits", "0"))}

    def list_packages(self, _: Any) -> Any:
        return list(PACKAGES.values())

    def list_bouquets(self, _: Any) -> Any:
        return BOUQUETS

    def lines(self, _: Any) -> Any:
        return [shown(row) for row in self._listed("lines")]

    def index(self, _: Any) -> Any:
        rows = self._listed("index")
        most = int(self._options["page"])
        size = min(int(self._request.value("per_page") or 50), most)
        start = (int(self._request.value("page") or 1) - 1) * size
        items = [shown(row) for row in rows[start : start + size]]
        return {"status": "success", "data": {"pagination": {"total": len(rows)}, "items": items}}

    def _listed(self, dialect: str) -> list[sqlite3.Row]:
        """The filter by name is exact; an option has it ignored."""
        if self._options["list"] != dialect:
            raise Failure("Not found", status=404)
        self._need("indexLines")
        wanted = self._request.value("username")
        if wanted is None or self._options["filter"] == "ignored":
            return self._db.execute("SELECT * FROM lines ORDER BY number").fetchall()
        sql = "SELECT * FROM lines WHERE username = ? ORDER BY number"
        return self._db.execute(sql, (wanted,)).fetchall()

    def find_line(self, _: Any) -> Any:
        sql = "SELECT line_id FROM lines WHERE username = ? AND password = ?"
        asked = (self._request.value("username"), self._request.value("password"))
        row = self._db.execute(sql, asked).fetchone()
        if row is None:
            raise Failure("Line not found", status=404)
        return {"line_id": row["line_id"]}

    def create_advanced(self, _: Any) -> Any:
        raise Failure("Forbidden", status=403)

    def create(self, body: dict[str, Any]) -> Any:
        return self._once(body, lambda: self._created(body))

    def _created(self, body: dict[str, Any]) -> Any:
        package = _package(body.get("package"))
        username = body.get("username") or random_text(10)
        password = body.get("password") or random_text(10)
        if not all(isinstance(text, str) and len(text) <= _LONGEST for text in (username, password)):
            raise Failure("Validation failed", status=422)
        taken = self._db.execute("SELECT 1 FROM lines WHERE username = ?", (username,)).fetchone()
        if taken and self._options["names"] == "unique":
            raise Failure("Username taken", status=409)
        wanted = body.get("bouquets", package["bouquets"])
        until = (self._now + timedelta(hours=package["duration_hours"])).isoformat()
        line_id = insert(
            self._db,
            username=username,
            password=password,
            package_id=package["id"],
            connections=body.get("max_connections") or package["max_connections"],
            expire_at=until,
            mac_addr=body.get("mac_addr"),
            reseller_notes=body.get("reseller_notes"),
            bouquets=json.dumps([number for number in wanted if number in package["bouquets"]]),
        )
        charged = self._charge(package)
        self._books.record(self._db, "create", username, charged=charged, package=package["id"])
        return self._sold(line_id, until, charged, body)

    def renew(self, line_id: str, body: dict[str, Any]) -> Any:
        return self._once(body, lambda: self._renewed(line_id, body))

    def _renewed(self, line_id: str, body: dict[str, Any]) -> Any:
        row = self._row(line_id)
        package = _package(body.get("package", row["package_id"]))
        changes = package["id"] != row["package_id"]
        start = self._now
        if row["expire_at"] and not (changes and self._options["change"] == "restarts"):
            start = max(start, datetime.fromisoformat(row["expire_at"]))
        until = (start + timedelta(hours=package["duration_hours"])).isoformat()
        values: dict[str, Any] = {"expire_at": until}
        if changes:
            values |= {
                "package_id": package["id"],
                "max_connections": package["max_connections"],
                "bouquets": json.dumps(package["bouquets"]),
            }
        charged = self._charge(package)
        self._set(row, "change_package" if changes else "extend", values, charged=charged)
        return self._sold(line_id, until, charged, body)

    def _sold(self, line_id: str, until: str, charged: int, body: dict[str, Any]) -> Any:
        answer = {"line_id": line_id, "expire_at": until, "transaction_amount": -float(charged)}
        return {**answer, "rid": body.get("rid")}

    def suspend(self, line_id: str, _: Any) -> Any:
        return self._set(self._row(line_id), "suspend", {"is_enabled": 0})

    def unsuspend(self, line_id: str, _: Any) -> Any:
        return self._set(self._row(line_id), "unsuspend", {"is_enabled": 1})

    def terminate(self, line_id: str, _: Any) -> Any:
        row = self._row(line_id)
        self._db.execute("DELETE FROM lines WHERE line_id = ?", (line_id,))
        self._books.record(self._db, "terminate", row["username"])
        return {"line_id": line_id}

    def reset_credentials(self, line_id: str, body: dict[str, Any]) -> Any:
        self._need("editLines")
        row = self._row(line_id)
        values = {name: body[name] for name in _EDITABLE if name in body}
        return self._once(body, lambda: self._set(row, "reset_credentials", values))

    def _set(self, row: sqlite3.Row, kind: str, values: Mapping[str, Any], *, charged: int = 0) -> Any:
        assigned = ", ".join(f"{column} = ?" for column in values)
        sql = f"UPDATE lines SET {assigned} WHERE line_id = ?"  # noqa: S608 - names of our own
        self._db.execute(sql, (*values.values(), row["line_id"]))
        reported = {column: value for column, value in values.items() if column != "password"}
        self._books.record(self._db, kind, row["username"], charged=charged, **reported)
        return {"line_id": row["line_id"]}

    def _once(self, body: dict[str, Any], deed: Callable[[], Any]) -> Any:
        """``deed``, unless a request of this ``rid`` was done before: then its answer, or an error."""
        rid = body.get("rid")
        if rid is None:
            return deed()
        row = self._db.execute("SELECT answer FROM rids WHERE rid = ?", (rid,)).fetchone()
        if row is None:
            answer = deed()
            self._db.execute("INSERT INTO rids VALUES (?, ?)", (rid, json.dumps(answer)))
            return answer
        if self._options["replay"] == "error":
            raise Failure("Duplicate rid", status=409)
        return json.loads(row["answer"])

    def _row(self, line_id: str) -> Any:
        row = self._db.execute("SELECT * FROM lines WHERE line_id = ?", (line_id,)).fetchone()
        if row is None:
            raise Failure("Line not found", status=404)
        return row

    def _need(self, permission: str) -> None:
        if permission not in json.loads(self._books.fact(self._db, "permissions", "[]")):
            raise Failure(f"Missing permission {permission}", status=403)

    def _charge(self, package: Mapping[str, Any]) -> int:
        price = int(package["price_credits"])
        left = Decimal(self._books.fact(self._db, "credits", "0")) - price
        if left < 0:
            raise Failure("Not enough credits", status=402)
        self._books.set_fact(self._db, "credits", str(left))
        return price


def _package(number: object) -> Mapping[str, Any]:
    if not isinstance(number, int) or number not in PACKAGES:
        raise Failure("Package not found", status=404)
    return PACKAGES[number]
