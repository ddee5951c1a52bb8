"""Marks, stops of all effects outside, and the highest operation id ever given out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.effects import Waiting, WriteStop
from panelbridge.provisioning.models import OperationState
from panelbridge.storage.engine.identities import continue_after, highest_id
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.upserts import put_row
from panelbridge.storage.provisioning.effects_tables import SPENT_SUBSCRIPTIONS, marks, write_stops
from panelbridge.storage.provisioning.tables import operations
from panelbridge.storage.subscriptions.tables import panels, subscriptions
from panelbridge.subscriptions import PanelId

_OPEN = write_stops.c.lifted_at.is_(None)


class SqlEffectsStore:
    """Implements ``panelbridge.provisioning.effects.EffectsStore`` inside an open transaction."""

    def __init__(self, connection: Connection, locks: Locks | None = None) -> None:
        self._connection = connection
        self._locks = locks or Locks(connection)

    def stopped(self) -> WriteStop | None:
        row = self._connection.execute(select(write_stops).where(_OPEN)).first()
        if row is None:
            return None
        return WriteStop(
            code=row.code,
            message=row.message,
            since=row.since,
            highest_operation=row.highest_operation,
        )

    def lock(self) -> WriteStop | None:
        self._locks.take("writes")
        return self.stopped()

    def stop(self, stop: WriteStop) -> bool:
        known = self.lock()
        self._connection.execute(update(panels).values(writes_enabled=False))
        if known is None:
            self._connection.execute(insert(write_stops).values(bridge_id=1, **vars(stop)))
            return True
        highest = max(known.highest_operation or 0, stop.highest_operation or 0) or None
        worse = replace(known, highest_operation=highest)
        if worse != known:
            self._connection.execute(update(write_stops).where(_OPEN).values(highest_operation=highest))
        return False

    def lift(self, actor: str, at: datetime) -> None:
        known = self.lock()
        if known is None:
            return
        self._connection.execute(update(write_stops).where(_OPEN).values(lifted_at=at, actor=actor))
        if known.highest_operation is not None and known.highest_operation > self.highest_operation():
            self._skip_to(known.highest_operation)

    def waiting(self) -> Sequence[Waiting]:
        columns = (operations.c.panel_id, operations.c.verb, operations.c.state)
        query = (
            select(*columns, func.count())
            .where(operations.c.state.in_(("ready", "sent")))
            .group_by(*columns)
            .order_by(*columns)
        )
        return [
            Waiting(panel_id=PanelId(panel), verb=Verb(verb), state=OperationState(state), count=int(count))
            for panel, verb, state, count in self._connection.execute(query)
        ]

    def highest_operation(self) -> int:
        return highest_id(self._connection, operations.name)

    def mark(self, name: str) -> str | None:
        """What was noted under ``name``."""
        value = self._connection.execute(
            select(marks.c.value).where(marks.c.name == name)
        ).scalar_one_or_none()
        return None if value is None else str(value)

    def set_mark(self, name: str, value: str) -> None:
        """``name`` says ``value`` from now on."""
        put_row(self._connection, marks, ("name",), {"name": name, "value": value})

    def _skip_to(self, operation: int) -> None:
        """An id names one thing for ever, in shops and at panels: what lost books gave out is spent.

        Each subscription began with an operation, so no more of them were lost than operations.
        """
        last = self._connection.execute(select(func.coalesce(func.max(subscriptions.c.id), 0))).scalar_one()
        lost = operation - self.highest_operation()
        spent = max(last, int(self.mark(SPENT_SUBSCRIPTIONS) or 0)) + lost
        self.set_mark(SPENT_SUBSCRIPTIONS, str(spent))
        if self._connection.dialect.name != "sqlite":  # there the mark is read at each order
            continue_after(self._connection, subscriptions.name, spent)
        continue_after(self._connection, operations.name, operation)
