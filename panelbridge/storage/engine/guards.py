"""The database's own refusals on the ledger's tables, made anew after every migration."""

from __future__ import annotations

from sqlalchemy import Connection

from panelbridge.storage.engine import guards_postgres, guards_sqlite


def install(connection: Connection) -> None:
    """Every guard is there as written here, whatever was there before. Commits nothing."""
    if connection.dialect.name == "sqlite":
        guards_sqlite.install(connection)
    else:
        guards_postgres.install(connection)


def altered(connection: Connection) -> list[str]:
    """Names of guards that are missing or read otherwise than here."""
    if connection.dialect.name == "sqlite":
        return guards_sqlite.altered(connection)
    return guards_postgres.altered(connection)
