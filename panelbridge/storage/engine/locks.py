"""Locks that a transaction holds until it ends, where several write at once.

On SQLite nothing is asked: its write transaction is the only one there is. ``docs/decisions`` has the list of
what is locked by which, and the order in which they are taken.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from panelbridge.storage.engine.prepared import Prepared

_NUMBER = func.hashtextextended(bindparam("name"), 0)
_TAKE = Prepared(select(func.pg_advisory_xact_lock(_NUMBER)))
_TRY = Prepared(select(func.pg_try_advisory_xact_lock(_NUMBER)))


def for_change(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """``query`` waits for its row and then reads it as it is now; nobody else changes the row meanwhile.

    Rows that only refer to it are still added: NO KEY. A transaction that may only read refuses it.
    """
    return query.with_for_update(key_share=True)


class Locks:
    """What one transaction holds. What it has is not asked for again."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._held: set[str] = set()
        self.needed = connection.dialect.name != "sqlite"

    def take(self, *name: object) -> None:
        """Wait until nobody else holds ``name``, which stands for rows that are not there yet.

        Raises ``StorageBusy`` when that lasts longer than our patience.
        """
        wanted = _spelled(name)
        if self.needed and wanted not in self._held:
            _TAKE.run(self._connection, {"name": wanted}).first()
            self._held.add(wanted)

    def try_take(self, *name: object) -> bool:
        """Take ``name`` unless somebody else holds it; never waits."""
        wanted = _spelled(name)
        if not self.needed or wanted in self._held:
            return True
        taken = bool(_TRY.run(self._connection, {"name": wanted}).scalar_one())
        if taken:
            self._held.add(wanted)
        return taken

    def holds(self, *name: object) -> bool:
        """Whether this transaction has ``name``, a row or what ``take`` took."""
        return _spelled(name) in self._held

    def note(self, *name: object) -> None:
        """The row that ``name`` stands for was locked by a statement of its own, or was made here."""
        self._held.add(_spelled(name))


def _spelled(name: tuple[object, ...]) -> str:
    return ":".join(str(part) for part in name)
