"""Whether the schema is what the migrations make: a constraint that is gone, a trigger that is foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlalchemy.exc import ProgrammingError

from panelbridge.ledger.verification import Problem
from panelbridge.storage.engine import schema_objects_sqlite
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.schema_objects_sqlite import Objects
from panelbridge.storage.engine.sql_states import NO_RIGHT, has_state


def schema_problems(database: Database) -> Sequence[Problem]:
    """What differs in our own tables, and what was hung onto them. The job engine's tables are its own."""
    with database.read() as connection:
        if connection.dialect.name == "sqlite":
            return [*_differences(*schema_objects_sqlite.objects(connection))]
    from panelbridge.storage.engine import schema_objects_postgres

    try:
        with database.write() as connection:
            return [*_differences(*schema_objects_postgres.objects(connection))]
    except ProgrammingError as error:
        if not has_state(error, NO_RIGHT):
            raise
        return [
            Problem(
                code="schema",
                message="the schema was not compared: the role may make no temporary tables "
                "(GRANT TEMPORARY ON DATABASE)",
                blocks=False,
            )
        ]


def _differences(found: Objects, made: Objects) -> Iterator[Problem]:
    own = {name for kind, name in made if kind == "table"}
    for key, (table, text) in made.items():
        if found.get(key, (table, None))[1] != text:
            state = "differs from what the migrations make" if key in found else "is gone"
            yield _problem(f"{key[0]} {key[1]} {state}")
    for key, (table, text) in found.items():
        if key in made or key[0] == "table":
            continue
        if table in own or any(re.search(rf"\b{name}\b", text) for name in own):
            yield _problem(f"{key[0]} {key[1]} on {table} is none of ours")


def _problem(what: str) -> Problem:
    return Problem(code="schema", message=f"the schema was changed: {what}", blocks=False)
