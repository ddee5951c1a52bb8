"""Settle: one transaction, compare-and-set on the attempt, that writes down what a try or a look-up showed.

A hold is posted when the effect is proved, voided only when its absence is proved, and kept otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.contract.capabilities import Extend, Verb
from panelbridge.contract.exceptions import Conflict, InsufficientPanelCredit, NotFound, PanelError
from panelbridge.contract.models import AccountState, Outcome, PanelAccount
from panelbridge.ledger import Period
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.admission import never_sent, supersede
from panelbridge.provisioning.flow.intend import Draft, ledger_context, place, plan_of, snapshot, wake_queued
from panelbridge.provisioning.models import (
    BRIDGE,
    Attempt,
    Operation,
    OperationState,
    Target,
)
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.shared_login import share_login
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Subscription

_LENGTH_TOLERANCE = 0.1
_SOLD = ("package", "connections")  # what a customer pays for, among the fields that can differ


def settle_done(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    account: PanelAccount | None,
    *,
    outcome: Outcome,
    was: Operation | None = None,
    note: str | None = None,
    differs: tuple[str, ...] = (),
) -> Operation | None:
    """Post, move the subscription, raise its revision. ``None``: somebody else settled it first.

    ``was`` is the operation as the journal has it, where ``operation`` was prepared since.
    """
    now = deps.clock()
    current = unit.subscriptions.subscription(subscription.id) or subscription
    if operation.verb is Verb.CREATE and account is not None:
        unit.subscriptions.lock_account((operation.panel_id,), account.id)
        holder = unit.subscriptions.of_account(operation.panel_id, account.id)
        if holder is not None and holder.id != subscription.id:
            return _taken(unit, deps, was or operation, account, holder)
    owed = operation.cost.units > 0 and not RULES[operation.verb].owes_nothing(operation, current)
    moved = RULES[operation.verb].apply(operation, current, account, now)
    moved = replace(moved, revision=current.revision + 1)
    if _keeps_date(deps, operation, current):
        moved = replace(moved, panel_until=current.panel_until)
    done = replace(
        operation,
        state=OperationState.DONE,
        outcome=outcome,
        settled_at=now,
        due_at=None,
        code="differs" if differs else None,
        message=_differs_note(differs) or note or operation.target.note,
        advice=None,
        after=snapshot(moved) | {"charged": str(operation.cost) if owed else "0"},
    )
    if not unit.journal.save(done, was=was or operation):
        return None
    if owed:
        _post(unit, done, account)
    elif done.hold is not None:
        unit.ledger.void(done.hold, actor=BRIDGE, reason="nothing to change")
    if done.hold is not None and (not owed or done.cost < done.price):  # what was held beyond is free again
        wake_queued(unit, deps, done.reseller_id)
    moved = share_login(unit, done, current, moved)
    unit.subscriptions.save(moved)
    unit.attention.resolve_of(operation.id, resolution=f"settled as {outcome.value}", actor=BRIDGE, at=now)
    _check_length(unit, deps, done, account)
    _check_package(unit, deps, done, current, account, differs)
    _follow_up(unit, deps, done, moved, account)
    _wake_next(unit, moved, now)
    return done


def _taken(
    unit: Unit, deps: Dependencies, operation: Operation, account: PanelAccount, holder: Subscription
) -> Operation | None:
    """The panel answered with an account that another service has: ids given out anew, or a wrong answer."""
    return settle_attention(
        unit,
        deps,
        operation,
        code=Conflict.code,
        message=f"the panel answered with account {account.id}, which subscription {holder.id} has",
        advice="Look both up at the panel: end the one that is gone, then adopt; or release the hold.",
    )


def _keeps_date(deps: Dependencies, operation: Operation, current: Subscription) -> bool:
    """Where dates are bought, only what buys moves the date in our books: a move by anybody else stays
    visible until a person has said what it was.
    """
    if operation.verb in (Verb.CREATE, Verb.TERMINATE, Verb.EXTEND) or operation.target.purchase:
        return False
    adds = deps.panels.capabilities(operation.panel_id).extend is Extend.ADD
    return adds and current.panel_until is not None


def settle_refused(
    unit: Unit, deps: Dependencies, operation: Operation, error: PanelError | Refusal
) -> Operation | None:
    """Nothing happened, proved: the hold is voided and the key is free again."""
    now = deps.clock()
    refused = replace(
        operation,
        state=OperationState.REFUSED,
        outcome=Outcome.REFUSED,
        settled_at=now,
        due_at=None,
        code=error.code,
        message=error.message,
        advice=error.advice,
        field=error.field,
    )
    if not unit.journal.save(refused, was=operation):
        return None
    unit.attention.resolve_of(operation.id, resolution="settled as refused", actor=BRIDGE, at=now)
    if operation.hold is not None:
        unit.ledger.void(operation.hold, actor=BRIDGE, reason=f"refused: {error.code}")
        wake_queued(unit, deps, operation.reseller_id)
    if isinstance(error, Conflict | NotFound):
        raise_attention(unit, deps, operation, error.code, error.message, error.advice)
    subscription = unit.subscriptions.subscription(operation.subscription_id)
    if subscription is not None:
        mark_refused(unit, refused, subscription)
        _wake_next(unit, subscription, now)
    return refused


def mark_refused(unit: Unit, refused: Operation, subscription: Subscription) -> None:
    """An order that was refused says so, until it is ordered again."""
    ordered = subscription.state is SubscriptionState.PENDING and subscription.account_id is None
    if refused.verb is Verb.CREATE and ordered:
        unit.subscriptions.save(replace(subscription, state=SubscriptionState.REFUSED))


def settle_retry(unit: Unit, deps: Dependencies, operation: Operation, error: PanelError) -> Operation | None:
    """Nothing happened yet: keep the hold, come back later."""
    now = deps.clock()
    waiting = replace(
        operation,
        state=OperationState.READY,
        due_at=now + timedelta(seconds=retry_delay(deps, operation, error)),
        failures=operation.failures + 1,
        failing_since=operation.failing_since or now,
        code=error.code,
        message=error.message,
        advice=error.advice,
    )
    if not unit.journal.save(waiting, was=operation):
        return None
    if _gives_way(unit, deps, waiting):
        return unit.journal.operation(operation.id)
    if isinstance(error, InsufficientPanelCredit):
        raise_attention(unit, deps, operation, error.code, error.message, error.advice)
    return waiting


def _gives_way(unit: Unit, deps: Dependencies, waiting: Operation) -> bool:
    """Whether a terminate waits behind an operation that had no effect: then it is not tried again."""
    later = [item for item in unit.journal.unsettled(waiting.subscription_id) if item.id > waiting.id]
    if waiting.verb is Verb.TERMINATE or not any(item.verb is Verb.TERMINATE for item in later):
        return False
    subscription = unit.subscriptions.subscription(waiting.subscription_id)
    if subscription is None or not never_sent(unit, waiting):
        return False
    supersede(unit, deps, [waiting], by=Verb.TERMINATE)
    _wake_next(unit, subscription, deps.clock())
    return True


def settle_unknown(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    *,
    after: float,
    code: str,
    message: str,
    advice: str,
) -> Operation | None:
    """Keep the hold and ask the panel ``after`` so many seconds."""
    now = deps.clock()
    unknown = replace(
        operation,
        state=OperationState.SENT,
        outcome=Outcome.UNKNOWN,
        due_at=now + timedelta(seconds=max(0.0, after)),
        failures=operation.failures + 1,
        failing_since=operation.failing_since or now,
        code=code,
        message=message,
        advice=advice,
    )
    return unknown if unit.journal.save(unknown, was=operation) else None


def settle_attention(
    unit: Unit, deps: Dependencies, operation: Operation, *, code: str, message: str, advice: str
) -> Operation | None:
    """Only a person can decide; the hold is kept and the subscription sends nothing else."""
    stuck = replace(
        operation, state=OperationState.ATTENTION, due_at=None, code=code, message=message, advice=advice
    )
    if not unit.journal.save(stuck, was=operation):
        return None
    raise_attention(unit, deps, operation, code, message, advice)
    return stuck


def raise_attention(
    unit: Unit, deps: Dependencies, operation: Operation, code: str, message: str, advice: str
) -> AttentionItem:
    return unit.attention.raise_item(
        AttentionItem(
            id=AttentionId(0),
            code=code,
            subject=Subject(kind=SubjectKind.SUBSCRIPTION, id=operation.subscription_id),
            message=message,
            advice=advice,
            opened_at=deps.clock(),
            operation_id=operation.id,
            panel_id=operation.panel_id,
        )
    )


def finish_attempt(
    unit: Unit,
    deps: Dependencies,
    attempt: Attempt,
    outcome: Outcome,
    *,
    code: str | None,
    evidence: str | None,
) -> Attempt:
    cleared = outcome in (Outcome.REFUSED, Outcome.RETRY_LATER)
    finished = replace(
        attempt,
        finished_at=attempt.finished_at or deps.clock(),
        outcome=outcome,
        code=code,
        evidence=evidence,
        cleared=cleared,
    )
    unit.journal.finish(finished)
    return finished


def retry_delay(deps: Dependencies, operation: Operation, error: PanelError) -> float:
    """Seconds before it is sent again: what the panel asked for, within reason, and the back-off."""
    asked = min(error.retry_after or 0.0, deps.limits.retry_after_cap)
    return max(asked, backoff(deps, operation.failures))


def backoff(deps: Dependencies, failures: int) -> float:
    """Seconds before the next try: doubling, capped."""
    limits = deps.limits
    return float(min(limits.backoff_cap, limits.backoff * 2 ** min(failures, 12)))


def _post(unit: Unit, operation: Operation, account: PanelAccount | None) -> None:
    if operation.hold is None:
        return
    target = operation.target
    period = None
    if target.period_from is not None and target.entitled_until is not None:
        period = Period(start=target.period_from, until=target.entitled_until)
    context = replace(
        ledger_context(operation),
        expiry_before=_expiry(operation.before),
        expiry_after=account.expires_at if account is not None else None,
    )
    unit.ledger.post(
        operation.hold, amount=operation.cost, actor=operation.actor, context=context, period=period
    )


def _check_length(unit: Unit, deps: Dependencies, done: Operation, account: PanelAccount | None) -> None:
    """A new account must last about as long as was paid for. A purchase later has its fence."""
    start, until = done.target.period_from, done.target.entitled_until
    ends = account.expires_at if account is not None else None
    if done.verb is not Verb.CREATE or start is None or until is None or ends is None:
        return
    slack = max(timedelta(days=1), (until - start) * _LENGTH_TOLERANCE)  # a panel's month may have 30 days
    if until - slack <= ends <= (done.target.panel_until or until) + slack:
        return
    raise_attention(
        unit,
        deps,
        done,
        "length_differs",
        f"{done.term} was sold, until {until:%Y-%m-%d}, and package {done.target.package} of the panel "
        f"lasts until {ends:%Y-%m-%d}",
        f"Give the plan a package that lasts {done.term}, and correct this account's date at the panel.",
    )


def _check_package(
    unit: Unit,
    deps: Dependencies,
    done: Operation,
    before: Subscription,
    account: PanelAccount | None,
    differs: tuple[str, ...],
) -> None:
    """What the customer has is what was sold, or a person is told: an adapter may not be able to fix it."""
    shown = account.package if account is not None else None
    if done.verb in (Verb.CREATE, Verb.CHANGE_PACKAGE):
        wrong, sold = tuple(name for name in differs if name in _SOLD), done.target.package
    else:  # nobody asked for another one: its owner changed it, or deleted what it was made of
        changed = shown not in (None, before.package) and done.target.package in (None, before.package)
        wrong, sold = (("package",) if changed else ()), before.package
    if not wrong:
        return
    raise_attention(
        unit,
        deps,
        done,
        "package_differs",
        f"package {sold} was sold, and the panel shows {shown or 'another one'}: "
        f"it differs in {' and '.join(wrong)}",
        "See at the panel whether the package is still there; then change the service's package, or sell "
        "what the account has.",
    )


def _expiry(before: dict[str, object] | None) -> datetime | None:
    text = (before or {}).get("panel_until")
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _differs_note(differs: tuple[str, ...]) -> str | None:
    if not differs:
        return None
    return f"the panel set its own {' and '.join(differs)}; the account's values were adopted"


def _follow_up(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    account: PanelAccount | None,
) -> None:
    """Extending does not enable: what it paid for is switched on by an operation of its own."""
    if operation.verb not in (Verb.EXTEND, Verb.CHANGE_PACKAGE, Verb.CREATE):
        return
    renewed = operation.target.our_date and SuspensionReason.EXPIRED in subscription.reasons
    left_off = account is not None and account.state is AccountState.SUSPENDED
    if not renewed and (not left_off or subscription.suspensions):
        return
    draft = Draft(
        verb=Verb.UNSUSPEND,
        subscription=subscription,
        key=f"enable-after:{operation.id}",
        target=Target(
            owner=BRIDGE,
            reason=SuspensionReason.EXPIRED if renewed else None,
            note=f"after operation {operation.id}",
        ),
        actor=BRIDGE,
        plan=plan_of(unit, subscription),
        term=subscription.term,
    )
    place(unit, deps, draft)


def _wake_next(unit: Unit, subscription: Subscription, now: datetime) -> None:
    for operation in unit.journal.unsettled(subscription.id):
        if operation.state is OperationState.READY and (operation.due_at is None or operation.due_at > now):
            unit.journal.save(replace(operation, due_at=now), was=operation)
        return
