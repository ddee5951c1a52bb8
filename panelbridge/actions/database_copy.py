"""What is in a backup: looked through as a file, without opening it as our database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from panelbridge.actions.refused import Refused

_COUNTED = ("subscriptions", "ledger_transfers")


def require_file(path: Path, advice: str) -> None:
    """Raises ``Refused``."""
    if not path.is_file():
        raise Refused("configuration", f"there is no file {path}", advice=advice)


def look_through(path: Path) -> dict[str, int]:
    """Rows of some tables in it. Raises ``Refused`` when it is no whole database of ours."""
    wrong = Refused(
        "invalid_request",
        f"the file {path} is not a whole panelbridge database",
        advice="Take another backup; this one cannot be used.",
    )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
            whole = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            counts = {
                table: int(copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
                for table in _COUNTED
            }
    except sqlite3.DatabaseError:
        raise wrong from None
    if not whole:
        raise wrong
    return counts


def last_operation(path: Path) -> int | None:
    """The highest operation id the database at ``path`` ever gave out, if it can still tell."""
    if not path.exists():
        return None
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'operations'"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute(query).fetchone()
    except sqlite3.DatabaseError:
        return None
    return int(row[0]) if row else None
