"""Admission rules that several verbs share: what must exist, and what a later wish replaces."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from panelbridge.capabilities import Verb
from panelbridge.lifecycle import IllegalMove, check_move
from panelbridge.models import Outcome
from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.exceptions import Refusal, not_provisioned
from panelbridge.provisioning.intend import wake_queued
from panelbridge.provisioning.models import Operation, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Subscription


def require_account(unit: Unit, subscription: Subscription, verb: Verb) -> None:
    """The state must allow ``verb``, unless a create still under way may lead there. Raises ``Refusal``."""
    try:
        check_move(verb.value, subscription.state)
    except IllegalMove as error:
        waiting = unit.journal.unsettled(subscription.id)
        if any(item.verb is Verb.CREATE for item in waiting):
            return
        if subscription.account_id is None:
            raise not_provisioned(verb.value) from None
        raise Refusal(
            "illegal_move",
            str(error),
            advice="Look at the service's state; create it anew if it shall come back.",
        ) from None


def never_sent(unit: Unit, operation: Operation) -> bool:
    """Whether no try of it can have reached the panel."""
    if operation.state not in (OperationState.QUEUED, OperationState.READY):
        return False
    return operation.attempts == 0 or all(item.cleared for item in unit.journal.attempts(operation.id))


def supersede(
    unit: Unit,
    desk: Desk,
    subscription: Subscription,
    verbs: Collection[Verb],
    *,
    by: Verb,
    owner: str | None = None,
) -> None:
    """Replace operations that were never sent; a sent one is settled first, always.

    The credit they held, or stood in line for, goes to who waits for credit.
    """
    freed = False
    for operation in unit.journal.unsettled(subscription.id):
        if operation.verb not in verbs or not never_sent(unit, operation):
            continue
        if owner is not None and operation.target.owner != owner:
            continue
        if operation.hold is not None:
            unit.ledger.void(operation.hold, actor=operation.actor, reason=f"superseded by {by.value}")
        replaced = replace(
            operation,
            state=OperationState.SUPERSEDED,
            outcome=Outcome.SUPERSEDED,
            settled_at=desk.clock(),
            due_at=None,
            message=f"replaced by a later {by.value} before it was sent",
        )
        unit.journal.save(replaced, was=operation)
        unit.journal.resolve_attention(
            operation=operation.id, resolution="superseded", actor=operation.actor, at=desk.clock()
        )
        freed = freed or operation.hold is not None or operation.state is OperationState.QUEUED
    if freed:
        wake_queued(unit, desk, subscription.reseller_id)
