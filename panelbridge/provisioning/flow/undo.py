"""Undo a create that was finished after billing had ended its service: terminate it, credits back."""

from __future__ import annotations

from datetime import timedelta

from panelbridge.contract.capabilities import Verb
from panelbridge.ledger import Credits, TransferKind, TransferRefused
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.intend import need_subscription, wake_queued
from panelbridge.provisioning.models import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Installation, SubscriptionId

# Credits of an account that was there for longer come back by a person only: it may have been used.
LATE_FOR = timedelta(days=3)
_PAGE = 500
_NOTHING = Credits(units=0)


def late_create(
    unit: Unit, deps: Dependencies, installation: Installation, service_id: int, wanted: OperationId | None
) -> Operation:
    """The create to undo: ``wanted``, or the latest one of the service. Raises ``Refusal``."""
    subscription = need_subscription(unit, installation, service_id, "undo create")
    creates = [item for item in _all(unit, subscription.id) if item.verb is Verb.CREATE]
    found = [item for item in creates if wanted is None or item.id == wanted]
    if not found:
        raise Refusal(
            "service_unknown",
            f"service {service_id} has no such create",
            advice="Nothing to do: no account of it was made.",
        )
    create = found[-1]
    if create.generation != subscription.generation or create is not creates[-1]:
        raise Refusal(
            "stale",
            f"operation {create.id} is followed by a later create of service {service_id}",
            advice="Nothing to do.",
        )
    settled = create.settled_at
    if settled is not None and deps.clock() - settled > LATE_FOR:
        raise Refusal(
            "illegal_move",
            f"the account of service {service_id} was finished on {settled:%Y-%m-%d}, more than "
            f"{LATE_FOR.days} days ago: it may have been used",
            advice="Terminate the service in billing; whether credits come back is for the operator to say.",
        )
    return create


def credit_back(unit: Unit, deps: Dependencies, create: Operation, *, actor: str, reason: str) -> Credits:
    """What the create cost is back in the wallet, once, linked to what was posted; what waited is woken."""
    if create.state is not OperationState.DONE or create.hold is None:
        return _NOTHING
    posted = unit.ledger.resolution(create.hold)
    if posted is None or posted.kind is not TransferKind.POST:
        return _NOTHING
    try:
        back = unit.ledger.correct(posted.id, key=f"undo:{create.id}", actor=actor, reason=reason)
    except TransferRefused:
        return _NOTHING  # a person has given it back already
    wake_queued(unit, deps, create.reseller_id)
    return back.amount


def _all(unit: Unit, subscription: SubscriptionId) -> list[Operation]:
    """Every operation of the subscription, oldest first."""
    found: list[Operation] = []
    while page := unit.journal.search(
        subscription=subscription,
        after=found[-1].id if found else None,
        limit=_PAGE,
    ):
        found.extend(page)
    return found
