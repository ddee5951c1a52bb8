"""Copies of a server's database: a dump by pg_dump with a manifest beside it, and the way back.

Only our own schema is in a dump: the tables of the job engine have one of theirs, and may be lost.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, Connection, make_url, text

from panelbridge.storage.engine.database_identity import identity_of
from panelbridge.storage.engine.manifest import Manifest, digest, manifest_of, write_manifest
from panelbridge.storage.engine.postgres_server import driver_of
from panelbridge.storage.engine.postgres_tools import require_tool, run_tool

_OTHER_SCHEMAS = text(
    "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN"
    " ('information_schema', current_schema())"
)
_TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
_OURS = "NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"  # of no extension
_RELATIONS = f"pg_class o WHERE o.relnamespace = current_schema()::regnamespace AND {_OURS}"
_ROUTINES = f"pg_proc o WHERE o.pronamespace = current_schema()::regnamespace AND {_OURS}"
_ANYTHING = text(f"SELECT EXISTS (SELECT FROM {_RELATIONS}) OR EXISTS (SELECT FROM {_ROUTINES})")  # noqa: S608
_FUNCTIONS = text(f"SELECT o.oid::regprocedure::text FROM {_ROUTINES}")  # noqa: S608


def dump(connection: Connection, url: URL, target: Path) -> None:
    """The state that ``connection`` sees, which others change meanwhile. ``target`` must not exist.

    Raises ``ToolMissing`` and ``StorageFailed``; no half of a copy is left.
    """
    release = release_of(connection)
    for tool in ("pg_dump", "pg_restore"):
        require_tool(tool, least=release)
    others = connection.execute(_OTHER_SCHEMAS).scalars().all()
    # Ours is idle while pg_dump works; a server may end such sessions.
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
    arguments = ["--format=custom", f"--snapshot={snapshot}", "--no-owner", "--no-privileges"]
    arguments += [f'--exclude-schema="{name}"' for name in others]
    try:
        handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            run_tool("pg_dump", arguments, url, writes=file)
            os.fsync(file.fileno())
        with target.open("rb") as file:  # read through, to its end
            run_tool("pg_restore", ["--file=/dev/null"], reads=file)
        write_manifest(target, _manifest(connection, release, target))
    except FileExistsError:
        raise
    except BaseException:
        target.unlink(missing_ok=True)
        manifest_of(target).unlink(missing_ok=True)
        raise


def _manifest(connection: Connection, release: int, target: Path) -> Manifest:
    return Manifest(
        made_at=datetime.now(UTC),
        release=release,
        database=identity_of(connection),
        tables=connection.execute(text("SELECT current_schema()")).scalar_one(),
        rows=rows_of(connection),
        size=target.stat().st_size,
        sha256=digest(target),
    )


def rows_of(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    quoted = connection.dialect.identifier_preparer.quote
    tables = connection.execute(_TABLES).scalars().all()
    return {
        name: connection.exec_driver_sql(f"SELECT count(*) FROM {quoted(name)}").scalar_one()  # noqa: S608 - quoted
        for name in tables
    }


def release_of(connection: Connection) -> int:
    """The server's, as 15."""
    return driver_of(connection).info.server_version // 10000


def is_empty(connection: Connection) -> bool:
    """Whether a copy may be restored into this database."""
    return not connection.execute(_ANYTHING).scalar_one()


def clear(connection: Connection) -> None:
    """What ``load`` put into an empty database is gone again."""
    quoted = connection.dialect.identifier_preparer.quote
    for name in connection.execute(_TABLES).scalars().all():
        connection.exec_driver_sql(f"DROP TABLE {quoted(name)} CASCADE")
    for function in connection.execute(_FUNCTIONS).scalars().all():
        connection.exec_driver_sql(f"DROP FUNCTION {function}")


def load(owner_url: str, source: Path, manifest: Manifest) -> None:
    """Into an empty database, whole or not at all. Raises ``ToolMissing`` and ``StorageFailed``."""
    require_tool("pg_restore", least=manifest.release)
    owner = make_url(owner_url)
    with source.open("rb") as file:
        run_tool(
            "pg_restore",
            [
                "--no-owner",
                "--no-privileges",
                "--exit-on-error",
                "--single-transaction",
                "--no-comments",  # that of an extension belongs to who made it
                f"--dbname={owner.database}",
            ],
            owner,
            reads=file,
        )
