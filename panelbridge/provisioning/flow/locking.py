"""What a transaction locks before it decides anything. Everywhere in one order, so that none waits in a ring:

a name (of a service, of a login that several share), the subscription with its operations, a name at the
panel (a login name, an account), the wallet, a slot of the panel.
"""

from __future__ import annotations

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.models import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Subscription


def lock_operation(unit: Unit, operation_id: OperationId) -> tuple[Operation, Subscription]:
    """Both as they are now. Raises ``LookupError``."""
    subscription = unit.subscriptions.lock_of_operation(operation_id)
    operation = unit.journal.operation(operation_id)
    if operation is None:
        raise LookupError(f"operation {operation_id} does not exist")
    if subscription is None:
        raise LookupError(f"operation {operation_id} has no subscription")
    return operation, subscription


def lock_to_settle(unit: Unit, operation: Operation, subscription: Subscription) -> Subscription:
    """The subscription of ``operation`` as it is now; before it the login that its customer's others share.

    Who settles a reset writes the password of the others too.
    """
    if subscription.customer is not None and operation.verb in (Verb.CREATE, Verb.RESET_CREDENTIALS):
        unit.subscriptions.lock_login(subscription)
    return unit.subscriptions.lock(subscription.id) or subscription


def as_it_waits(unit: Unit, operation: Operation) -> Operation:
    """``operation`` of a locked subscription, also when it waits for credit.

    Whoever frees credit wakes orders of many subscriptions and locks none of them: what is in the queue
    belongs to the wallet's lock.
    """
    if operation.state is not OperationState.QUEUED:
        return operation
    unit.ledger.lock(operation.reseller_id)
    return unit.journal.operation(operation.id) or operation
