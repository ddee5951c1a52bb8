"""Which database this is: a copy of it is another one, the same after a restart is the same.

A SQLite file is known by its inode. A database of a PostgreSQL server by the server's system identifier (made
by initdb), its timeline (raised when a standby takes over or an older state is recovered) and its own oid.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from panelbridge.storage.engine.sql_states import NO_RIGHT, has_state
from panelbridge.storage.exceptions import StorageFailed

SYSTEM_FUNCTION = "pg_catalog.pg_control_system()"  # any role may run it, unless the server was hardened

# The timeline as the next record is written. pg_control_checkpoint() gives that of the last checkpoint, which
# is the old one for minutes after a standby took over.
_OF_SERVER = text(f"""
SELECT s.system_identifier, d.oid, CASE WHEN NOT pg_is_in_recovery()
  THEN left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END
FROM {SYSTEM_FUNCTION} s, pg_database d WHERE d.datname = current_database()
""")  # noqa: S608 - ours


def identity_of(connection: Connection) -> str:
    """Raises ``OSError`` when the file is gone, ``StorageFailed`` when the server does not tell us."""
    if connection.dialect.name == "sqlite":
        return str(Path(connection.engine.url.database or "").stat().st_ino)
    try:
        system, oid, timeline = connection.execute(_OF_SERVER).one()
    except ProgrammingError as error:
        if not has_state(error, NO_RIGHT):
            raise
        role = connection.engine.url.username
        raise StorageFailed(
            f"the role {role} may not run pg_control_system(), which proves that this server is no copy: "
            f'as a superuser, run GRANT EXECUTE ON FUNCTION {SYSTEM_FUNCTION} TO "{role}"'
        ) from None
    if timeline is None:
        raise StorageFailed("the database server is a standby: it takes no writes")
    return f"{system}/{timeline}/{oid}"
