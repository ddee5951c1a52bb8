"""The provisioning journal on SQLAlchemy Core: what is written, each time with what was read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    Connection,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.models import (
    Attempt,
    Operation,
    OperationId,
    OperationState,
)
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.prepared import Prepared, StoreMemory, survived
from panelbridge.storage.engine.upserts import InsertNew
from panelbridge.storage.provisioning.attempt_rows import attempt_values
from panelbridge.storage.provisioning.journal_reading import JournalReading
from panelbridge.storage.provisioning.operation_counts import add_counts_up, count_settled
from panelbridge.storage.provisioning.operation_rows import COLUMNS, OperationRows
from panelbridge.storage.provisioning.tables import attempts, operations
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import PanelId

_ADD = Prepared(
    insert(operations)
    .values({column.name: bindparam(column.name) for column in operations.c if column.name != "id"})
    .returning(operations.c.id),
    typed=True,
)
_BEGIN = InsertNew(  # their position is given out by the database
    attempts, {column.name: bindparam(column.name) for column in attempts.c if column.name != "position"}
)
_UNDER_WAY = frozenset({OperationState.SENT, OperationState.ATTENTION})  # one of a subscription at most
# What an attempt learns after it began; the rest never changes, and writing its key again is not free.
_FINISHED = ("finished_at", "outcome", "code", "evidence", "cleared", "looks")
_FINISH = Prepared(
    update(attempts)
    .where(attempts.c.operation_id == bindparam("wanted"), attempts.c.number == bindparam("nth"))
    .values({name: bindparam(f"new_{name}") for name in _FINISHED}),
    typed=True,
)


@lru_cache(maxsize=256)
def _saving(columns: frozenset[str]) -> Prepared:
    """The update of those columns, when state, attempts and failures still are as they were read."""
    return Prepared(
        update(operations)
        .where(
            operations.c.id == bindparam("wanted"),
            operations.c.state == bindparam("was_state"),
            operations.c.attempts == bindparam("was_attempts"),
            operations.c.failures == bindparam("was_failures"),
        )
        .values({name: bindparam(f"new_{name}") for name in sorted(columns)}),
        typed=True,
    )


class SqlJournalStore(JournalReading):
    """Implements ``panelbridge.provisioning.journal.JournalStore`` inside an open transaction."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        clock: Callable[[], datetime],
        memory: StoreMemory | None = None,
        locks: Locks | None = None,
    ) -> None:
        super().__init__(
            connection, OperationRows(vault), memory or StoreMemory(), locks or Locks(connection)
        )
        self._clock = clock

    def add(self, operation: Operation) -> Operation:
        if operation.verb is Verb.CREATE and operation.target.chosen_name:
            # Seen by whoever asks whether an account of that name is his own; ours are random.
            self._locks.take("login name", operation.panel_id, operation.username)
        values = self._rows.values(operation) | {"due_set_at": self._clock()}
        made = _ADD.run(self._connection, values).scalar_one()
        if operation.settled:
            count_settled(self._connection, operation)
        return replace(operation, id=OperationId(made))

    def save(self, operation: Operation, *, was: Operation) -> bool:
        before = vars(was)
        changed = [
            name
            for name, value in vars(operation).items()
            if value is not before[name] and value != before[name]
        ]
        if "state" not in changed:
            changed.append("state")  # written even if it stays: there is always something to compare and set
        values = {f"new_{name}": COLUMNS[name](operation) for name in changed if name != "password"}
        if "due_at" in changed:
            changed = [name for name in changed if name != "due_set_at"] + ["due_set_at"]
            values["new_due_set_at"] = self._clock()
        if "password" in changed:
            values["new_password"] = self._rows.sealed(operation)
        values |= {
            "wanted": operation.id,
            "was_state": was.state.value,
            "was_attempts": was.attempts,
            "was_failures": was.failures,
        }
        saving = _saving(frozenset(changed))
        if operation.state not in _UNDER_WAY or was.state in _UNDER_WAY:
            saved = saving.run(self._connection, values).rowcount == 1
            if saved and operation.settled and not was.settled:
                count_settled(self._connection, operation)
            return saved
        try:
            with survived(self._connection):
                return saving.run(self._connection, values).rowcount == 1
        except IntegrityError:  # another operation of the subscription is sent: this one is not
            return False

    def add_counts_up(self, most: int = 500) -> int:
        return add_counts_up(self._connection, most)

    def bring_forward(self, panel: PanelId, codes: Collection[str], now: datetime) -> int:
        backs_off = (
            select(operations.c.id)
            .where(
                operations.c.panel_id == panel,
                operations.c.state == OperationState.READY.value,
                operations.c.failures > 0,
                operations.c.due_at > now,
                operations.c.code.in_(sorted(codes)),
            )
            # It waits for no row, and so it is in nobody's way, though it locks rows of many subscriptions.
            .with_for_update(skip_locked=True, key_share=True)
        )
        forward = update(operations).where(operations.c.id.in_(backs_off))
        return self._connection.execute(forward.values(due_at=now, due_set_at=self._clock())).rowcount

    def begin(self, attempt: Attempt) -> bool:
        # Somebody else has this number: theirs is the lease.
        return _BEGIN.run(self._connection, attempt_values(attempt)).rowcount == 1

    def finish(self, attempt: Attempt) -> None:
        known = attempt_values(attempt)
        values = {f"new_{name}": known[name] for name in _FINISHED}
        _FINISH.run(self._connection, values | {"wanted": attempt.operation_id, "nth": attempt.number})
