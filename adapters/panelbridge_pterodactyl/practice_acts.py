"""What the owner of the practice panel does behind our back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from panelbridge.contract.secret import random_text
from panelbridge.testing.practice import Books
from panelbridge_pterodactyl import practice_servers as servers
from panelbridge_pterodactyl import practice_users as users

Act = Callable[[Books, sqlite3.Connection, Mapping[str, Any]], Any]
_BUILD = {
    "limits": {"memory": 1, "swap": 0, "disk": 1, "io": 500, "cpu": 0},
    "feature_limits": {"databases": 0, "allocations": 0, "backups": 0},
    "docker_image": "x",
    "startup": "x",
    "environment": {},
    "egg": 1,
    "deploy": {"locations": []},
}


def _create(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """A server of somebody else's, with a user, or of the user there is."""
    name = arguments["username"]
    user = users.row_of(db, "username", name) or users.insert(
        db, username=name, email=f"{name}@elsewhere.example", password=random_text(12)
    )
    body = servers.checked(db, {**_BUILD, "name": name, "user": user["id"]})
    row = servers.insert(db, body, reads=0, fails=False)
    return servers.update(db, row["id"], status=None)["id"]


def _delete(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    user = users.the(db, "username", arguments["username"])
    gone = db.execute("DELETE FROM servers WHERE user_id = ?", (user["id"],)).rowcount
    if not arguments.get("keep_user"):
        db.execute("DELETE FROM users WHERE id = ?", (user["id"],))
    return gone


def _edit(_: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """Columns of the user (``user``) and of his first server (``server``)."""
    user = users.the(db, "username", arguments["username"])
    if arguments.get("server"):
        server = servers.the(db, "user_id", user["id"])
        servers.update(db, server["id"], **arguments["server"])
    if arguments.get("user"):
        users.update(db, user, arguments["user"])


def _set(books: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """``node_answers`` (a status, 0 = well), ``no_room`` (yes, no), ``installs_that_fail`` (how many)."""
    for name in ("node_answers", "no_room", "installs_that_fail"):
        if name in arguments:
            books.set_fact(db, name, str(arguments[name]))


def _queue(books: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """While it is ``on``, servers that are made stay where they are: their installation does not begin."""
    books.set_fact(db, "queued", "yes" if arguments.get("on") else "no")


def _revoke(books: Books, db: sqlite3.Connection, arguments: Mapping[str, Any]) -> Any:
    """``permission`` such as ``users:write``."""
    books.set_fact(db, f"revoked:{arguments['permission']}", "yes")


ACTS: Mapping[str, Act] = {
    "create": _create,
    "delete": _delete,
    "edit": _edit,
    "set": _set,
    "queue": _queue,
    "revoke": _revoke,
}
