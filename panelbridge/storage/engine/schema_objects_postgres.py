"""What PostgreSQL's catalogue says of our tables, each object as one line of text.

What the migrations make is made by this very server, in the temporary schema of a transaction that is rolled
back: servers of two releases may spell one definition differently.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

from panelbridge.storage.engine import migrations
from panelbridge.storage.engine.guards_postgres import TRIGGERS
from panelbridge.storage.engine.schema_objects_sqlite import Objects

# A condition that went through a dump has its casts in other places.
_SPELLING = re.compile(r"::(character varying|text)(\[\])?|[()]")
# Guards are compared by ``guards.altered``; of temporary tables there are none.
_OBJECTS = text("""
WITH t AS (SELECT oid, relname, relrowsecurity FROM pg_class WHERE relnamespace = :space AND relkind = 'r')
SELECT 'table', relname, relname, CASE WHEN relrowsecurity THEN 'with row security' ELSE '' END FROM t
UNION ALL
SELECT 'column', relname || '.' || attname, relname, concat_ws(' ', format_type(atttypid, atttypmod),
  CASE WHEN attnotnull THEN 'NOT NULL' END, pg_get_expr(adbin, adrelid), attidentity, attgenerated)
FROM pg_attribute a JOIN t ON t.oid = attrelid LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint', conname, relname, pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN t ON t.oid = conrelid
UNION ALL
SELECT 'index', n.relname, t.relname, pg_get_indexdef(indexrelid)
  || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
FROM pg_index i JOIN t ON t.oid = indrelid JOIN pg_class n ON n.oid = indexrelid
UNION ALL
SELECT 'rule', rulename, relname, pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN t ON t.oid = ev_class
UNION ALL
SELECT 'trigger', tgname, relname, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN t ON t.oid = tgrelid
WHERE NOT tgisinternal AND tgname <> ALL (:guards)
UNION ALL
SELECT 'disabled foreign key', conname, relname, ''
FROM pg_trigger g JOIN t ON t.oid = tgrelid JOIN pg_constraint c ON c.oid = tgconstraint
WHERE tgisinternal AND tgenabled <> 'O'
""")


def objects(connection: Connection) -> tuple[Objects, Objects]:
    """What is there, and what the migrations make. Inside a write transaction, which is as before afterwards.

    Raises SQLAlchemy's ``ProgrammingError`` when the role may make no temporary tables.
    """
    space, schema = connection.execute(
        text("SELECT current_schema()::regnamespace::oid, current_schema()")
    ).one()
    found = _read(connection, space, schema)
    trial = connection.begin_nested()
    try:
        connection.execute(text("SET LOCAL search_path = pg_temp"))
        connection.execute(text("SET LOCAL client_min_messages = warning"))
        migrations.upgrade(connection)
        # As it was when the others were read: what lies in our schema is told without its name.
        connection.execute(text(f"SET LOCAL search_path = pg_temp, {_quoted(connection, schema)}"))
        mine = connection.execute(text("SELECT pg_my_temp_schema()")).scalar_one()
        return found, _read(connection, mine, "pg_temp")
    finally:
        trial.rollback()


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _read(connection: Connection, space: int, schema: str) -> Objects:
    values = {"space": space, "guards": [trigger.name for trigger in TRIGGERS]}
    rows = connection.execute(_OBJECTS, values).all()
    return {
        (kind, name): (table, _SPELLING.sub("", str(said).replace(f"{schema}.", "")))
        for kind, name, table, said in rows
    }
