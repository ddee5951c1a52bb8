"""The guards as SQLite's triggers.

SQLite facts behind them: ``INSERT OR REPLACE`` deletes without firing delete triggers unless the connection
asked for it, so a replace is caught by an insert trigger; a column declared INTEGER takes a fraction, so
types are checked; a rebuilt table has lost its triggers, so all are made anew each time.
"""

from __future__ import annotations

from sqlalchemy import Connection

from panelbridge.storage.engine.guard_rules import BLANK_TAIL, FROZEN, GUARDS, NO, UNDELETABLE, Guard, Rule


def _trigger(guard: Guard) -> str:
    body = "\n  ".join(_refusal(rule) for rule in guard.rules)
    return f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} BEGIN\n  {body}\nEND"


def _refusal(rule: Rule) -> str:
    condition = rule.condition.replace(BLANK_TAIL, "printf('%064d', 0)").replace(NO, "0")
    return f"SELECT RAISE(ABORT, 'ledger guard: {rule.message}') WHERE {condition};"


def _always(table: str, event: str) -> tuple[str, str]:
    name = f"guard_{table}_{event.lower()}"
    refusal = f"SELECT RAISE(ABORT, 'ledger guard: {table} refuses {event.lower()}');"
    return name, f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN\n  {refusal}\nEND"


TRIGGERS: dict[str, str] = dict(
    (
        *(_always(table, "UPDATE") for table in FROZEN),
        *(_always(table, "DELETE") for table in UNDELETABLE),
        *((guard.name, _trigger(guard)) for guard in GUARDS),
    )
)


def install(connection: Connection) -> None:
    for name, statement in TRIGGERS.items():
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
        connection.exec_driver_sql(statement)


def altered(connection: Connection) -> list[str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    stored = dict(tuple(row) for row in rows)
    return [name for name, statement in TRIGGERS.items() if stored.get(name) != statement]
