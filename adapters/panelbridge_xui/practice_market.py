"""Who may buy what at the practice panel, and for how much."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from panelbridge_xui.practice_lines import User
from panelbridge_xui.practice_tables import ids

_SHAPE = (
    "is_restreamer",
    "is_isplock",
    "max_connections",
    "force_server_id",
    "forced_country",
    "lock_device",
)


def price_of(user: User, package: sqlite3.Row, *, trial: bool) -> int:
    """In whole credits: the reseller's override price, else the package's, truncated."""
    override = json.loads(user["override_packages"] or "{}").get(str(package["id"]))
    price = package["trial_credits"] if trial else (override or package["official_credits"])
    return int(price)  # truncated to whole credits


def group_of(db: sqlite3.Connection, user: User) -> sqlite3.Row:
    """The group that decides what a panel user may do."""
    query = "SELECT * FROM user_groups WHERE group_id = ?"
    row: sqlite3.Row = db.execute(query, (user["member_group_id"],)).fetchone()
    return row


def package_of(db: sqlite3.Connection, package_id: int | None) -> sqlite3.Row | None:
    """A package by id."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM packages WHERE id = ?", (package_id,)).fetchone()
    return row


def offered_to(db: sqlite3.Connection, user: User, *, every: bool = False) -> list[sqlite3.Row]:
    """Packages of the user's group; for lines only, unless ``every``."""
    rows = db.execute("SELECT * FROM packages ORDER BY id")
    mine = [row for row in rows if user["member_group_id"] in ids(row["groups"])]
    return mine if every else [row for row in mine if row["is_line"]]


def tree_of(db: sqlite3.Connection, user: User) -> set[int]:
    """The panel user and its sub-resellers: whose lines it sees."""
    subs = db.execute("SELECT id FROM users WHERE owner_id = ?", (user["id"],))
    return {user["id"], *(row["id"] for row in subs)}


def bought_columns(package: sqlite3.Row, *, trial: bool) -> dict[str, Any]:
    """What a purchase writes into the line."""
    return {
        "package_id": package["id"],
        "is_trial": int(trial),
        "max_connections": package["max_connections"],
        "is_restreamer": package["is_restreamer"],
        "allowed_outputs": package["output_formats"],
        "force_server_id": package["force_server_id"],
        "forced_country": package["forced_country"],
    }


def compatible(present: sqlite3.Row, wanted: sqlite3.Row) -> bool:
    """Whether changing from one package to the other keeps the term."""
    lists = all(
        sorted(ids(present[name])) == sorted(ids(wanted[name])) for name in ("bouquets", "output_formats")
    )
    return lists and all(present[name] == wanted[name] for name in _SHAPE)
