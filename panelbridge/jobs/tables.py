"""The engine's own tables: which they are, and away with all of them.

On SQLite they lie among ours, so each is dropped by its name; on PostgreSQL they have a schema of their own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import sqlalchemy as sa

from panelbridge.storage.engine.postgres_privileges import JOBS_SCHEMA

_DROP_ALL = f"""
DO $$
DECLARE one text;
BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = '{JOBS_SCHEMA}' LOOP
    EXECUTE 'DROP TABLE IF EXISTS {JOBS_SCHEMA}.' || quote_ident(one) || ' CASCADE';
  END LOOP;
  FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = '{JOBS_SCHEMA}'::regnamespace LOOP
    EXECUTE 'DROP ROUTINE IF EXISTS ' || one || ' CASCADE';
  END LOOP;
END $$
"""  # noqa: S608 - ours


def drop_tables(database: sa.Engine) -> None:
    """All of them; the engine makes them anew as it starts."""
    if database.dialect.name != "sqlite":
        with database.begin() as connection:
            connection.exec_driver_sql(_DROP_ALL)
        return
    ours = set(table_names())
    with database.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # else every drop checks its children
        try:
            for name in ours & set(sa.inspect(connection).get_table_names()):
                connection.exec_driver_sql(f'DROP TABLE "{name}"')
            connection.commit()
        finally:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def table_names() -> list[str]:
    """The engine's tables, as this version of DBOS makes them in an empty database."""
    from dbos import DBOS

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'empty.db'}"
        DBOS.migrate(url)
        empty = sa.create_engine(url)
        try:
            return sa.inspect(empty).get_table_names()
        finally:
            empty.dispose()
