"""A look at a database of a PostgreSQL server: one short session, in which nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from sqlalchemy import URL

from panelbridge.storage.engine.address import driver_arguments, shown
from panelbridge.storage.engine.postgres_errors import NAMED_ERRORS, not_connected

_PATIENCE = 10  # seconds
_AT_A_PROMPT = 2  # somebody pressed TAB and waits; libpq takes no less
_VERIFIED = "verify-full"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class PostgresPeek:
    """Implements ``Peek``."""

    def __init__(self, url: URL) -> None:
        self._url = url

    @property
    def name(self) -> str:
        return shown(self._url)

    def exists(self) -> bool:
        with self._opened() as connection:
            return _has_tables(connection)

    def missing(self) -> str:
        return "has no tables of ours"

    def traces(self) -> Sequence[Path]:
        return ()

    def refuse_damaged(self) -> None:
        """The server looks after its files."""

    def schema(self) -> str | None:
        with self._opened() as connection:
            if not _has_tables(connection):
                return None
            found = _one(connection, "SELECT version_num FROM alembic_version")
        return None if found is None else str(found)

    def may_migrate(self) -> bool:
        with self._opened() as connection:
            return bool(_one(connection, _OWNS))

    def condition(self) -> str:
        with self._opened() as connection:
            size = int(_one(connection, "SELECT pg_database_size(current_database())"))
            version = connection.info.parameter_status("server_version") or "?"
            secured = "TLS" if connection.pgconn.ssl_in_use else "no TLS"
        return f"PostgreSQL {version.partition(' ')[0]}: {self.name}, {secured}, {size / 1024 / 1024:.1f} MB"

    def warnings(self) -> Sequence[tuple[str, str]]:
        found = []
        if self.may_migrate():
            found.append(
                (
                    f"the role {self._url.username} owns the tables: it could switch their guards off",
                    "Name a role that owns nothing in database_url, and the owner in database_owner_url.",
                )
            )
        remote = self._url.host and self._url.host not in _HERE
        if remote and self._url.query.get("sslmode") != _VERIFIED:
            found.append(
                (
                    f"the server {self._url.host} need not prove who it is",
                    "Add ?sslmode=verify-full&sslrootcert=FILE to database_url.",
                )
            )
        return found

    def rows(self, query: str, values: Mapping[str, str], most: int) -> Sequence[tuple[str, str]]:
        spelled = query.replace("%", "%%").replace(":typed", "%(typed)s")
        spelled = spelled.replace("group_concat(", "string_agg(")
        with self._opened(_AT_A_PROMPT) as connection:
            found = connection.execute(spelled.encode(), values).fetchmany(most)
        return [(str(name), str(text or "")) for name, text in found]

    @contextmanager
    def _opened(self, patience: int = _PATIENCE) -> Iterator[psycopg.Connection[Any]]:
        try:
            connection = psycopg.connect(
                **driver_arguments(self._url),
                connect_timeout=patience,
                application_name="panelbridge look",
                autocommit=True,
            )
        except psycopg.OperationalError as error:
            raise not_connected(error, self.name) from None
        try:
            with NAMED_ERRORS:
                yield connection
        finally:
            connection.close()


_OWNS = (
    "SELECT coalesce(bool_or(pg_has_role(current_user, relowner, 'USAGE')), false) FROM pg_class"
    " WHERE oid = to_regclass('ledger_transfers')"
)


def _has_tables(connection: psycopg.Connection[Any]) -> bool:
    return bool(_one(connection, "SELECT to_regclass('alembic_version') IS NOT NULL"))


def _one(connection: psycopg.Connection[Any], query: LiteralString) -> Any:
    row = connection.execute(query).fetchone()
    return None if row is None else row[0]
