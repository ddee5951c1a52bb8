"""What a PostgreSQL server refused, by its SQLSTATE. SQLite has no such states."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

DUPLICATE = "23505"  # unique_violation
NO_RIGHT = "42501"  # insufficient_privilege


def has_state(error: DBAPIError, state: str) -> bool:
    """Whether the server gave ``state`` as the reason."""
    return getattr(error.orig, "sqlstate", None) == state
