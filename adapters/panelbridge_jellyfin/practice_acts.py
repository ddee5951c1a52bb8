"""What the owner of the practice server does behind our back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import Books
from panelbridge_jellyfin.practice_tables import insert_user, row_of

Act = Callable[[Books, sqlite3.Connection, Mapping[str, Any]], Any]


def _create(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """A user of the owner's; ``password`` may be empty."""
    password = arguments.get("password", random_text(12))
    return insert_user(db, arguments["username"], password, **arguments.get("policy", {}))["id"]


def _delete(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    return db.execute("DELETE FROM users WHERE name = ?", (arguments["username"],)).rowcount


def _edit(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """Fields of the ``policy`` (no others are lost), a ``new_name``, ``last_login``."""
    row = row_of(db, name=arguments["username"])
    policy = {**json.loads(row["policy"]), **arguments.get("policy", {})}
    name = arguments.get("new_name", row["name"])
    values = (json.dumps(policy), name, name.casefold(), arguments.get("last_login", row["last_login"]))
    sql = "UPDATE users SET policy = ?, name = ?, name_key = ?, last_login = ? WHERE id = ?"
    return db.execute(sql, (*values, row["id"])).rowcount


def _break_passwords(books: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """The next ``times`` creates leave a user without a password and answer ``status``."""
    books.set_fact(db, "passwords_that_fail", str(arguments.get("times", 1)))
    return books.set_fact(db, "failing_status", str(arguments.get("status", 500)))


def _lose_passwords(books: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """The next ``times`` passwords are accepted and not kept (users' reports of Emby)."""
    return books.set_fact(db, "passwords_to_lose", str(arguments.get("times", 1)))


ACTS: Mapping[str, Act] = {
    "create": _create,
    "delete": _delete,
    "edit": _edit,
    "break_passwords": _break_passwords,
    "lose_passwords": _lose_passwords,
}
