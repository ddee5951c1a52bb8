"""Whether the schema is what the migrations make: a constraint that is gone, a trigger that is foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, create_engine

from panelbridge.ledger.verification import Problem
from panelbridge.storage.engine import guards, migrations

_Object = tuple[str, str]  # kind and name
_BLANKS = re.compile(r"\s+")


def schema_problems(connection: Connection) -> Iterator[Problem]:
    """What differs in our own tables, and what was hung onto them. The job engine's tables are its own."""
    found, made = _objects(connection), _made()
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


def _objects(connection: Connection) -> dict[_Object, tuple[str, str]]:
    """Kind and name -> table, and the statement in one spelling. SQLite's own indexes have none."""
    rows = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master"
        " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    )
    return {(kind, name): (table, _spelled(sql)) for kind, name, table, sql in rows}


def _made() -> dict[_Object, tuple[str, str]]:
    engine = create_engine("sqlite://")
    try:
        with engine.connect() as connection, connection.begin():
            migrations.upgrade(connection)
            guards.install(connection)
            return _objects(connection)
    finally:
        engine.dispose()


def _spelled(sql: str) -> str:
    return _BLANKS.sub(" ", sql.replace('"', "")).strip()
