"""Logging in to the practice server, and being locked out of it."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from panelbridge.testing.practice import Books, PracticeRequest
from panelbridge_jellyfin.practice_tables import Refused, row_of

_SERVERS_OWN_LIMIT = 3


def authenticate(books: Books, db: sqlite3.Connection, request: PracticeRequest, dialect: str) -> Any:
    """The user who may come in. A wrong password counts, and the last one allowed disables the user."""
    header = "x-emby-authorization" if dialect == "emby" else "authorization"
    reported = request.headers.get(header, "")
    if not all(re.search(rf'\b{name}="', reported) for name in ("Client", "Device", "DeviceId", "Version")):
        raise Refused(400)
    body = request.json()
    row = row_of(db, name=str(body.get("Username") or ""))
    if row is None:
        raise Refused(401)
    policy = json.loads(row["policy"])
    if (body.get("Pw") or "") != (row["password"] or ""):
        _count(books, db, row, policy)
        raise Refused(401)
    if policy["IsDisabled"]:
        raise Refused(403)
    db.execute("UPDATE users SET failed = 0 WHERE id = ?", (row["id"],))
    return row


def _count(books: Books, db: sqlite3.Connection, row: sqlite3.Row, policy: dict[str, Any]) -> None:
    limit = policy["LoginAttemptsBeforeLockout"] or _SERVERS_OWN_LIMIT
    failed = row["failed"] + 1
    db.execute("UPDATE users SET failed = ? WHERE id = ?", (failed, row["id"]))
    if limit > 0 and failed >= limit and not policy["IsDisabled"]:
        changed = json.dumps({**policy, "IsDisabled": True})
        db.execute("UPDATE users SET policy = ? WHERE id = ?", (changed, row["id"]))
        books.record(db, "lockout", row["name"])
