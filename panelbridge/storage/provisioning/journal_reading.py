"""Reading the journal: operations by what they wait for, and their attempts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    and_,
    bindparam,
    or_,
    select,
    text,
)

from panelbridge.contract.capabilities import Verb
from panelbridge.ledger import ResellerId
from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.models import (
    UNSETTLED,
    Attempt,
    Operation,
    OperationId,
    OperationState,
)
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.prepared import Prepared, StoreMemory
from panelbridge.storage.provisioning.attempt_rows import attempt_of
from panelbridge.storage.provisioning.due_rows import DUE_ROWS, ROWS_IN_VAIN, RUNNABLE, UNSETTLED_ROWS
from panelbridge.storage.provisioning.operation_counts import counts
from panelbridge.storage.provisioning.operation_rows import OperationRows
from panelbridge.storage.provisioning.tables import attempts, operations
from panelbridge.subscriptions import InstallationId, PanelId, SubscriptionId

# Spelled as in the partial indexes, so that they are used: a bound value would not tell the planner.
_OWNS = text("operations.state NOT IN ('refused', 'superseded', 'withdrawn')")
_IN_DOUBT = text("operations.state IN ('sent', 'attention')")
_UNREPORTED = text("operations.reported_pending AND NOT operations.acknowledged")
_WATCHED = text("(operations.code = 'released' OR operations.attempts > 1)")
_QUEUED = text("operations.state = 'queued'")

_OPERATION = Prepared(select(operations).where(operations.c.id == bindparam("wanted")), typed=True)
_BY_KEY = Prepared(select(operations).where(operations.c.key == bindparam("wanted"), _OWNS), typed=True)
_WAITING = Prepared(
    select(operations)
    .where(operations.c.subscription_id == bindparam("wanted"), UNSETTLED_ROWS)
    .order_by(operations.c.id),
    typed=True,
)
_AHEAD = Prepared(
    select(operations)
    .where(
        operations.c.subscription_id == bindparam("wanted"),
        UNSETTLED_ROWS,
        operations.c.id < bindparam("before"),
    )
    .order_by(operations.c.id),
    typed=True,
)
_WAITING_FOR_CREDIT = Prepared(
    select(operations)
    .where(operations.c.reseller_id == bindparam("wanted"), _QUEUED)
    .order_by(operations.c.id),
    typed=True,
)
_ATTEMPTS = Prepared(
    select(attempts).where(attempts.c.operation_id == bindparam("wanted")).order_by(attempts.c.number),
    typed=True,
)
_IN_FLIGHT = Prepared(
    select(attempts.c.slot).where(
        attempts.c.finished_at.is_(None),
        attempts.c.panel_id == bindparam("panel"),
        or_(
            and_(attempts.c.boot == bindparam("boot"), attempts.c.ends > bindparam("seconds", type_=Float)),
            and_(
                attempts.c.boot != bindparam("boot"),
                attempts.c.deadline > bindparam("now"),
                attempts.c.started_at <= bindparam("now"),
            ),
        ),
    ),
    typed=True,
)
# Every end, and what waits for a person.
_REPORTED = frozenset(OperationState) - UNSETTLED | {OperationState.ATTENTION}


class JournalReading:
    """The half of ``SqlJournalStore`` that changes nothing, inside an open transaction."""

    def __init__(
        self, connection: Connection, rows: OperationRows, memory: StoreMemory, locks: Locks
    ) -> None:
        self._connection = connection
        self._rows = rows
        self._memory = memory
        self._locks = locks

    def operation(self, operation: OperationId) -> Operation | None:
        return self._first(_OPERATION, wanted=operation)

    def by_key(self, key: str) -> Operation | None:
        return self._first(_BY_KEY, wanted=key)

    def unsettled(
        self, subscription: SubscriptionId, *, before: OperationId | None = None
    ) -> Sequence[Operation]:
        if before is not None:
            return self._all(_AHEAD, wanted=subscription, before=before)
        return self._all(_WAITING, wanted=subscription)

    def done(self, subscription: SubscriptionId, generation: int) -> Sequence[Operation]:
        query = (
            select(operations)
            .where(
                operations.c.subscription_id == subscription,
                operations.c.generation == generation,
                operations.c.state == OperationState.DONE,
            )
            .order_by(operations.c.settled_at, operations.c.id)
        )
        return self._found(query)

    def last(self, subscription: SubscriptionId) -> Operation | None:
        query = (
            select(operations)
            .where(operations.c.subscription_id == subscription)
            .order_by(operations.c.id.desc())
            .limit(1)
        )
        return next(iter(self._found(query)), None)

    def search(
        self,
        *,
        installation: InstallationId | None = None,
        subscription: SubscriptionId | None = None,
        state: OperationState | None = None,
        after: OperationId | None = None,
        newest_first: bool = False,
        limit: int = 100,
    ) -> Sequence[Operation]:
        order = operations.c.id.desc() if newest_first else operations.c.id
        query = select(operations).order_by(order).limit(limit)
        if installation is not None:
            query = query.where(operations.c.installation_id == installation)
        if subscription is not None:
            query = query.where(operations.c.subscription_id == subscription)
        if state is not None:
            query = query.where(operations.c.state == state.value)
        if after is not None:
            query = query.where(operations.c.id > after)
        return self._found(query)

    def counts(self) -> Sequence[tuple[Verb, OperationState, int]]:
        return counts(self._connection)

    def due(
        self,
        now: datetime,
        limit: int,
        tolerance: timedelta,
        *,
        per_panel: int | None = None,
        closed: Collection[PanelId] = (),
    ) -> Sequence[Operation]:
        values = {"now": now, "ahead": now + tolerance, "most": limit, "closed": list(closed)}
        each = limit if per_panel is None else per_panel
        return self._found(DUE_ROWS, {**values, "per_panel": each})

    def queued(self, reseller: ResellerId) -> Sequence[Operation]:
        return self._all(_WAITING_FOR_CREDIT, wanted=reseller)

    def attempts(self, operation: OperationId) -> Sequence[Attempt]:
        return [attempt_of(row) for row in _ATTEMPTS.run(self._connection, {"wanted": operation}).all()]

    def free_slot(self, panel: PanelId, most: int, now: datetime, tick: Tick) -> int | None:
        values = {"panel": panel, "now": now, "boot": tick.boot, "seconds": tick.seconds}
        taken = self._slots_taken(values)
        if len(taken) >= most:  # one of before there were slots has none, and counts
            return None
        for slot in range(1, most + 1):
            if slot in taken or not self._locks.try_take("slot", panel, slot):
                continue
            # Whoever had the lock may have taken the slot since it was looked at.
            if not self._locks.needed or slot not in self._slots_taken(values):
                return slot
        return None

    def _slots_taken(self, values: Mapping[str, Any]) -> list[int | None]:
        return [row.slot for row in _IN_FLIGHT.run(self._connection, values).all()]

    def name_sent_elsewhere(self, panel: PanelId, username: str, but: Operation) -> bool:
        self._locks.take("login name", panel, username)
        other = select(operations.c.id).where(
            operations.c.panel_id == panel,
            operations.c.username == username,
            operations.c.verb == Verb.CREATE.value,
            (operations.c.subscription_id != but.subscription_id)
            | (operations.c.generation != but.generation),
        )
        return self._connection.execute(other.limit(1)).first() is not None

    def released(self, since: datetime) -> Sequence[Operation]:
        return self._watched(since, operations.c.code == "released", operations.c.verb == Verb.CREATE.value)

    def watched_purchases(self, since: datetime) -> Sequence[Operation]:
        found = self._watched(
            since,
            operations.c.verb.in_([Verb.EXTEND.value, Verb.CHANGE_PACKAGE.value]),
            (operations.c.code == "released")
            | ((operations.c.state == OperationState.DONE.value) & (operations.c.attempts > 1)),
        )
        return [item for item in found if item.target.purchase]

    def _watched(self, since: datetime, *which: ColumnElement[bool]) -> list[Operation]:
        """Few, and sorted here: SQLite would read the journal whole to have their order for nothing."""
        query = select(operations).where(_WATCHED, operations.c.settled_at >= since, *which)
        return sorted(self._found(query), key=lambda item: item.id)

    def waiting(self, before: datetime, tries: int, long_before: datetime) -> Sequence[Operation]:
        return self._found(ROWS_IN_VAIN, {"before": before, "tries": tries, "long_before": long_before})

    def waits_for_panel(self, installation: InstallationId, panel: PanelId) -> bool:
        query = select(operations.c.id).where(
            RUNNABLE, operations.c.installation_id == installation, operations.c.panel_id == panel
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def unreported(
        self, installation: InstallationId, after: OperationId, limit: int = 200
    ) -> Sequence[Operation]:
        query = (
            select(operations)
            .where(
                operations.c.installation_id == installation,
                _UNREPORTED,
                operations.c.id > after,
                operations.c.state.in_([state.value for state in _REPORTED]),
            )
            .order_by(operations.c.id)
            .limit(limit)
        )
        return self._found(query)

    def existence_unknown(
        self, installation: InstallationId, first: SubscriptionId, last: SubscriptionId
    ) -> Operation | None:
        query = (
            select(operations)
            .where(
                _IN_DOUBT,
                operations.c.subscription_id.between(first, last),
                operations.c.installation_id == installation,
                operations.c.verb.in_([Verb.CREATE.value, Verb.TERMINATE.value]),
            )
            .order_by(operations.c.subscription_id)
            .limit(1)
        )
        return next(iter(self._found(query)), None)

    def _first(self, query: Prepared, **values: Any) -> Operation | None:
        found: Operation | None = query.run(self._connection, values).known(
            self._memory.operations, self._rows.record
        )
        return found

    def _all(self, query: Prepared, **values: Any) -> list[Operation]:
        return [self._rows.record(row) for row in query.run(self._connection, values).all()]

    def _found(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Operation]:
        return [self._rows.record(row) for row in self._connection.execute(query, values)]
