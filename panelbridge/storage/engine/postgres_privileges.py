"""What the service's own role may do: it owns no table, so it can switch off no guard and empty no table."""

from __future__ import annotations

from sqlalchemy import Connection, text

from panelbridge.storage.engine.database_identity import SYSTEM_FUNCTION
from panelbridge.storage.engine.guard_rules import FROZEN, UNDELETABLE

_OURS_TO_READ = ("alembic_version",)
JOBS_SCHEMA = "panelbridge_jobs"


def make_schema_of_jobs(connection: Connection) -> None:
    """The job engine makes and drops tables of its own there: nothing in them is ever the truth."""
    query = text("SELECT to_regnamespace(:name) IS NOT NULL")
    if not connection.execute(query, {"name": JOBS_SCHEMA}).scalar_one():
        connection.exec_driver_sql(f"CREATE SCHEMA {JOBS_SCHEMA}")


def grant_to_application(connection: Connection, role: str) -> None:
    """``role`` may use every table as it is used, and nothing more. Repeating it is safe."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    named = connection.dialect.identifier_preparer.quote(schema)
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {named} TO {quoted}")
    _let_tell_the_server(connection, role, quoted)
    connection.exec_driver_sql(f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {named} TO {quoted}")
    connection.exec_driver_sql(f"GRANT USAGE, CREATE ON SCHEMA {JOBS_SCHEMA} TO {quoted}")
    tables = connection.execute(
        text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"), {"schema": schema}
    ).scalars()
    for table in tables.all():
        connection.exec_driver_sql(f"REVOKE ALL ON {named}.{table} FROM {quoted}")
        connection.exec_driver_sql(f"GRANT {_rights(table)} ON {named}.{table} TO {quoted}")


_MAY = text("SELECT has_function_privilege(:role, :function, :right)")


def _let_tell_the_server(connection: Connection, role: str, quoted: str) -> None:
    """A hardened server keeps this from roles. An owner who may pass it on does; else the service says so."""

    def may(who: str, right: str) -> bool:
        values = {"role": who, "function": SYSTEM_FUNCTION, "right": right}
        return bool(connection.execute(_MAY, values).scalar_one())

    owner = connection.execute(text("SELECT current_user")).scalar_one()
    if not may(role, "EXECUTE") and may(owner, "EXECUTE WITH GRANT OPTION"):
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {SYSTEM_FUNCTION} TO {quoted}")


def _rights(table: str) -> str:
    if table in _OURS_TO_READ:
        return "SELECT"
    # What the guards refuse is no right either.
    if table in FROZEN:
        return "SELECT, INSERT"
    if table in UNDELETABLE:
        return "SELECT, INSERT, UPDATE"
    return "SELECT, INSERT, UPDATE, DELETE"
