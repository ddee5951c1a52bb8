"""How a subscription stands once what is under way for it has ended well: what is asked now builds on it.

What an operation does to dates, plan and reasons is said here once: for its own end, and for what waits
behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import Term
from panelbridge.lifecycle import Anchor, SubscriptionState, SuspensionReason, renewal_start
from panelbridge.provisioning.models import Operation, Target
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import NextChange, Subscription, Suspension

PRICED = (Verb.CREATE, Verb.EXTEND, Verb.CHANGE_PACKAGE)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a quote stands on."""

    subscription: Subscription  # as it is when everything ahead has ended well
    priced: tuple[Operation, ...]  # what of this generation was paid for, in the order of its effects
    now: datetime


def sold_as(one: Subscription) -> str:
    """What the customer has, in one word: where it is the same, so are its prices."""
    return f"{one.plan_id}.{one.plan_version}:{one.term}:{one.connections or ''}"


def outlook(unit: Unit, subscription: Subscription, now: datetime) -> Outlook:
    """Everything that is under way counts as done."""
    return _seen(unit, subscription, unit.journal.unsettled(subscription.id), now)


def at_its_turn(unit: Unit, subscription: Subscription, operation: Operation) -> Outlook:
    """Nothing is ahead any more. It is priced as of the moment it was asked for."""
    return _seen(unit, subscription, (), operation.admitted_at)


def _seen(unit: Unit, subscription: Subscription, ahead: Sequence[Operation], now: datetime) -> Outlook:
    settled = unit.journal.done(subscription.id, subscription.generation)
    priced = [item for item in settled if item.verb in PRICED]
    for waiting in ahead:
        plan = unit.plans.plan(waiting.plan_id, waiting.plan_version)
        done = dated(waiting, subscription, now, plan.grace_hours if plan is not None else 0)
        subscription = moved(done, subscription, now)
        if done.verb in PRICED:
            priced.append(done)
    return Outlook(subscription=subscription, priced=tuple(priced), now=now)


def dated(operation: Operation, subscription: Subscription, now: datetime, grace_hours: int) -> Operation:
    """With the dates that it brings when it is sent now; those of an earlier try stay."""
    target = operation.target
    if operation.verb not in PRICED or target.add is None or target.entitled_until is not None:
        return operation
    start = _begins(operation.verb, subscription, now.replace(microsecond=0), grace_hours)
    if start is None:
        return operation
    anchored = target.anchored(start.plus(Term.parse(target.add)))
    return replace(operation, target=anchored.model_copy(update={"period_from": start.until}))


def with_grace(operation: Operation, capabilities: Capabilities, grace_hours: int) -> Operation:
    """With the date that the panel shall hold: what was paid for, and grace where it can give any."""
    target = operation.target
    if target.entitled_until is None or target.panel_until is not None:
        return operation
    grace = timedelta(hours=grace_hours if capabilities.grace else 0)
    held = target.model_copy(update={"panel_until": target.entitled_until + grace})
    return replace(operation, target=held)


def renews_from(subscription: Subscription, now: datetime, grace_hours: int) -> Anchor:
    """What a renewal counts from: the paid date, in grace as well; else now."""
    anchor = subscription.anchor
    now = now.replace(microsecond=0)  # panels keep whole seconds
    if anchor is None:
        return Anchor(start=now)
    in_grace = subscription.state is SubscriptionState.ACTIVE and now <= anchor.until + timedelta(
        hours=grace_hours
    )
    return renewal_start(anchor, now, keeps_gap=in_grace)


def _begins(verb: Verb, subscription: Subscription, now: datetime, grace_hours: int) -> Anchor | None:
    if verb is Verb.EXTEND:
        return renews_from(subscription, now, grace_hours)
    if verb is Verb.CREATE:
        return Anchor(start=now)
    return None if subscription.anchor is None else renewal_start(subscription.anchor, now, keeps_gap=False)


def moved(operation: Operation, subscription: Subscription, now: datetime) -> Subscription:
    """What the books say once ``operation`` is done, as far as the panel has no say in it."""
    if operation.verb is Verb.SUSPEND:
        reasons = suspended(operation, subscription.suspensions, now)
        return replace(subscription, state=SubscriptionState.SUSPENDED, suspensions=reasons)
    if operation.verb is Verb.UNSUSPEND:
        remaining = lifted(operation, subscription.suspensions)
        state = SubscriptionState.SUSPENDED if remaining else SubscriptionState.ACTIVE
        return replace(subscription, state=state, suspensions=remaining)
    return _sold(operation, subscription) if operation.verb in PRICED else subscription


def _sold(operation: Operation, subscription: Subscription) -> Subscription:
    target = operation.target
    connections = target.connections
    if operation.verb is Verb.EXTEND:
        connections = connections or subscription.connections
    sold = replace(
        subscription,
        plan_id=operation.plan_id,
        plan_version=operation.plan_version,
        term=operation.term,
        package=target.package or subscription.package,
        connections=connections,
        next_change=_still_stored(operation, subscription.next_change),
    )
    if operation.verb is Verb.CREATE:
        sold = replace(sold, state=SubscriptionState.ACTIVE, suspensions=())
    if operation.verb is not Verb.CHANGE_PACKAGE:
        sold = replace(sold, cancelled_at=None)  # who pays for another period does not cancel
    if target.entitled_until is None:
        return sold
    return replace(
        sold,
        anchor=target.anchor,
        period_from=target.period_from,
        entitled_until=target.entitled_until,
    )


def _still_stored(operation: Operation, change: NextChange | None) -> NextChange | None:
    """A stored change ends with the renewal that brings it, and with a change that was asked for later.

    A renewal asked for before it was stored, or by a length of its own, does not bring it, whatever it sells.
    """
    if change is None or operation.verb is Verb.CREATE:
        return change
    if operation.verb is Verb.CHANGE_PACKAGE:
        return change if change.asked_at > operation.admitted_at else None
    asked = operation.target.asked
    brought = (asked is None or asked.stored_change) and brings(operation, change)
    return None if brought else change


def brings(operation: Operation, change: NextChange) -> bool:
    """Whether what is sold by ``operation`` is what was stored."""
    brought = (operation.plan_id, operation.plan_version, operation.term, operation.target.connections)
    return brought == (change.plan_id, change.plan_version, change.term, change.connections)


def suspended(operation: Operation, reasons: Sequence[Suspension], now: datetime) -> tuple[Suspension, ...]:
    """``reasons`` and the operation's own: one for each reason of each owner."""
    target = operation.target
    entry = Suspension(
        reason=target.reason or SuspensionReason.MANUAL,
        owner=target.owner or "",
        note=target.note or "",
        at=now,
    )
    others = [item for item in reasons if (item.reason, item.owner) != (entry.reason, entry.owner)]
    return (*others, entry)


def lifted(operation: Operation, reasons: Sequence[Suspension]) -> tuple[Suspension, ...]:
    """What remains of ``reasons`` when its owner's are lifted: all, or the one that was named."""
    return tuple(item for item in reasons if not lifts(operation.target, item))


def lifts(lifting: Target, suspended_for: Target | Suspension) -> bool:
    """Whether an unsuspend to ``lifting`` ends that suspension: of its owner, for any reason or its own."""
    return lifting.owner == suspended_for.owner and lifting.reason in (None, suspended_for.reason)
