"""The guards as PostgreSQL's triggers: one function each, beside those that refuse a whole event.

PostgreSQL facts behind them: TRUNCATE fires no row trigger, so each table has one for the statement, and
``TRUNCATE … CASCADE`` of another table fires it too; an ordinary trigger is silent for a session in replica
mode, so ours fire ALWAYS; a temporary table may hide one of ours, so functions have a path of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from panelbridge.storage.engine.dialects import for_postgres
from panelbridge.storage.engine.guard_rules import BLANK_TAIL, FROZEN, GUARDS, NO, UNDELETABLE, Guard, Rule

_REFUSED = "integrity_constraint_violation"


@dataclass(frozen=True, kw_only=True)
class _Trigger:
    name: str
    table: str
    event: str
    body: str  # of its function, which has the same name

    @property
    def each(self) -> str:
        return "STATEMENT" if self.event == "TRUNCATE" else "ROW"


def _always(table: str, event: str) -> _Trigger:
    message = f"ledger guard: {table} refuses {event.lower()}"
    return _Trigger(
        name=f"guard_{table}_{event.lower()}",
        table=table,
        event=event,
        body=f"BEGIN\n  RAISE EXCEPTION USING ERRCODE = '{_REFUSED}', MESSAGE = '{message}';\nEND",
    )


def _ruled(guard: Guard) -> _Trigger:
    checks = "\n  ".join(_check(rule) for rule in guard.rules if not rule.sqlite_only)
    return _Trigger(
        name=guard.name,
        table=guard.table,
        event=guard.event,
        body=f"BEGIN\n  {checks}\n  RETURN NEW;\nEND",
    )


def _check(rule: Rule) -> str:
    condition = rule.on_postgres or _spelled(rule.condition)
    message = f"ledger guard: {rule.message}"
    return (
        f"IF ({condition}) THEN RAISE EXCEPTION USING ERRCODE = '{_REFUSED}', MESSAGE = '{message}'; END IF;"
    )


def _spelled(condition: str) -> str:
    return for_postgres(condition.replace(BLANK_TAIL, "repeat('0', 64)").replace(NO, "FALSE"))


TRIGGERS: tuple[_Trigger, ...] = (
    *(_always(table, "UPDATE") for table in FROZEN),
    *(_always(table, event) for table in UNDELETABLE for event in ("DELETE", "TRUNCATE")),
    *(_ruled(guard) for guard in GUARDS if not all(rule.sqlite_only for rule in guard.rules)),
)


def install(connection: Connection) -> None:
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for trigger in TRIGGERS:
        for statement in _statements(trigger, schema):
            connection.exec_driver_sql(statement.replace("%", "%%"))


def _statements(trigger: _Trigger, schema: str) -> tuple[str, ...]:
    name, table = trigger.name, trigger.table
    function = (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {schema}, pg_temp AS $guard$\n{trigger.body}\n$guard$"
    )
    fired = f"CREATE OR REPLACE TRIGGER {name} {_fires(trigger, table)}"
    return function, fired, f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"


def _fires(trigger: _Trigger, table: str) -> str:
    return f"BEFORE {trigger.event} ON {table} FOR EACH {trigger.each} EXECUTE FUNCTION {trigger.name}()"


_INSTALLED = text("""
SELECT t.tgname, t.tgenabled::text, p.prosrc, p.proconfig[1], pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
""")


def altered(connection: Connection) -> list[str]:
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    stored = {name: tuple(rest) for name, *rest in connection.execute(_INSTALLED)}
    return [one.name for one in TRIGGERS if stored.get(one.name) != _expected(one, schema)]


def _expected(trigger: _Trigger, schema: str) -> tuple[str, ...]:
    name = trigger.name
    definition = f"CREATE TRIGGER {name} {_fires(trigger, f'{schema}.{trigger.table}')}"
    return ("A", f"\n{trigger.body}\n", f"search_path={schema}, pg_temp", definition)
