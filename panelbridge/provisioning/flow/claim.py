"""Act, first half: commit an attempt row before anything is sent.

``claim`` answers what the caller may do with an operation right now: call the panel, look up what an earlier
attempt did, read the fence first, wait, or nothing because it is settled.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import PanelAccount
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.locking import lock_operation
from panelbridge.provisioning.flow.purchase import moved_elsewhere, purchase_fence, settle_moved_elsewhere
from panelbridge.provisioning.flow.quiet import is_running, looked, since_deadline
from panelbridge.provisioning.flow.settle import settle_refused
from panelbridge.provisioning.flow.turns import stands_behind
from panelbridge.provisioning.models import Attempt, Fence, Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Subscription


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Nothing is left to do; ``note`` says why no call was needed when that was just found."""

    operation: Operation


@dataclass(frozen=True, kw_only=True)
class NoCall:
    """Its turn has come and no call is needed."""

    operation: Operation
    prepared: Operation  # with what is only known now
    subscription: Subscription
    note: str


@dataclass(frozen=True, kw_only=True)
class Call:
    """The attempt is committed; send it."""

    operation: Operation
    subscription: Subscription
    attempt: Attempt


@dataclass(frozen=True, kw_only=True)
class ReadFence:
    """The call only adds: read the account, then claim again with what was read."""

    operation: Operation
    subscription: Subscription


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """An attempt ended without a known effect; ask the panel."""

    operation: Operation
    subscription: Subscription
    attempt: Attempt  # the newest that may have had an effect
    earlier: tuple[Attempt, ...] = ()  # the others that may have, oldest first
    first: Attempt  # of all
    last: Attempt


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Not now; ``until`` is when it may be worth trying again, ``None`` when something else must happen."""

    operation: Operation
    until: datetime | None
    waits_for: OperationId | None = None
    running: bool = False  # somebody's attempt is under way: its end may come at any moment
    for_the_jobs: bool = False  # it may take longer than anybody waits for an answer
    at_once: bool = False  # the panel takes nothing now: whoever asks is answered without waiting


Claim = Settled | NoCall | Call | ReadFence | LookUp | Wait

SHORTEST_TRY = 0.5  # seconds: less than this is not worth sending
_SLOT_WAIT = timedelta(milliseconds=50)
_BREAKER_WAIT = timedelta(seconds=2)


def claim(
    unit: Unit,
    deps: Dependencies,
    operation_id: OperationId,
    *,
    seconds: float,
    fence_read: PanelAccount | None = None,
    admitted: Operation | None = None,
    somebody_waits: bool = False,
) -> Claim:
    """Runs inside one write transaction, which the caller commits before it calls the panel.

    ``admitted``: the operation as this very transaction has just read or written it. ``somebody_waits``: for
    an answer, so that what a panel is slow at is left to the jobs.
    """
    operation, subscription = _locked(unit, operation_id, admitted)
    if operation.settled:
        return Settled(operation=operation)
    if operation.state in (OperationState.QUEUED, OperationState.ATTENTION):
        return Wait(operation=operation, until=None)
    if somebody_waits and operation.verb in deps.panels.capabilities(operation.panel_id).slow_verbs:
        return Wait(operation=operation, until=deps.clock(), running=True, for_the_jobs=True)
    now = deps.clock()
    if operation.state is OperationState.SENT:
        return _sent(unit, deps, operation, subscription, now)
    return _ready(unit, deps, operation, subscription, now, seconds, fence_read)


def _locked(
    unit: Unit, operation_id: OperationId, admitted: Operation | None
) -> tuple[Operation, Subscription]:
    """Who admitted it in this very transaction has locked its subscription."""
    if admitted is None:
        return lock_operation(unit, operation_id)
    subscription = unit.subscriptions.lock(admitted.subscription_id)
    if subscription is None:
        raise LookupError(f"operation {operation_id} has no subscription")
    return admitted, subscription


def _sent(
    unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription, now: datetime
) -> Claim:
    tick = deps.elapsed()
    tries = [_noticed(unit, item, tick) for item in unit.journal.attempts(operation.id)]
    last = tries[-1]
    if is_running(last, tick):
        return Wait(
            operation=operation, until=now - timedelta(seconds=since_deadline(last, tick)), running=True
        )
    if not _is_due(deps, operation, now):
        return Wait(operation=operation, until=operation.due_at)
    doubtful = [item for item in tries if not item.cleared] or [last]
    return LookUp(
        operation=operation,
        subscription=subscription,
        attempt=doubtful[-1],
        earlier=tuple(doubtful[:-1]),
        first=tries[0],
        last=last,
    )


def _noticed(unit: Unit, attempt: Attempt, tick: Tick) -> Attempt:
    """An attempt of another boot or host: from this first look on its quiet time is counted here."""
    if attempt.boot == tick.boot or tick.boot in attempt.looks:
        return attempt
    noticed = looked(attempt, tick)
    unit.journal.finish(noticed)
    return noticed


def _is_due(deps: Dependencies, operation: Operation, now: datetime) -> bool:
    """Whether its time has come; also when it was put off by a clock that has been set back since."""
    if operation.due_at is None or operation.due_at <= now:
        return True
    return operation.due_set_at is not None and operation.due_set_at > now + deps.limits.clock_tolerance


def _ready(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    now: datetime,
    seconds: float,
    fence_read: PanelAccount | None,
) -> Claim:
    ahead = unit.journal.unsettled(subscription.id, before=operation.id)
    earlier = next((item for item in ahead if stands_behind(operation, item)), None)
    if earlier is not None:
        running = earlier.due_at is not None
        return Wait(operation=operation, until=earlier.due_at, waits_for=earlier.id, running=running)
    if not _is_due(deps, operation, now):
        return Wait(operation=operation, until=operation.due_at)
    moot = _moot(operation, subscription)
    if moot is not None:
        return _refused(unit, deps, operation, moot, now)
    try:
        operation = _decided(unit, deps, operation, subscription)
    except Refusal as refusal:
        return _refused(unit, deps, operation, refusal, now)
    note = RULES[operation.verb].nothing_to_do(operation, subscription)
    if note is not None:
        return NoCall(
            operation=operation,
            prepared=_prepared(unit, deps, operation, subscription, now),
            subscription=subscription,
            note=note,
        )
    room = room_at_panel(unit, deps, operation, now)
    return (
        room
        if isinstance(room, Wait)
        else _begin(unit, deps, operation, subscription, room, seconds, fence_read)
    )


def _decided(unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription) -> Operation:
    """What it will send and cost, written down; once it was tried, what was decided stands."""
    if operation.attempts:
        return operation
    decided = RULES[operation.verb].decide(unit, deps, operation, subscription)
    if decided != operation and not unit.journal.save(decided, was=operation):
        msg = f"operation {operation.id} changed while its own transaction was open"
        raise RuntimeError(msg)
    return decided


def _refused(unit: Unit, deps: Dependencies, operation: Operation, why: Refusal, now: datetime) -> Claim:
    refused = settle_refused(unit, deps, operation, why)
    return Settled(operation=refused) if refused is not None else Wait(operation=operation, until=now)


def _begin(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    slot: int,
    seconds: float,
    fence_read: PanelAccount | None,
) -> Claim:
    """The first try, or one after those that never left; what only adds is planned on a read account."""
    if not RULES[operation.verb].fenced(operation):
        return begin(unit, deps, operation, subscription, slot=slot, seconds=seconds, fence=None)
    if fence_read is None:
        return ReadFence(operation=operation, subscription=subscription)
    if moved_elsewhere(deps, operation, subscription, fence_read):
        stuck = settle_moved_elsewhere(unit, deps, operation, subscription, fence_read)
        return Wait(operation=stuck or operation, until=None)
    fence = purchase_fence(deps, operation, fence_read, seconds)
    return begin(unit, deps, operation, subscription, slot=slot, seconds=seconds, fence=fence)


def _moot(operation: Operation, subscription: Subscription) -> Refusal | None:
    """Why what waited cannot be done any more: asked again at its turn, for what went before has ended."""
    if operation.verb in (Verb.CREATE, Verb.TERMINATE):
        return None
    name = operation.verb.value.replace("_", " ")
    if subscription.state is SubscriptionState.TERMINATED or subscription.generation != operation.generation:
        return Refusal(
            "illegal_move",
            f"{name} waited, and the account was terminated meanwhile",
            advice="Nothing was sent, and nothing is charged. Create the service anew if it shall come back.",
        )
    if subscription.account_id is None:
        return Refusal(
            "not_provisioned",
            f"{name} waited for an account, and none was made",
            advice="Nothing was sent, and nothing is charged. Run Create, then repeat it.",
        )
    return None


def room_at_panel(unit: Unit, deps: Dependencies, operation: Operation, now: datetime) -> Wait | int:
    """The slot of a call to the panel, or why none may be sent now. Its breaker then waits for its end."""
    panel = unit.panels.panel(operation.panel_id)
    if panel is None or not panel.writes_enabled:
        return Wait(operation=operation, until=now + _BREAKER_WAIT, at_once=True)
    deps.panels.refresh(panel)
    slot = free_slot(unit, deps, operation, now)
    if slot is None:
        return Wait(operation=operation, until=now + _SLOT_WAIT)
    if not deps.panels.breaker(operation.panel_id).allow():  # last: an allowance is one probe
        return Wait(operation=operation, until=now + _BREAKER_WAIT, at_once=True)
    return slot


def free_slot(unit: Unit, deps: Dependencies, operation: Operation, now: datetime) -> int | None:
    """A place among the calls that the panel may have at once, all processes counted."""
    most = deps.panels.slots(operation.panel_id)
    return unit.journal.free_slot(operation.panel_id, most, now, deps.elapsed())


def begin(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    *,
    slot: int,
    seconds: float,
    fence: Fence | None,
) -> Claim:
    """Commit the next attempt: its number is the lease, its deadline binds the transport."""
    now, tick = deps.clock(), deps.elapsed()
    capabilities = deps.panels.capabilities(operation.panel_id)
    prepared = _prepared(unit, deps, operation, subscription, now)
    deadline = now + timedelta(seconds=capabilities.slow_verbs.get(operation.verb, seconds))
    attempt = Attempt(
        operation_id=operation.id,
        number=operation.attempts + 1,
        panel_id=operation.panel_id,
        slot=slot,
        owner=f"{os.getpid()}.{threading.get_ident()}",
        started_at=now,
        deadline=deadline,
        quiet_until=deadline + timedelta(seconds=capabilities.late_commit),
        boot=tick.boot,
        ends=tick.seconds + (deadline - now).total_seconds(),
        fence=fence,
    )
    sent = replace(prepared, state=OperationState.SENT, attempts=attempt.number, due_at=deadline)
    # The operation first: an attempt of an operation that was not sent would block its number for ever.
    if not unit.journal.save(sent, was=operation):
        return Wait(operation=operation, until=now + _SLOT_WAIT)
    if not unit.journal.begin(attempt):
        unit.journal.save(operation, was=sent)
        return Wait(operation=operation, until=now + _SLOT_WAIT)
    return Call(operation=sent, subscription=subscription, attempt=attempt)


def _prepared(
    unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription, now: datetime
) -> Operation:
    plan = unit.plans.plan(operation.plan_id, operation.plan_version)
    grace_hours = plan.grace_hours if plan is not None else 0
    capabilities = deps.panels.capabilities(operation.panel_id)
    return RULES[operation.verb].prepare(operation, subscription, capabilities, now, grace_hours)
