"""What both of the practice panel's APIs do with lines."""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from panelbridge.testing.practice import Books
from panelbridge_xui.practice_tables import printed, update
from panelbridge_xui.practice_wire import Parameters, Refused

User = sqlite3.Row
Action = Callable[[User, Parameters], Any]
# Neither package_id nor created_at is among them (RUN, November 2026).
SHORT = ("id", "member_id", "username", "password", "exp_date", "enabled", "admin_enabled", "is_trial",
         "max_connections", "reseller_notes", "admin_notes", "last_activity",
         "(SELECT users.username FROM users WHERE users.id = member_id) AS owner_name")  # fmt: skip
_SEARCHED = ("username", "password", "reseller_notes", "admin_notes")
_FILTERS = {
    "1": "admin_enabled = 1 AND enabled = 1",
    "2": "enabled = 0",
    "3": "admin_enabled = 0",
    "4": "exp_date IS NOT NULL AND exp_date <= :now",
    "5": "is_trial = 1",
}


class LineActions(ABC):
    """Actions on lines; a subclass is one of the two APIs, or one kind of device at one of them."""

    kind: ClassVar[str] = "line"
    sold_as: ClassVar[str] = "is_line"
    counts_nothing: ClassVar[bool] = True  # whether an empty list has its counters

    def __init__(self, books: Books, now: Callable[[], datetime], options: dict[str, str]) -> None:
        self.books = books
        self.now = now
        self.options = options

    @abstractmethod
    def actions(self) -> dict[str, Action]:
        """What this API knows, by name."""

    def hidden_names(self) -> tuple[str, str] | None:
        """Name and password of the panel's own making; ``None`` where the caller may choose."""
        return None

    def check_named(  # noqa: B027 - a hook with nothing to do for lines
        self, db: sqlite3.Connection, parameters: Parameters, line: dict[str, Any] | None = None
    ) -> None:
        """Refuse what names a device: for lines nothing does."""

    def made(self, db: sqlite3.Connection, line_id: int, parameters: Parameters) -> None:  # noqa: B027
        """After a line was inserted."""

    def changed(self, db: sqlite3.Connection, line_id: int, parameters: Parameters) -> None:  # noqa: B027
        """After a line was edited."""

    def removed(self, db: sqlite3.Connection, line: dict[str, Any], parameters: Parameters) -> None:
        """Delete the account that ``parameters`` name; a line is all there is of it."""
        del parameters
        db.execute("DELETE FROM lines WHERE id = ?", (line["id"],))

    def epoch(self) -> int:
        return int(self.now().timestamp())

    def line(self, db: sqlite3.Connection, parameters: Parameters) -> dict[str, Any]:
        """The line by ``id``. Raises ``Refused`` when there is none."""
        row = db.execute("SELECT * FROM lines WHERE id = ?", (parameters.number("id"),)).fetchone()
        if row is None:
            raise Refused("STATUS_FAILURE")
        return dict(row)

    def full(self, db: sqlite3.Connection, line_id: int) -> dict[str, Any]:
        """A line as answered."""
        row = dict(db.execute("SELECT * FROM lines WHERE id = ?", (line_id,)).fetchone())
        return {"status": "STATUS_SUCCESS", "data": printed(row)}

    def check_free(self, db: sqlite3.Connection, username: str, line_id: int | None = None) -> None:
        """The name check before an insert or rename; no unique key stands behind it."""
        taken = db.execute("SELECT 1 FROM lines WHERE username = ? AND id IS NOT ?", (username, line_id))
        if taken.fetchone():
            raise Refused("STATUS_EXISTS_USERNAME", echo=True)

    def switch(self, name: str, value: int, kind: str) -> Action:
        """An action that sets a switch and succeeds even when nothing changes."""

        def act(user: User, parameters: Parameters) -> Any:
            with self.books.writing() as db:
                line = self.line(db, parameters)
                self.check_write(db, user, line)
                if line[name] != value:
                    update(db, "lines", line["id"], {name: value})
                    self.books.record(db, kind, line["username"], id=line["id"])
            return {"status": "STATUS_SUCCESS"}

        return act

    def delete_line(self, user: User, parameters: Parameters) -> Any:
        with self.books.writing() as db:
            line = self.line(db, parameters)
            self.check_write(db, user, line)
            self.removed(db, line, parameters)
            self.books.record(db, "terminate", line["username"], id=line["id"])
        return {"status": "STATUS_SUCCESS"}

    def check_write(self, db: sqlite3.Connection, user: User, line: dict[str, Any]) -> None:  # noqa: B027 - a hook with nothing to do
        """Whether ``user`` may write the line; the release imitated does not ask."""

    def page(self, db: sqlite3.Connection, parameters: Parameters, mine: str) -> dict[str, Any]:
        """``get_lines``: a page, with both counts as text."""
        search = parameters.cleaned("search[value]")
        found = " OR ".join(f"{name} LIKE :search" for name in _SEARCHED)
        where = f"{mine} AND is_mag = 0 AND is_e2 = 0"
        matching = where + (f" AND ({found})" if search else "")
        chosen = _FILTERS.get(parameters.text("filter") or "")
        matching += f" AND {chosen}" if chosen else ""
        values = {
            "search": f"%{search}%",
            "now": self.epoch(),
            "limit": min(parameters.number("limit") or 50, 1000),
            "start": parameters.number("start") or 0,
        }
        total = db.execute(f"SELECT count(*) FROM lines WHERE {where}", values).fetchone()[0]  # noqa: S608
        filtered = db.execute(f"SELECT count(*) FROM lines WHERE {matching}", values).fetchone()[0]  # noqa: S608
        rows = db.execute(
            f"SELECT {', '.join(SHORT)} FROM lines WHERE {matching} ORDER BY id LIMIT :limit OFFSET :start",  # noqa: S608
            values,
        )
        return self.counted([printed(dict(row)) for row in rows], total, filtered, searched=bool(search))

    def counted(self, data: list[Any], total: int, filtered: int, *, searched: bool) -> dict[str, Any]:
        """A page with its counters: as text, and both 0 for a search that finds nothing."""
        if not total and not searched and not self.counts_nothing:
            return self.nothing()
        counts = {"recordsTotal": total if filtered or not searched else 0, "recordsFiltered": filtered}
        reported = {name: str(count) if count else 0 for name, count in counts.items()}
        return {"status": "STATUS_SUCCESS", "data": data, **reported}

    @staticmethod
    def nothing() -> dict[str, Any]:
        """The reseller API's empty list: it has no counters at all (RUN, November 2026)."""
        return {"status": "STATUS_SUCCESS", "data": []}

    def logs(self, db: sqlite3.Connection) -> dict[str, Any]:
        rows = [printed(dict(row)) for row in db.execute("SELECT * FROM user_logs ORDER BY id")]
        count = len(rows)
        return {
            "status": "STATUS_SUCCESS",
            "data": rows,
            "recordsTotal": str(count),
            "recordsFiltered": count,
        }


def kind_of_edit(before: dict[str, Any], after: dict[str, Any]) -> str:
    """What an edit did, by what it changed."""
    if (before["username"], before["password"]) != (after["username"], after["password"]):
        return "reset_credentials"
    for kind, names in (
        ("change_package", ("package_id", "max_connections", "bouquet")),
        ("extend", ("exp_date",)),
    ):
        if any(before[name] != after.get(name, before[name]) for name in names):
            return kind
    return "edit"


def json_ids(values: list[int]) -> str:
    return json.dumps(values, separators=(",", ":"))
