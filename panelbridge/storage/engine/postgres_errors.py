"""What PostgreSQL's errors mean to us. Those of broken constraints and of bugs pass as they are."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError

from panelbridge.storage.exceptions import (
    StorageBusy,
    StorageDamaged,
    StorageFailed,
    StorageFull,
    StorageUnanswered,
    StorageUnreachable,
)

# By SQLSTATE, https://www.postgresql.org/docs/15/errcodes-appendix.html
_NAMED: dict[str, tuple[type[StorageBusy | StorageFailed], str]] = {
    "40001": (StorageBusy, "another transaction changed the same rows first"),
    "40P01": (StorageBusy, "two transactions waited for each other"),
    "55P03": (StorageBusy, "a row stayed locked for longer than our patience"),
    "57014": (StorageBusy, "a statement took longer than our patience"),
    "53300": (StorageBusy, "the database server has no connection left for us"),
    "53100": (StorageFull, "the disk of the database server is full"),
    "XX001": (StorageDamaged, "the database server found damaged rows"),
    "XX002": (StorageDamaged, "the database server found a damaged index"),
    "25006": (StorageFailed, "this transaction may only read"),
}
_SHUTTING_DOWN = {"57P01", "57P02", "57P03", "57P05"}


class _NamedErrors:
    """Inside, a server that is gone, full or kept busy by others has a name of ours."""

    def __enter__(self) -> None:
        """Nothing is done before an error."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.Error):
            return
        if cause.sqlstate in _NAMED:
            kind, message = _NAMED[cause.sqlstate]
            raise kind(message) from None
        if _is_gone(cause):
            # Never the driver's text: it names host, user and database.
            raise StorageUnreachable("the database server does not answer; nothing was changed") from None


NAMED_ERRORS = _NamedErrors()


def unanswered(error: psycopg.OperationalError) -> Exception:
    """What a failed COMMIT means: an error the server told is one of its own, silence is unknown."""
    if _is_gone(error):
        return StorageUnanswered("the database server went away while it stored the last step")
    return error


def not_connected(error: psycopg.OperationalError, name: str) -> StorageFailed:
    """Why there is no session, for the operator: what the server or the network said, without a password."""
    said = " ".join(str(error).split("\n")[0].rpartition(" failed: ")[2].split())[:200]
    if "FATAL" in said and not _is_passing(said):
        return StorageFailed(f"the database {name} is refused: {said}")
    return StorageUnreachable(f"the database {name} cannot be reached: {said}")


def _is_passing(said: str) -> bool:
    """It starts, ends or is full: the same request works later."""
    return any(word in said for word in ("starting up", "shutting down", "recovery mode", "too many"))


def _is_gone(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return state.startswith("08") or state in _SHUTTING_DOWN
