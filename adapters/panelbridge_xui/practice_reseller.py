"""The practice panel's Reseller API: lines are bought, and nothing is asked twice."""

from __future__ import annotations

import json
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

from panelbridge_xui.practice_lines import Action, LineActions, User, json_ids
from panelbridge_xui.practice_market import (
    bought_columns,
    compatible,
    group_of,
    offered_to,
    package_of,
    price_of,
    tree_of,
)
from panelbridge_xui.practice_tables import forgotten_isp, ids, insert, printed, stored_note, update
from panelbridge_xui.practice_wire import PanelCrash, Parameters, Refused, later, random_name


class ResellerApi(LineActions):
    """Actions of access-code type 4."""

    counts_nothing = False

    def actions(self) -> dict[str, Action]:
        return {
            "user_info": self.user_info,
            "packages": self.packages,
            "create_line": self.create_line,
            "edit_line": self.edit_line,
            "get_line": self.get_line,
            "get_lines": self.get_lines,
            "disable_line": self.switch("enabled", 0, "suspend"),
            "enable_line": self.switch("enabled", 1, "unsuspend"),
            "delete_line": self.delete_line,
            "user_logs": self.user_logs,
        }

    def user_info(self, user: User, _: Parameters) -> Any:
        with self.books.reading() as db:
            group = dict(group_of(db, user))
            sells = bool(offered_to(db, user))
        return {
            "status": "STATUS_SUCCESS",
            "data": printed(dict(user)),
            "permissions": {**printed(group), "create_line": sells},
        }

    def packages(self, user: User, _: Parameters) -> Any:
        with self.books.reading() as db:
            rows = offered_to(db, user, every=True)
        data = [{**printed(dict(row)), "official_credits": price_of(user, row, trial=False)} for row in rows]
        return {"status": "STATUS_SUCCESS", "data": data}

    def get_line(self, user: User, parameters: Parameters) -> Any:
        with self.books.reading() as db:
            line = self.line(db, parameters)
            if line["member_id"] not in tree_of(db, user):
                raise Refused("STATUS_FAILURE")
            return self.full(db, line["id"])

    def get_lines(self, user: User, parameters: Parameters) -> Any:
        """Empty though lines exist, unless the option says that this release's list works."""
        if self.options["reseller_list"] == "empty":
            return self.nothing()
        with self.books.reading() as db:
            tree = ", ".join(str(member) for member in tree_of(db, user))
            return self.page(db, parameters, f"member_id IN ({tree})")

    def user_logs(self, _: User, __: Parameters) -> Any:
        if self.options["reseller_list"] == "empty":
            return self.nothing()
        with self.books.reading() as db:
            return self.logs(db)

    def create_line(self, user: User, parameters: Parameters) -> Any:
        with self.books.writing() as db:
            trial = bool(parameters.text("trial") or "")
            package = self._bought_package(db, user, parameters)
            price = self._check_price(db, user, package, trial=trial)
            self.check_named(db, parameters)
            username, password = self.hidden_names() or self._names(db, user, parameters, None)
            self.check_free(db, username)
            until = self._end(package, None, trial=trial)
            row = {
                **bought_columns(package, trial=trial),
                **self._reported(db, user, parameters, package),
                "username": None if username.lower() == "null" else username,
                "password": password,
                "exp_date": until,
                "created_at": self.epoch(),
                "forced_country": package["forced_country"] or "",
                "isp_desc": "",
            }
            if self.kind != "line":
                row["allowed_ua"] = None  # of hidden lines; "[]" after an edit
            line_id = insert(db, "lines", row)
            self.made(db, line_id, parameters)
            self.books.record(db, "create", username, charged=price, id=line_id, package=package["id"])
        self._pay(user, price, "new", line_id, package["id"])
        with self.books.reading() as db:
            return self.full(db, line_id)

    def edit_line(self, user: User, parameters: Parameters) -> Any:
        """Without ``package`` a reset of what is not sent again; with it a purchase as well, every time."""
        price, package = None, None
        with self.books.writing() as db:
            line = self.line(db, parameters)
            if line["member_id"] not in tree_of(db, user):
                raise Refused("STATUS_FAILURE")
            if parameters.has("package"):
                package = self._bought_package(db, user, parameters)
                price = self._check_price(db, user, package, trial=False)
            self.check_named(db, parameters, line)
            hidden = (line["username"], line["password"])
            username, password = self._names(db, user, parameters, line) if self.kind == "line" else hidden
            self.check_free(db, username, line["id"])
            self.changed(db, line["id"], parameters)
            shown = package or package_of(db, line["package_id"])
            changes = {
                **self._reported(db, user, parameters, shown),
                "username": username,
                "password": password,
            }
            if package is not None:
                changes |= self._purchase(db, line, package, parameters)
            elif shown is not None:
                changes["allowed_outputs"] = shown["output_formats"]  # whatever an admin had given
            changes |= forgotten_isp(line)
            update(db, "lines", line["id"], {**changes, "updated": self.now().strftime("%Y-%m-%d %H:%M:%S")})
            kind = _kind(line, package, username, password)
            self.books.record(db, kind, line["username"], charged=price or 0, id=line["id"])
        self._pay(user, price, "extend", line["id"], changes.get("package_id", line["package_id"]))
        with self.books.reading() as db:
            return self.full(db, line["id"])

    def check_write(self, db: sqlite3.Connection, user: User, line: dict[str, Any]) -> None:
        if self.options["ownership"] == "enforced" and line["member_id"] not in tree_of(db, user):
            raise Refused("STATUS_FAILURE")

    def _purchase(
        self, db: sqlite3.Connection, line: dict[str, Any], package: sqlite3.Row, parameters: Parameters
    ) -> dict[str, Any]:
        trial = bool(parameters.text("trial") or "")
        base = line["exp_date"]
        present = package_of(db, line["package_id"])
        if trial or (
            package["check_compatible"] and present is not None and not compatible(present, package)
        ):
            base = None  # counted from now: what was left is lost
        until = self._end(package, base, trial=trial)
        return {**bought_columns(package, trial=trial), "exp_date": until}

    def _end(self, package: sqlite3.Row, base: int | None, *, trial: bool) -> int:
        now = self.now()
        start = now if base is None or base <= now.timestamp() else datetime.fromtimestamp(base, UTC)
        kind = "trial" if trial else "official"
        end = later(start, package[f"{kind}_duration"], package[f"{kind}_duration_in"])
        return int(end.timestamp())

    def _reported(
        self, db: sqlite3.Connection, user: User, parameters: Parameters, package: sqlite3.Row | None
    ) -> dict[str, Any]:
        """Columns that an edit sets to what it is sent, and to nothing when nothing is."""
        group = group_of(db, user)
        member = parameters.number("member_id")
        reported: dict[str, Any] = {
            "member_id": member if member in tree_of(db, user) else user["id"],
            "contact": parameters.cleaned("contact") or None,
            "reseller_notes": stored_note(parameters.cleaned("reseller_notes")),
            "bouquet": self._bouquets(group, parameters, package),
        }
        if group["allow_restrictions"]:
            for name in ("allowed_ips", "allowed_ua"):
                reported[name] = json.dumps(parameters.array(name) or [])
            for name in ("bypass_ua", "is_isplock"):
                reported[name] = int(parameters.has(name))
        return reported

    @staticmethod
    def _bouquets(group: sqlite3.Row, parameters: Parameters, package: sqlite3.Row | None) -> str:
        offered = ids(package["bouquets"]) if package is not None else []
        if not group["allow_change_bouquets"]:
            return json_ids(offered)
        asked = parameters.array("bouquets_selected")
        if asked is None:
            raise PanelCrash("the code walks over something that is no array")
        return json_ids(sorted(number for number in offered if str(number) in asked))

    def _names(
        self, db: sqlite3.Connection, user: User, parameters: Parameters, line: dict[str, Any] | None
    ) -> tuple[str, str]:
        """Name and password: as asked where the group may choose them, else silently others."""
        group = group_of(db, user)
        chosen = []
        for name in ("username", "password"):
            asked = parameters.text(name) or ""
            text = asked.strip().replace("\\", "")
            if not (text and group[f"allow_change_{name}"]):
                chosen.append(random_name() if line is None else line[name])
                continue
            if len(text) < group[f"minimum_{name}_length"] and text.lower() != "null":
                raise Refused(f"STATUS_INVALID_{name.upper()}", echo=True)
            chosen.append(text)
        return chosen[0], chosen[1]

    def _bought_package(self, db: sqlite3.Connection, user: User, parameters: Parameters) -> sqlite3.Row:
        offered = [row for row in offered_to(db, user, every=True) if row[self.sold_as]]
        if not offered:
            raise Refused("STATUS_NO_PERMISSIONS")
        if not parameters.text("package"):
            raise Refused("STATUS_INVALID_PACKAGE", echo=True)
        package = package_of(db, parameters.number("package"))
        if package is None or not package[self.sold_as]:
            raise Refused("STATUS_INVALID_TYPE", echo=True)
        if package["id"] not in {row["id"] for row in offered}:
            raise Refused("STATUS_INVALID_PACKAGE", echo=True)
        return package

    def _check_price(self, db: sqlite3.Connection, user: User, package: sqlite3.Row, *, trial: bool) -> int:
        price = price_of(user, package, trial=trial)
        balance = db.execute("SELECT credits FROM users WHERE id = ?", (user["id"],)).fetchone()[0]
        if trial:
            group = group_of(db, user)
            used = "SELECT count(*) FROM lines WHERE member_id = ? AND is_trial = 1"
            trials = db.execute(used, (user["id"],)).fetchone()[0]
            if trials >= group["total_allowed_gen_trials"] or balance < group["minimum_trial_credits"]:
                raise Refused("STATUS_NO_TRIALS", echo=True)
        if price > balance:
            raise Refused("STATUS_INSUFFICIENT_CREDITS", echo=True)
        return price

    def _pay(self, user: User, price: int | None, action: str, line_id: int, package_id: int | None) -> None:
        """Read the balance, then write it less the price: two statements, no lock, as the release does."""
        row = {
            "owner": user["id"],
            "type": self.kind,
            "action": action,
            "log_id": line_id,
            "package_id": package_id,
        }
        with self.books.reading() as db:
            balance = db.execute("SELECT credits FROM users WHERE id = ?", (user["id"],)).fetchone()[0]
            if price is not None and self.options["balance"] == "atomic":
                db.execute("UPDATE users SET credits = credits - ? WHERE id = ?", (price, user["id"]))
            elif price is not None:
                time.sleep(float(self.options["race_window"]))
                update(db, "users", user["id"], {"credits": balance - price})
            after = balance - (price or 0)
            insert(db, "user_logs", {**row, "cost": price, "credits_after": after, "date": self.epoch()})


def _kind(line: dict[str, Any], package: sqlite3.Row | None, username: str, password: str) -> str:
    if package is not None:
        return "extend" if package["id"] == line["package_id"] else "change_package"
    changed = (line["username"], line["password"]) != (username, password)
    return "reset_credentials" if changed else "edit"
