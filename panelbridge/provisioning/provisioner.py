"""The provisioner: Intend, Act, Settle, Answer, and what runs later. The only caller of mutating verbs."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import NotFound
from panelbridge.contract.models import Absent, AccountId, AccountRef, Found, Outcome, Unknown
from panelbridge.ledger import Credits, ResellerId
from panelbridge.provisioning.commands import (
    ChangeCommand,
    Command,
    CreateCommand,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
)
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow import decisions, purchase_decisions
from panelbridge.provisioning.flow.act import send
from panelbridge.provisioning.flow.broken import BrokenSteps, is_away
from panelbridge.provisioning.flow.claim import (
    SHORTEST_TRY,
    Call,
    Claim,
    LookUp,
    NoCall,
    ReadFence,
    Settled,
    Wait,
    claim,
)
from panelbridge.provisioning.flow.intend import wake_queued
from panelbridge.provisioning.flow.purchase import FenceUnreadable
from panelbridge.provisioning.flow.reading import read_account
from panelbridge.provisioning.flow.recover import look_up
from panelbridge.provisioning.flow.released import watch_released
from panelbridge.provisioning.flow.settle import settle_done, settle_refused, settle_retry
from panelbridge.provisioning.flow.turns import due_now, stands_behind
from panelbridge.provisioning.flow.undo import credit_back, late_create
from panelbridge.provisioning.flow.waiting import watch_waiting
from panelbridge.provisioning.models import UNSETTLED, Operation, OperationId, OperationState, Reply
from panelbridge.provisioning.next_change import store_change, withdraw_change
from panelbridge.provisioning.paid_time import hold_to_paid_time
from panelbridge.provisioning.port import Unit, Units, Wake
from panelbridge.provisioning.rules import account_ref
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Installation, PanelId, Subscription

_VERB_OF: dict[type[Any], Verb] = {
    CreateCommand: Verb.CREATE,
    RenewCommand: Verb.EXTEND,
    SuspendCommand: Verb.SUSPEND,
    UnsuspendCommand: Verb.UNSUSPEND,
    ResetCommand: Verb.RESET_CREDENTIALS,
    ChangeCommand: Verb.CHANGE_PACKAGE,
    TerminateCommand: Verb.TERMINATE,
}
_MOMENT = timedelta(seconds=1)


class Provisioner:
    """Thread-safe; one per process. All state that matters is in the database."""

    def __init__(self, units: Units, deps: Dependencies, wake: Wake | None = None) -> None:
        self.units = units
        self.deps = deps
        self._wake = wake
        self._broken = BrokenSteps(units, deps)
        self._settled = threading.Condition()
        self._promised: set[OperationId] = set()  # operations whose end shops are to be told of
        self._thread_slots: dict[PanelId, int] = defaultdict(int)
        self._thread_slots_lock = threading.Lock()

    def submit(self, command: Command, *, budget: float | None = None) -> Reply:
        """Admit ``command`` and drive its operation for at most ``budget`` seconds. Raises ``Refusal``."""
        with self.units.read() as unit:
            known = self.known(unit, command)
        return known or self.admit(command, budget=budget)

    def known(self, unit: Unit, command: Command) -> Reply | None:
        """The answer to a request that is a settled fact by now, read in the caller's own transaction."""
        fact = RULES[_VERB_OF[type(command)]].known(unit, command)
        return self._answer(fact, joined=True) if fact is not None and fact.settled else None

    def admit(self, command: Command, *, budget: float | None = None) -> Reply:
        """``submit`` for a caller that has asked ``known`` by itself."""
        ends = self._ends(budget)
        rules = RULES[_VERB_OF[type(command)]]
        with self._thread_slot() as slot:
            with self.units.write() as unit:
                admission = rules.intend(unit, self.deps, command)
                operation = admission.operation
                # The first attempt is committed with the intent: one flush less, and nothing is sent yet.
                first = None
                left = self._left(ends)
                if not operation.settled and left > SHORTEST_TRY and slot.take(operation.panel_id):
                    first = self._claim(unit, operation.id, left, admitted=operation)
            try:
                if not operation.settled:
                    operation = self._drive(operation.id, ends, first)
                return self._answer(operation, joined=admission.joined and admission.operation.settled)
            except Exception as error:
                if not is_away(error):
                    raise
                # The intent is stored, and the scan goes on with it.
                self.promise(operation.id)
                return Reply(operation=operation, pending=True, waits_for=None, message="")

    def drive(self, operation_id: OperationId, ends: float) -> Operation:
        """Step the operation until it is settled or ``ends`` has come; the rest happens later.

        ``ends`` is in elapsed seconds: a clock that is set back keeps nobody waiting.
        """
        with self.units.read() as unit:
            operation = unit.journal.operation(operation_id)
        if operation is None:
            msg = f"operation {operation_id} does not exist"
            raise LookupError(msg)
        with self._thread_slot() as slot:
            if operation.settled or not slot.take(operation.panel_id):
                return operation if operation.settled else self._leave(operation_id)
            return self._drive(operation_id, ends, self._next(operation_id, self._left(ends)))

    def step(self, operation_id: OperationId) -> Claim:
        """Do the one next thing for an operation, and say how it stands."""
        longest = self.deps.limits.attempt
        with self._watched(operation_id):
            with self.units.write() as unit:
                todo = self._claim(unit, operation_id, longest, somebody_waits=False)
            return self._perform(todo, longest)

    def _drive(self, operation_id: OperationId, ends: float, todo: Claim | None) -> Operation:
        handed_over = False
        while todo is not None:
            with self._watched(operation_id):
                state = self._perform(todo, self._left(ends))
            if isinstance(state, Settled):
                return state.operation
            if isinstance(state, Wait) and state.for_the_jobs and not handed_over:
                handed_over = self._wake is not None and self._wake(operation_id, self.deps.clock())
                if not handed_over:
                    break
            if isinstance(state, Wait) and not self._pause(state, ends):
                break
            left = self._left(ends)
            todo = self._next(operation_id, left) if left > SHORTEST_TRY else None
        return self._leave(operation_id)

    @contextmanager
    def _watched(self, operation_id: OperationId) -> Iterator[None]:
        """What breaks inside is raised again, and counted: it must not repeat for ever."""
        try:
            yield
        except Exception as error:
            self._broken.broke(operation_id, error)
            raise
        self._broken.went_well(operation_id)

    def _next(self, operation_id: OperationId, seconds: float) -> Claim:
        with self.units.write() as unit:
            return self._claim(unit, operation_id, seconds)

    def _claim(
        self,
        unit: Unit,
        operation_id: OperationId,
        seconds: float,
        *,
        admitted: Operation | None = None,
        somebody_waits: bool = True,
    ) -> Claim:
        patience = min(seconds, self.deps.limits.attempt)
        todo = claim(
            unit,
            self.deps,
            operation_id,
            seconds=patience,
            admitted=admitted,
            somebody_waits=somebody_waits,
        )
        if isinstance(todo, NoCall):
            done = self._settle_without_call(unit, todo)
            return Settled(operation=done) if done is not None else todo
        return todo

    def _perform(self, todo: Claim, seconds: float) -> Claim:
        """Carry a claim out: call, look up, or read the fence. What it leads to is the answer."""
        patience = min(seconds, self.deps.limits.attempt)
        if isinstance(todo, ReadFence):
            todo = self._read_fence(todo, patience)
        if isinstance(todo, Call):
            now = send(self.units, self.deps, todo)
        elif isinstance(todo, LookUp):
            now = look_up(self.units, self.deps, todo, seconds=patience)
        else:
            return todo
        with self._settled:
            self._settled.notify_all()
        return Settled(operation=now) if now is not None and now.settled else todo

    def _ends(self, budget: float | None) -> float:
        patience = self.deps.limits.budget if budget is None else budget
        return self.deps.elapsed().seconds + patience

    def _left(self, ends: float) -> float:
        return ends - self.deps.elapsed().seconds

    def pursue(self, operation_id: OperationId, *, seconds: float | None = None) -> None:
        """What a job does: step the operation until it is settled or must wait for longer than a moment."""
        ends = self._ends(seconds or self.deps.limits.attempt)
        while self._left(ends) > 0:
            now = self.deps.clock()
            state = self.step(operation_id)
            if isinstance(state, Settled):
                return
            if isinstance(state, Wait):
                if state.at_once or state.until is None or state.running or state.until - now > _MOMENT:
                    return
                with self._settled:
                    self._settled.wait(self.deps.limits.poll)

    def run_due(self, limit: int = 50) -> int:
        """One scan of due rows: what makes work happen when nobody waits. Returns how many were stepped."""
        due = self.due(limit)
        for operation in due:
            self.step(operation.id)
        return len(due)

    def promise(self, operation_id: OperationId) -> None:
        """A shop was told *pending* while the database could not note it: that is done when it can again."""
        self._promised.add(operation_id)

    def _keep_promises(self) -> None:
        for operation_id in tuple(self._promised):
            with self.units.write() as unit:
                operation = unit.journal.operation(operation_id)
                kept = operation is None or operation.reported_pending
                if operation is not None and not kept:  # settled by now or not
                    kept = unit.journal.save(replace(operation, reported_pending=True), was=operation)
            if kept:
                self._promised.discard(operation_id)

    def due(self, limit: int = 50) -> list[Operation]:
        """What can be done now; what is blocked is not among it until what blocks it moves."""
        self._keep_promises()
        with self.units.read() as unit:
            return due_now(unit, self.deps, limit)

    def after_top_up(self, unit: Unit, reseller: ResellerId) -> tuple[OperationId, ...]:
        """Wake what waits for credit, in the top-up's own transaction."""
        return wake_queued(unit, self.deps, reseller)

    def retry(self, operation_id: OperationId, *, actor: str, budget: float | None = None) -> Reply:
        """A person says "go on": look up or send again. Raises ``Refusal``."""
        ends = self._ends(budget)
        decisions.retry(self.units, self.deps, operation_id, actor=actor)
        return self._answer(self.drive(operation_id, ends), joined=False)

    def adopt(
        self, operation_id: OperationId, account: AccountId, *, actor: str, needs_proof: bool = False
    ) -> Reply:
        """A person says "this account is the service's". Raises ``Refusal``.

        ``needs_proof``: the word of this person alone is not enough, the account must bear our mark.
        """
        done = decisions.adopt(
            self.units, self.deps, operation_id, account, actor=actor, needs_proof=needs_proof
        )
        return self._answer(done, joined=False)

    def release(self, operation_id: OperationId, *, actor: str, reason: str) -> Reply:
        """A person says "nothing happened": the hold is free again. Raises ``Refusal``."""
        released = decisions.release(self.units, self.deps, operation_id, actor=actor, reason=reason)
        return self._answer(released, joined=False)

    def buy_from_here(self, operation_id: OperationId, *, actor: str, reason: str) -> Reply:
        """A person says "buy it from where the account stands now". Raises ``Refusal``."""
        ends = self._ends(None)
        purchase_decisions.buy_from_here(self.units, self.deps, operation_id, actor=actor, reason=reason)
        return self._answer(self.drive(operation_id, ends), joined=False)

    def book_missing(self, operation_id: OperationId, *, actor: str, reason: str) -> Reply:
        """A person says "the move was a renewal that the books lack": charged, then go on."""
        ends = self._ends(None)
        purchase_decisions.book_missing(self.units, self.deps, operation_id, actor=actor, reason=reason)
        return self._answer(self.drive(operation_id, ends), joined=False)

    def mark_done(self, operation_id: OperationId, *, actor: str, reason: str) -> Reply:
        """A person says "it is done": the hold is spent. Raises ``Refusal``."""
        done = decisions.mark_done(self.units, self.deps, operation_id, actor=actor, reason=reason)
        return self._answer(done, joined=False)

    def watch_released(self) -> int:
        """Look at what may still take effect after it was settled; what did goes before a person."""
        return watch_released(self.units, self.deps)

    def watch_waiting(self) -> int:
        """Tell of what is tried in vain, and of what waits behind it; close what goes on."""
        return watch_waiting(self.units, self.deps)

    def account_ref(self, subscription: Subscription) -> AccountRef:
        """For those who only look: the panel account of the subscription. Raises ``RuntimeError``."""
        return account_ref(subscription, self.deps)

    def hold_to_paid_time(self) -> int:
        """Where panels keep no expiry: suspend what is past its paid time, lift what is paid again."""
        return hold_to_paid_time(self.units, self.deps)

    def undo_create(
        self,
        installation: Installation,
        service_id: int,
        wanted: OperationId | None,
        *,
        actor: str,
        reason: str,
        budget: float | None = None,
    ) -> tuple[Reply, Credits]:
        """Billing had ended the service before its account was made: it goes, and its credits come back.

        The answer is the terminate's, with the credits given back so far. Safe to repeat. Raises ``Refusal``.
        """
        with self.units.read() as unit:
            create = late_create(unit, self.deps, installation, service_id, wanted)
        command = TerminateCommand(installation=installation, service_id=service_id, actor=actor)
        answer = self.submit(command, budget=budget)
        if answer.operation.state is not OperationState.DONE:
            return answer, Credits(units=0)
        with self.units.write() as unit:
            create = unit.journal.operation(create.id) or create
            return answer, credit_back(unit, self.deps, create, actor=actor, reason=reason)

    def change_later(self, command: ChangeCommand) -> Subscription:
        """Store a package change for the next renewal. Raises ``Refusal``."""
        return store_change(self.units, self.deps, command)

    def withdraw_change(self, installation: Installation, service_id: int) -> Subscription:
        """No change is stored for the next renewal. Raises ``Refusal``."""
        return withdraw_change(self.units, installation, service_id)

    def answer(self, operation_id: OperationId) -> Reply:
        with self.units.read() as unit:
            operation = unit.journal.operation(operation_id)
        if operation is None:
            msg = f"operation {operation_id} does not exist"
            raise LookupError(msg)
        return self._answer(operation, joined=False)

    def _read_fence(self, todo: ReadFence, patience: float) -> Claim:
        """A purchase is planned on the account as it is right before. One that is gone buys nothing."""
        deps, operation = self.deps, todo.operation
        started = deps.elapsed().seconds
        answer = read_account(deps, operation, todo.subscription, patience)
        breaker = deps.panels.breaker(operation.panel_id)
        breaker.failed() if isinstance(answer, Unknown) else breaker.succeeded()
        left = patience - (deps.elapsed().seconds - started)
        with self.units.write() as unit:
            unit.subscriptions.lock(operation.subscription_id)
            match answer:
                case Found() if left < SHORTEST_TRY:  # whoever waits has waited enough: the jobs buy it
                    return Wait(operation=operation, until=deps.clock())
                case Found(account=account):
                    return claim(unit, deps, operation.id, seconds=left, fence_read=account)
                case Absent():
                    gone = NotFound("the account does not exist at the panel any more; nothing was bought")
                    refused = settle_refused(unit, deps, operation, gone)
                    return Settled(operation=refused) if refused is not None else todo
                case Unknown(cause=cause):
                    unreadable = FenceUnreadable(
                        f"the account could not be read before the purchase, so nothing was bought: {cause}"
                    )
                    waiting = settle_retry(unit, deps, operation, unreadable) or operation
                    return Wait(operation=waiting, until=waiting.due_at)

    def _settle_without_call(self, unit: Unit, todo: NoCall) -> Operation | None:
        outcome = Outcome.ALREADY if todo.operation.verb is Verb.TERMINATE else Outcome.DONE
        return settle_done(
            unit,
            self.deps,
            todo.prepared,
            todo.subscription,
            None,
            was=todo.operation,
            outcome=outcome,
            note=todo.note,
        )

    def _pause(self, state: Wait, ends: float) -> bool:
        """Wait for what the operation waits for; false when that is not before ``ends``."""
        left = self._left(ends)
        if state.at_once or state.until is None:
            return False
        if not state.running and (state.until - self.deps.clock()).total_seconds() >= left:
            return False
        with self._settled:
            self._settled.wait(min(self.deps.limits.poll, max(0.0, left)))
        return True

    def _leave(self, operation_id: OperationId) -> Operation:
        """The caller is told ``pending``: remember to tell billing the end, and wake the engine."""
        with self.units.write() as unit:
            operation = unit.journal.operation(operation_id)
            if operation is None:
                msg = f"operation {operation_id} does not exist"
                raise LookupError(msg)
            # Nothing is decided here, so nothing is locked: what moved since it was read is read again.
            while operation.state in UNSETTLED and not operation.reported_pending:
                shown = replace(operation, reported_pending=True)
                saved = unit.journal.save(shown, was=operation)
                operation = shown if saved else unit.journal.operation(operation_id) or shown
        if self._wake is not None and not operation.settled:
            self._wake(operation.id, operation.due_at or self.deps.clock())
        return operation

    def _answer(self, operation: Operation, *, joined: bool) -> Reply:
        waits_for = None
        pending = not operation.settled
        if pending:
            with self.units.read() as unit:
                ahead = unit.journal.unsettled(operation.subscription_id, before=operation.id)
            waits_for = next((item.id for item in ahead if stands_behind(operation, item)), None)
        shown = operation
        if joined and operation.state is OperationState.DONE:
            shown = operation.already()
        return Reply(operation=shown, pending=pending, waits_for=waits_for, message=operation.message or "")

    @contextmanager
    def _thread_slot(self) -> Iterator[ThreadSlot]:
        slot = ThreadSlot(self._thread_slots, self._thread_slots_lock, self.deps.limits.threads_per_panel)
        try:
            yield slot
        finally:
            slot.leave()


class ThreadSlot:
    """A place among the request threads that wait on one panel: so many at once, in this process."""

    def __init__(self, taken: dict[PanelId, int], lock: threading.Lock, most: int) -> None:
        self._taken, self._lock, self._most = taken, lock, most
        self._panel: PanelId | None = None

    def take(self, panel: PanelId) -> bool:
        """False when all places are taken: answer at once, the rest happens later."""
        with self._lock:
            if self._taken[panel] >= self._most:
                return False
            self._taken[panel] += 1
        self._panel = panel
        return True

    def leave(self) -> None:
        if self._panel is not None:
            with self._lock:
                self._taken[self._panel] -= 1
            self._panel = None
