"""Admission rules that several verbs share: what must exist, and what a later request replaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from panelbridge.ledger import ResellerId
from panelbridge.lifecycle import IllegalMove, check_move
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal, not_provisioned
from panelbridge.provisioning.flow.intend import wake_queued
from panelbridge.provisioning.flow.locking import as_it_waits
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


def supersede(unit: Unit, deps: Dependencies, replaced: Iterable[Operation], *, by: Verb) -> None:
    """Replace those that were never sent; a sent one is settled first, always.

    The credit they held, or stood in line for, goes to who waits for credit.
    """
    freed: set[ResellerId] = set()
    for waiting in replaced:
        operation = as_it_waits(unit, waiting)
        took_credit = operation.hold is not None or operation.state is OperationState.QUEUED
        if never_sent(unit, operation) and _superseded(unit, deps, operation, by) and took_credit:
            freed.add(operation.reseller_id)
    for reseller in freed:
        wake_queued(unit, deps, reseller)


def _superseded(unit: Unit, deps: Dependencies, operation: Operation, by: Verb) -> bool:
    replaced = replace(
        operation,
        state=OperationState.SUPERSEDED,
        outcome=Outcome.SUPERSEDED,
        settled_at=deps.clock(),
        due_at=None,
        message=f"replaced by a later {by.value.replace('_', ' ')} before it was sent",
    )
    if not unit.journal.save(replaced, was=operation):
        return False
    if operation.hold is not None:
        unit.ledger.void(operation.hold, actor=operation.actor, reason=f"superseded by {by.value}")
    unit.attention.resolve_of(operation.id, resolution="superseded", actor=operation.actor, at=deps.clock())
    return True
