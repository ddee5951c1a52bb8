"""The provisioning journal on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Float,
    Row,
    Select,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, ResellerId, TransferId
from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.models import (
    UNSETTLED,
    Attempt,
    Fence,
    Look,
    Operation,
    OperationId,
    OperationState,
    Target,
)
from panelbridge.storage.engine.prepared import Prepared, StoreMemory, survived
from panelbridge.storage.provisioning.due_rows import DUE_ROWS, ROWS_IN_VAIN, RUNNABLE
from panelbridge.storage.provisioning.tables import attempts, operations
from panelbridge.storage.vault.sealing import Vault
from panelbridge.subscriptions import InstallationId, PanelId, PlanId, SubscriptionId

# Spelled as in the partial indexes, so that they are used: a bound value would not tell the planner.
_OWNS = text("operations.state NOT IN ('refused', 'superseded', 'withdrawn')")
_UNSETTLED = text("operations.state IN ('queued', 'ready', 'sent', 'attention')")
_QUEUED = text("operations.state = 'queued'")

_OPERATION = Prepared(select(operations).where(operations.c.id == bindparam("wanted")), typed=True)
_BY_KEY = Prepared(select(operations).where(operations.c.key == bindparam("wanted"), _OWNS), typed=True)
_WAITING = Prepared(
    select(operations)
    .where(operations.c.subscription_id == bindparam("wanted"), _UNSETTLED)
    .order_by(operations.c.id),
    typed=True,
)
_AHEAD = Prepared(
    select(operations)
    .where(
        operations.c.subscription_id == bindparam("wanted"),
        _UNSETTLED,
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
    select(func.count())
    .select_from(attempts)
    .where(
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
_ADD = Prepared(
    insert(operations)
    .values({column.name: bindparam(column.name) for column in operations.c if column.name != "id"})
    .returning(operations.c.id),
    typed=True,
)
_BEGIN = Prepared(
    insert(attempts).values({column.name: bindparam(column.name) for column in attempts.c}), typed=True
)
# What an attempt learns after it began; the rest never changes, and writing its key again is not free.
_FINISHED = ("finished_at", "outcome", "code", "evidence", "cleared", "looks")
_FINISH = Prepared(
    update(attempts)
    .where(attempts.c.operation_id == bindparam("wanted"), attempts.c.number == bindparam("nth"))
    .values({name: bindparam(f"new_{name}") for name in _FINISHED}),
    typed=True,
)


# Every end, and what waits for a person.
_REPORTED = frozenset(OperationState) - UNSETTLED | {OperationState.ATTENTION}


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


class SqlJournalStore:
    """Implements ``panelbridge.provisioning.journal.JournalStore`` inside an open transaction."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        clock: Callable[[], datetime],
        memory: StoreMemory | None = None,
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._clock = clock
        self._memory = memory or StoreMemory()

    def add(self, operation: Operation) -> Operation:
        values = self._values(operation) | {"due_set_at": self._clock()}
        made = _ADD.run(self._connection, values).scalar_one()
        return replace(operation, id=OperationId(made))

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
        limit: int = 100,
    ) -> Sequence[Operation]:
        query = select(operations).order_by(operations.c.id).limit(limit)
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
        columns = (operations.c.verb, operations.c.state)
        query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
        rows = self._connection.execute(query)
        return [(Verb(verb), OperationState(state), int(count)) for verb, state, count in rows]

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

    def save(self, operation: Operation, *, was: Operation) -> bool:
        before = vars(was)
        changed = [
            name
            for name, value in vars(operation).items()
            if value is not before[name] and value != before[name]
        ]
        if "state" not in changed:
            changed.append("state")  # written even if it stays: there is always something to compare and set
        values = {f"new_{name}": _COLUMNS[name](operation) for name in changed if name != "password"}
        if "due_at" in changed:
            changed = [name for name in changed if name != "due_set_at"] + ["due_set_at"]
            values["new_due_set_at"] = self._clock()
        if "password" in changed:
            values["new_password"] = self._sealed(operation)
        values |= {
            "wanted": operation.id,
            "was_state": was.state.value,
            "was_attempts": was.attempts,
            "was_failures": was.failures,
        }
        try:
            with survived(self._connection):
                return _saving(frozenset(changed)).run(self._connection, values).rowcount == 1
        except IntegrityError:  # another operation of the subscription is sent: this one is not
            return False

    def begin(self, attempt: Attempt) -> bool:
        try:
            with survived(self._connection):
                _BEGIN.run(self._connection, _attempt_values(attempt))
        except IntegrityError:  # somebody else has this number: theirs is the lease
            return False
        return True

    def finish(self, attempt: Attempt) -> None:
        known = _attempt_values(attempt)
        values = {f"new_{name}": known[name] for name in _FINISHED}
        _FINISH.run(self._connection, values | {"wanted": attempt.operation_id, "nth": attempt.number})

    def attempts(self, operation: OperationId) -> Sequence[Attempt]:
        return [_attempt(row) for row in _ATTEMPTS.run(self._connection, {"wanted": operation}).all()]

    def in_flight(self, panel: PanelId, now: datetime, tick: Tick) -> int:
        values = {"panel": panel, "now": now, "boot": tick.boot, "seconds": tick.seconds}
        return int(_IN_FLIGHT.run(self._connection, values).scalar_one())

    def name_sent_elsewhere(self, panel: PanelId, username: str, but: Operation) -> bool:
        other = select(operations.c.id).where(
            operations.c.panel_id == panel,
            operations.c.username == username,
            operations.c.verb == Verb.CREATE.value,
            (operations.c.subscription_id != but.subscription_id)
            | (operations.c.generation != but.generation),
        )
        return self._connection.execute(other.limit(1)).first() is not None

    def released(self, since: datetime) -> Sequence[Operation]:
        query = (
            select(operations)
            .where(
                operations.c.code == "released",
                operations.c.verb == Verb.CREATE.value,
                operations.c.settled_at >= since,
            )
            .order_by(operations.c.id)
        )
        return self._found(query)

    def watched_purchases(self, since: datetime) -> Sequence[Operation]:
        query = (
            select(operations)
            .where(
                operations.c.verb.in_([Verb.EXTEND.value, Verb.CHANGE_PACKAGE.value]),
                (operations.c.code == "released")
                | ((operations.c.state == OperationState.DONE.value) & (operations.c.attempts > 1)),
                operations.c.settled_at >= since,
            )
            .order_by(operations.c.id)
        )
        return [item for item in self._found(query) if item.target.purchase]

    def waiting(self, before: datetime, tries: int, long_before: datetime) -> Sequence[Operation]:
        return self._found(ROWS_IN_VAIN, {"before": before, "tries": tries, "long_before": long_before})

    def waits_for_panel(self, installation: InstallationId, panel: PanelId) -> bool:
        query = select(operations.c.id).where(
            RUNNABLE, operations.c.installation_id == installation, operations.c.panel_id == panel
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def unreported(self, installation: InstallationId, after: OperationId) -> Sequence[Operation]:
        query = (
            select(operations)
            .where(
                operations.c.installation_id == installation,
                operations.c.reported_pending,
                ~operations.c.acknowledged,
                operations.c.id > after,
                operations.c.state.in_([state.value for state in _REPORTED]),
            )
            .order_by(operations.c.id)
        )
        return self._found(query)

    def _first(self, query: Prepared, **values: Any) -> Operation | None:
        found: Operation | None = query.run(self._connection, values).known(
            self._memory.operations, self._operation
        )
        return found

    def _all(self, query: Prepared, **values: Any) -> list[Operation]:
        return [self._operation(row) for row in query.run(self._connection, values).all()]

    def _found(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Operation]:
        return [self._operation(row) for row in self._connection.execute(query, values)]

    def _values(self, operation: Operation) -> dict[str, Any]:
        values = {name: value(operation) for name, value in _COLUMNS.items()}
        return values | {"password": self._sealed(operation)}

    def _sealed(self, operation: Operation) -> str | None:
        if operation.password is None:
            return None
        return self._vault.keep(operation.password, table="operations", row=operation.key, field="password")

    def _operation(self, row: Row[Any]) -> Operation:
        password: Secret | None = None
        if row.password is not None:
            password = self._vault.at_rest(row.password, table="operations", row=row.key, field="password")
        return Operation(
            id=OperationId(row.id),
            subscription_id=SubscriptionId(row.subscription_id),
            installation_id=InstallationId(row.installation_id),
            reseller_id=ResellerId(row.reseller_id),
            panel_id=PanelId(row.panel_id),
            service_id=row.service_id,
            generation=row.generation,
            verb=Verb(row.verb),
            state=OperationState(row.state),
            outcome=Outcome(row.outcome) if row.outcome else None,
            key=row.key,
            target=Target.model_validate(row.target),
            price=Credits(units=row.price),
            plan_id=PlanId(row.plan_id),
            plan_version=row.plan_version,
            term=Term.parse(row.term),
            hold=TransferId(row.hold) if row.hold is not None else None,
            username=row.username,
            password=password,
            actor=row.actor,
            attempts=row.attempts,
            failures=row.failures,
            failing_since=row.failing_since,
            admitted_at=row.admitted_at,
            due_at=row.due_at,
            due_set_at=row.due_set_at,
            settled_at=row.settled_at,
            code=row.code,
            message=row.message,
            advice=row.advice,
            field=row.field,
            before=row.before,
            after=row.after,
            reported_pending=row.reported_pending,
            acknowledged=row.acknowledged,
        )


# Column -> its value; the password is sealed by the store.
_COLUMNS: dict[str, Callable[[Operation], Any]] = {
    "subscription_id": attrgetter("subscription_id"),
    "installation_id": attrgetter("installation_id"),
    "reseller_id": attrgetter("reseller_id"),
    "panel_id": attrgetter("panel_id"),
    "service_id": attrgetter("service_id"),
    "generation": attrgetter("generation"),
    "verb": attrgetter("verb.value"),
    "state": attrgetter("state.value"),
    "outcome": lambda operation: operation.outcome.value if operation.outcome else None,
    "key": attrgetter("key"),
    "target": lambda operation: operation.target.model_dump(mode="json", exclude_defaults=True),
    "price": attrgetter("price.units"),
    "plan_id": attrgetter("plan_id"),
    "plan_version": attrgetter("plan_version"),
    "term": lambda operation: str(operation.term),
    "hold": attrgetter("hold"),
    "username": attrgetter("username"),
    "password": attrgetter("password"),
    "actor": attrgetter("actor"),
    "attempts": attrgetter("attempts"),
    "failures": attrgetter("failures"),
    "failing_since": attrgetter("failing_since"),
    "admitted_at": attrgetter("admitted_at"),
    "due_at": attrgetter("due_at"),
    "due_set_at": attrgetter("due_set_at"),
    "settled_at": attrgetter("settled_at"),
    "code": attrgetter("code"),
    "message": attrgetter("message"),
    "advice": attrgetter("advice"),
    "field": attrgetter("field"),
    "before": attrgetter("before"),
    "after": attrgetter("after"),
    "reported_pending": attrgetter("reported_pending"),
    "acknowledged": attrgetter("acknowledged"),
}


def _attempt_values(attempt: Attempt) -> dict[str, Any]:
    return {
        "operation_id": attempt.operation_id,
        "number": attempt.number,
        "panel_id": attempt.panel_id,
        "owner": attempt.owner,
        "started_at": attempt.started_at,
        "deadline": attempt.deadline,
        "quiet_until": attempt.quiet_until,
        "boot": attempt.boot,
        "ends": attempt.ends,
        "looks": {boot: look.model_dump() for boot, look in attempt.looks.items()},
        "fence": attempt.fence.model_dump(mode="json") if attempt.fence else None,
        "finished_at": attempt.finished_at,
        "outcome": attempt.outcome.value if attempt.outcome else None,
        "code": attempt.code,
        "evidence": attempt.evidence,
        "cleared": attempt.cleared,
    }


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        operation_id=OperationId(row.operation_id),
        number=row.number,
        panel_id=PanelId(row.panel_id),
        owner=row.owner,
        started_at=row.started_at,
        deadline=row.deadline,
        quiet_until=row.quiet_until,
        boot=row.boot,
        ends=row.ends,
        looks={boot: Look.model_validate(look) for boot, look in row.looks.items()},
        fence=Fence.model_validate(row.fence) if row.fence else None,
        finished_at=row.finished_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        code=row.code,
        evidence=row.evidence,
        cleared=row.cleared,
    )
