"""What a PostgreSQL server must be to hold our books, asked once by each process as it opens them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg
from sqlalchemy import Connection

from panelbridge.storage.exceptions import StorageFailed

Session = psycopg.Connection[Any]
_POOLER = (
    "a pooler in transaction mode (PgBouncer, Odyssey, pgcat) stands before the database server: it gives "
    "one session's locks and settings to another. Name the server itself in database_url, or a port of the "
    "pooler in session mode; panelbridge has a pool of its own"
)
_OLDEST = 150000  # PostgreSQL 15
_LOOKS = 4  # sessions that are held open at once to meet one that is shared


def driver_of(connection: Connection) -> Session:
    """The driver's own session below SQLAlchemy's."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"psycopg is the driver, not {type(driver).__name__}")
    return driver


def check_server(session: Session, another: Callable[[], Session]) -> None:
    """Raises ``StorageFailed``, which names what to change. ``another`` opens one more session."""
    try:
        if session.info.server_version < _OLDEST:
            raise StorageFailed("the database server is older than PostgreSQL 15")
        if _is_shared(session, another):
            raise StorageFailed(_POOLER)
        if _ask(session, "SELECT pg_is_in_recovery()"):
            raise StorageFailed("the database server is a standby, which takes no write: name the primary")
        if _ask(session, "SELECT current_setting('synchronous_commit')") == "off":
            raise StorageFailed(
                "the database server acknowledges before it has written (synchronous_commit is off): "
                "a sold account could be forgotten"
            )
    finally:
        session.rollback()


def _is_shared(session: Session, another: Callable[[], Session]) -> bool:
    """Whether our next transaction may run in a session of the server that others have meanwhile.

    A pooler cannot tell us the number of the server's process, for it has not one for each of us: it makes
    one up. A pooler in session mode does so too, and does no harm: so it is tried whether another session of
    ours meets the process that the first one had.
    """
    ours = _ask(session, "SELECT pg_backend_pid()")
    session.rollback()
    if ours == session.info.backend_pid:
        return False
    held: list[Session] = []
    try:
        for _ in range(_LOOKS):
            other = another()
            held.append(other)  # its transaction stays open, so that each meets another process
            if _ask(other, "SELECT pg_backend_pid()") == ours:
                return True
        return bool(_ask(session, "SELECT pg_backend_pid()") != ours)
    except psycopg.OperationalError:
        return True  # all of its few processes are in our transactions: they are shared
    finally:
        for other in held:
            other.close()


def _ask(session: Session, query: LiteralString) -> Any:
    row = session.execute(query).fetchone()
    return None if row is None else row[0]
