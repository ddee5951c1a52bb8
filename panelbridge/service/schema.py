"""Which schema a database has, and which one this release needs: read without opening the database."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path

from panelbridge.storage.exceptions import StorageDamaged


def schema_of(path: Path) -> str | None:
    """The schema's revision in the database at ``path``; ``None`` when it has none.

    Raises ``StorageDamaged``.
    """
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise StorageDamaged(f"{path.absolute()} is damaged: {error}") from None
        return None
    finally:
        connection.close()
    return str(row[0]) if row else None


def newest_schema() -> str:
    """The newest revision this release brings. Its files are named by revision, so nothing is imported."""
    folder = files("panelbridge.storage.engine.migrations") / "versions"
    return max(item.name.removesuffix(".py") for item in folder.iterdir() if item.name[:4].isdigit())
