"""The provisioner: Intend, Act, Settle, Answer, and what runs later. The only caller of mutating verbs."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from panelbridge.capabilities import Verb
from panelbridge.exceptions import PanelError
from panelbridge.ledger import ResellerId
from panelbridge.models import AccountId, Found, Outcome, PanelAccount
from panelbridge.provisioning import decisions
from panelbridge.provisioning.act import look_up, send
from panelbridge.provisioning.claim import Call, Claim, LookUp, NoCall, ReadFence, Settled, Wait, claim
from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.intend import wake_queued
from panelbridge.provisioning.later import store_change, withdraw_change
from panelbridge.provisioning.models import UNSETTLED, Answer, Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit, Units, Wake
from panelbridge.provisioning.settle import backoff, settle_done
from panelbridge.provisioning.verbs import RULES
from panelbridge.provisioning.wishes import (
    ChangeWish,
    CreateWish,
    RenewWish,
    ResetWish,
    SuspendWish,
    TerminateWish,
    UnsuspendWish,
    Wish,
)
from panelbridge.subscriptions import Installation, PanelId, Subscription
from panelbridge.transport import deadline

_VERB_OF: dict[type[Any], Verb] = {
    CreateWish: Verb.CREATE,
    RenewWish: Verb.EXTEND,
    SuspendWish: Verb.SUSPEND,
    UnsuspendWish: Verb.UNSUSPEND,
    ResetWish: Verb.RESET_CREDENTIALS,
    ChangeWish: Verb.CHANGE_PACKAGE,
    TerminateWish: Verb.TERMINATE,
}
_MOMENT = timedelta(seconds=1)
_SHORTEST_TRY = 0.5  # seconds: less than this is not worth sending


class Provisioner:
    """Thread-safe; one per process. All state that matters is in the database."""

    def __init__(self, units: Units, desk: Desk, wake: Wake | None = None) -> None:
        self.units = units
        self.desk = desk
        self._wake = wake
        self._settled = threading.Condition()
        self._seats: dict[PanelId, int] = defaultdict(int)
        self._seats_lock = threading.Lock()

    def submit(self, wish: Wish, *, budget: float | None = None) -> Answer:
        """Admit ``wish`` and drive its operation for at most ``budget`` seconds. Raises ``Refusal``."""
        patience = self.desk.limits.budget if budget is None else budget
        ends = self.desk.clock() + timedelta(seconds=patience)
        with self.units.write() as unit:
            admission = RULES[_VERB_OF[type(wish)]].intend(unit, self.desk, wish)
        operation = admission.operation
        if not operation.settled:
            operation = self.drive(operation.id, ends)
        return self._answer(operation, joined=admission.joined and admission.operation.settled)

    def drive(self, operation_id: OperationId, ends: datetime) -> Operation:
        """Step the operation until it is settled or ``ends`` has come; the rest happens later."""
        with self._seat(operation_id) as seated:
            while True:
                left = (ends - self.desk.clock()).total_seconds()
                state = self.step(operation_id, seconds=left) if seated and left > _SHORTEST_TRY else None
                if isinstance(state, Settled):
                    return state.operation
                if left <= 0 or not seated or state is None:
                    return self._leave(operation_id)
                if isinstance(state, Wait) and not self._pause(state, ends):
                    return self._leave(operation_id)

    def step(self, operation_id: OperationId, *, seconds: float | None = None) -> Claim:
        """Do the one next thing for an operation, and say what it was."""
        patience = min(seconds or self.desk.limits.attempt, self.desk.limits.attempt)
        with self.units.write() as unit:
            todo = claim(unit, self.desk, operation_id, seconds=patience)
            if isinstance(todo, NoCall):
                self._settle_without_call(unit, todo)
        if isinstance(todo, ReadFence):
            todo = self._read_fence(todo, patience)
        if isinstance(todo, Call):
            send(self.units, self.desk, todo)
        elif isinstance(todo, LookUp):
            look_up(self.units, self.desk, todo, seconds=patience)
        if not isinstance(todo, Wait):
            with self._settled:
                self._settled.notify_all()
        return todo

    def pursue(self, operation_id: OperationId, *, seconds: float | None = None) -> None:
        """What a job does: step the operation until it is settled or must wait for longer than a moment."""
        ends = self.desk.clock() + timedelta(seconds=seconds or self.desk.limits.attempt)
        while (now := self.desk.clock()) < ends:
            state = self.step(operation_id)
            if isinstance(state, Settled):
                return
            if isinstance(state, Wait):
                if state.until is None or state.running or state.until - now > _MOMENT:
                    return
                with self._settled:
                    self._settled.wait(self.desk.limits.poll)

    def run_due(self, limit: int = 50) -> int:
        """One scan of due rows: what makes work happen when nobody waits. Returns how many were stepped."""
        with self.units.read() as unit:
            due = unit.journal.due(self.desk.clock(), limit)
        for operation in due:
            self.step(operation.id)
        return len(due)

    def due(self, limit: int = 50) -> list[Operation]:
        with self.units.read() as unit:
            return list(unit.journal.due(self.desk.clock(), limit))

    def after_top_up(self, unit: Unit, reseller: ResellerId) -> tuple[OperationId, ...]:
        """Wake what waits for credit, in the top-up's own transaction."""
        return wake_queued(unit, self.desk, reseller)

    def retry(self, operation_id: OperationId, *, actor: str, budget: float | None = None) -> Answer:
        """A person says "go on": look up or send again. Raises ``Refusal``."""
        decisions.retry(self.units, self.desk, operation_id, actor=actor)
        patience = self.desk.limits.budget if budget is None else budget
        operation = self.drive(operation_id, self.desk.clock() + timedelta(seconds=patience))
        return self._answer(operation, joined=False)

    def adopt(self, operation_id: OperationId, account: AccountId, *, actor: str) -> Answer:
        """A person says "this account is the service's". Raises ``Refusal``."""
        done = decisions.adopt(self.units, self.desk, operation_id, account, actor=actor)
        return self._answer(done, joined=False)

    def release(self, operation_id: OperationId, *, actor: str, reason: str) -> Answer:
        """A person says "nothing happened": the hold is free again. Raises ``Refusal``."""
        released = decisions.release(self.units, self.desk, operation_id, actor=actor, reason=reason)
        return self._answer(released, joined=False)

    def mark_done(self, operation_id: OperationId, *, actor: str, reason: str) -> Answer:
        """A person says "it is done": the hold is spent. Raises ``Refusal``."""
        done = decisions.mark_done(self.units, self.desk, operation_id, actor=actor, reason=reason)
        return self._answer(done, joined=False)

    def change_later(self, wish: ChangeWish) -> Subscription:
        """Store a package change for the next renewal. Raises ``Refusal``."""
        return store_change(self.units, self.desk, wish)

    def withdraw_change(self, installation: Installation, service_id: int) -> Subscription:
        """No change is stored for the next renewal. Raises ``Refusal``."""
        return withdraw_change(self.units, installation, service_id)

    def answer(self, operation_id: OperationId) -> Answer:
        with self.units.read() as unit:
            operation = unit.journal.operation(operation_id)
        if operation is None:
            msg = f"operation {operation_id} does not exist"
            raise LookupError(msg)
        return self._answer(operation, joined=False)

    def _read_fence(self, todo: ReadFence, patience: float) -> Claim:
        desk, operation = self.desk, todo.operation
        account: PanelAccount | None = None
        try:
            with deadline(min(patience, desk.limits.lookup)):
                adapter = desk.panels.adapter(operation.panel_id)
                answer = adapter.get(RULES[operation.verb].ref(todo.subscription, desk))
            account = answer.account if isinstance(answer, Found) else None
        except PanelError:
            account = None
        breaker = desk.panels.breaker(operation.panel_id)
        breaker.succeeded() if account is not None else breaker.failed()
        with self.units.write() as unit:
            if account is not None:
                return claim(unit, desk, operation.id, seconds=patience, fence_read=account)
            due = desk.clock() + timedelta(seconds=backoff(desk, operation.failures))
            waiting = replace(
                operation,
                due_at=due,
                failures=operation.failures + 1,
                code="fence_unreadable",
                message="the account could not be read before the purchase, so nothing was bought",
                advice="Nothing to do: the bridge tries again.",
            )
            unit.journal.save(waiting, was=operation)
            return Wait(operation=waiting, until=due)

    def _settle_without_call(self, unit: Unit, todo: NoCall) -> None:
        settle_done(
            unit,
            self.desk,
            todo.operation,
            todo.subscription,
            None,
            outcome=Outcome.DONE if todo.operation.verb is not Verb.TERMINATE else Outcome.ALREADY,
            note=todo.note,
        )

    def _pause(self, state: Wait, ends: datetime) -> bool:
        """Wait for what the operation waits for; false when that is not before ``ends``."""
        now = self.desk.clock()
        if state.until is None or (state.until >= ends and not state.running):
            return False
        with self._settled:
            self._settled.wait(min(self.desk.limits.poll, max(0.0, (ends - now).total_seconds())))
        return True

    def _leave(self, operation_id: OperationId) -> Operation:
        """The caller is told ``pending``: remember to tell billing the end, and wake the engine."""
        with self.units.write() as unit:
            operation = unit.journal.operation(operation_id)
            if operation is None:
                msg = f"operation {operation_id} does not exist"
                raise LookupError(msg)
            if operation.state in UNSETTLED and not operation.reported_pending:
                told = replace(operation, reported_pending=True)
                if unit.journal.save(told, was=operation):
                    operation = told
        if self._wake is not None and not operation.settled:
            self._wake(operation.id, operation.due_at or self.desk.clock())
        return operation

    def _answer(self, operation: Operation, *, joined: bool) -> Answer:
        waits_for = None
        pending = not operation.settled
        if pending:
            with self.units.read() as unit:
                ahead = [item.id for item in unit.journal.unsettled(operation.subscription_id)]
            waits_for = next((item for item in ahead if item < operation.id), None)
        told = operation
        if joined and operation.state is OperationState.DONE:
            told = replace(operation, outcome=Outcome.ALREADY)
        return Answer(operation=told, pending=pending, waits_for=waits_for, message=operation.message or "")

    @contextmanager
    def _seat(self, operation_id: OperationId) -> Iterator[bool]:
        """At most ``limits.seats`` threads of this process wait on one panel."""
        with self.units.read() as unit:
            operation = unit.journal.operation(operation_id)
        panel = operation.panel_id if operation is not None else PanelId(0)
        with self._seats_lock:
            seated = self._seats[panel] < self.desk.limits.seats
            if seated:
                self._seats[panel] += 1
        try:
            yield seated
        finally:
            if seated:
                with self._seats_lock:
                    self._seats[panel] -= 1
