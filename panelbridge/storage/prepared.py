"""Statements compiled once. The short write transactions of the ledger spend their time in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Insert, Select, Update
from sqlalchemy.engine import Dialect


class Prepared:
    """A Core statement that runs from its compiled text, without type processing: values go to the driver."""

    def __init__(self, statement: Insert | Select[Any] | Update) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None, Mapping[str, Any]]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute with ``values`` for the statement's named parameters."""
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = self._compile(dialect)
        text, order, fixed = known
        if fixed:
            values = {**fixed, **values}
        if order is None:
            return connection.exec_driver_sql(text, dict(values))
        return connection.exec_driver_sql(text, tuple([values[name] for name in order]))

    def text(self, dialect: Dialect) -> tuple[str, Sequence[str]]:
        """The SQL and the order of its parameters, for measuring against the bare driver."""
        text, order, _ = self._compile(dialect)
        return text, order or ()

    def _compile(self, dialect: Dialect) -> tuple[str, Sequence[str] | None, Mapping[str, Any]]:
        compiled = self._statement.compile(dialect=dialect)
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        return str(compiled), compiled.positiontup if compiled.positional else None, fixed
