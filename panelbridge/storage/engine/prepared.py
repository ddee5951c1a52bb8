"""Statements compiled once and run from their text, straight through the driver.

A write transaction must be short, for it holds up every other writer, and SQLAlchemy's work on each execution
was most of its time. The statements stay Core expressions, so both databases read the same source.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

Statement = Insert | Select[*tuple[Any, ...]] | Update

_Convert = Callable[[Any], Any]
_GIVEN = object()
_FLOAT8 = 701  # PostgreSQL's number of the only type that asks what arrives; SQLite's types ask nothing


class Rows:
    """What a statement returned. Read it before the next statement of the transaction runs."""

    __slots__ = ("_cursor", "_shape")

    def __init__(self, cursor: Any, shape: Callable[[Any], Any] | None) -> None:
        self._cursor = cursor
        self._shape = shape

    @property
    def rowcount(self) -> int:
        """Rows that were changed."""
        return int(self._cursor.rowcount)

    def first(self) -> Any:
        """The first row, ``None`` when there is none."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return row if row is None or self._shape is None else self._shape(row)

    def known(self, memory: RowMemory, make: Callable[[Any], Any]) -> Any:
        """What ``make`` builds of the first row, or built of an equal one; ``None`` when there is none."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return (
            None
            if row is None
            else memory.of(tuple(row), lambda: make(self._shape(row) if self._shape else row))
        )

    def scalar_one(self) -> Any:
        """The first cell. Raises ``LookupError`` when there is no row."""
        row = self.first()
        if row is None:
            raise LookupError("the statement returned no row")
        return row[0]

    def all(self) -> list[Any]:
        """Every row."""
        rows = self._cursor.fetchall()
        return rows if self._shape is None else [self._shape(row) for row in rows]


class RowMemory:
    """Records built of rows that are read far more often than changed, by the row's content.

    The row is still read each time: what another process changed is seen at once.
    """

    _MOST = 256

    def __init__(self) -> None:
        self._records: dict[tuple[Any, ...], Any] = {}

    def of(self, row: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """The record of ``row``."""
        try:
            record = self._records.get(row)
        except TypeError:  # a driver that reads JSON by itself: such a row has no hash
            return make()
        if record is None:
            record = make()
            if len(self._records) >= self._MOST:
                self._records.clear()
            self._records[row] = record
        return record


@dataclass(frozen=True)
class StoreMemory:
    """What the stores of one vault remember. Every order reads the same rows several times, and so does
    whoever asks how an order stands.
    """

    panels: RowMemory = field(default_factory=RowMemory)
    plans: RowMemory = field(default_factory=RowMemory)
    subscriptions: RowMemory = field(default_factory=RowMemory)
    operations: RowMemory = field(default_factory=RowMemory)
    codes: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)  # of plan and panel: for good


@contextmanager
def survived(connection: Connection) -> Iterator[None]:
    """A statement inside may break a constraint, and the transaction goes on without it.

    SQLite undoes a refused statement by itself; elsewhere a savepoint is needed.
    """
    if connection.dialect.name == "sqlite":
        yield
    else:
        with connection.begin_nested():
            yield


class Prepared:
    """A Core statement without expanding lists (``IN`` with bound values: write those as text).

    ``typed``: values and rows pass through the types of their columns, and a row has its columns' names;
    else both are the driver's own.
    """

    def __init__(self, statement: Statement, *, typed: bool = False) -> None:
        self._statement = statement
        self._typed = typed
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Execute with ``values`` for the statement's named parameters. Raises SQLAlchemy's errors."""
        dialect = connection.dialect
        known = self._compiled.get(dialect.name)
        if known is None:
            known = self._compiled[dialect.name] = _Compiled(self._statement, dialect, typed=self._typed)
        if not connection.in_transaction():
            # Rolled back under us: the driver would commit each statement by itself.
            raise RuntimeError("a prepared statement runs inside a transaction only")
        cursor = connection.connection.cursor()
        try:
            cursor.execute(known.text, known.bound(values))
        except known.driver_error as error:
            # Never with the parameters: sealed or not, they are nobody's business.
            raise DBAPIError.instance(
                known.text, None, error, known.driver_error, hide_parameters=True, dialect=dialect
            ) from None
        return Rows(cursor, known.shape)

    def text(self, dialect: Dialect) -> tuple[str, Sequence[str]]:
        """The SQL and the order of its parameters, for measuring against the bare driver."""
        compiled = _Compiled(self._statement, dialect, typed=False)
        return compiled.text, compiled.order or ()


class _Compiled:
    """A statement as one dialect spells it, and how values go in and rows come out."""

    def __init__(self, statement: Statement, dialect: Dialect, *, typed: bool) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self.order: Sequence[str] | None = compiled.positiontup if compiled.positional else None
        driver: Any = dialect.dbapi
        # A dialect of nobody's engine has no driver; it is only asked for the text.
        self.driver_error: type[Exception] = Exception if driver is None else driver.Error
        converts = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) if typed else None
            for name, bind in compiled.binds.items()
        }
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        self._plan = [(name, convert, fixed.get(name, _GIVEN)) for name, convert in converts.items()]
        if self.order is not None:
            self._plan = [(name, converts[name], fixed.get(name, _GIVEN)) for name in self.order]
        self.shape = _shape(statement, dialect) if typed else None

    def bound(self, values: Mapping[str, Any]) -> Any:
        """``values``, and the statement's own, as the driver takes them."""
        cells = [
            _converted(convert, values[name] if own is _GIVEN else values.get(name, own))
            if convert is not None or own is not _GIVEN
            else values[name]
            for name, convert, own in self._plan
        ]
        if self.order is not None:
            return cells
        return {name: cell for (name, _, _), cell in zip(self._plan, cells, strict=True)}


def _converted(convert: _Convert | None, value: Any) -> Any:
    return value if convert is None else convert(value)


def _shape(statement: Statement, dialect: Dialect) -> Callable[[Any], Any] | None:
    """From a driver's row to a row with names and the columns' own types; ``None`` when it stays as it is."""
    if not isinstance(statement, Select):
        return None
    columns = list(statement.selected_columns)
    named = namedtuple("named", [column.key or "" for column in columns], rename=True)  # type: ignore[misc]  # noqa: PYI024 - the names are data
    converts = [column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT8) for column in columns]
    places = [(place, convert) for place, convert in enumerate(converts) if convert is not None]

    def shape(row: Sequence[Any]) -> Any:
        cells = list(row)
        for place, convert in places:
            cells[place] = convert(cells[place])
        return named._make(cells)

    return shape
