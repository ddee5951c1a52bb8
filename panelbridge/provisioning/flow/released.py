"""What may still take effect after it was settled stays watched: it would be there without a charge.

A name that a person released, by looking it up. A purchase that was released, or sent twice, by the expiry:
where that is not the one in our books, the panel sold more than was charged.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from panelbridge.contract.capabilities import FindBy
from panelbridge.contract.models import Found
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.fence import expiry_of
from panelbridge.provisioning.flow.purchase import fences_text, moment_text, moved_elsewhere
from panelbridge.provisioning.flow.reading import read_account
from panelbridge.provisioning.flow.settle import raise_attention
from panelbridge.provisioning.models import Operation, OperationState
from panelbridge.provisioning.port import Units
from panelbridge.subscriptions import Subscription
from panelbridge.transport import deadline

_WATCHED = timedelta(days=7)
_log = logging.getLogger(__name__)


def watch_released(units: Units, deps: Dependencies) -> int:
    """Look at everything that is watched once; returns how much of it took effect after all."""
    since = deps.clock() - _WATCHED
    with units.read() as unit:
        names = unit.journal.released(since)
        purchases = unit.journal.watched_purchases(since)
    turned_up = [operation for operation in names if _exists(deps, operation)]
    for operation in turned_up:
        _attention(
            units,
            deps,
            operation,
            "account_without_charge",
            f"the account of released operation {operation.id} exists at the panel and was never charged",
            "Delete it at the panel, or create the service anew and adopt it.",
        )
    return len(turned_up) + sum(_watch_purchase(units, deps, operation) for operation in purchases)


def _exists(deps: Dependencies, operation: Operation) -> bool:
    try:
        adapter = deps.panels.adapter(operation.panel_id)
        if FindBy.USERNAME not in adapter.capabilities.find_by:
            return False
        with deadline(deps.limits.lookup):
            return isinstance(adapter.find(username=operation.username), Found)
    except Exception as error:  # noqa: BLE001 - one panel that cannot be asked hides no name of another
        _log.warning("released name of operation %s: %s", operation.id, type(error).__name__)
        return False


def _watch_purchase(units: Units, deps: Dependencies, operation: Operation) -> bool:
    """Whether the account's expiry is another one than our books know; reported once."""
    known = _at_rest(units, operation)
    if known is None:
        return False
    answer = read_account(deps, operation, known, deps.limits.lookup)
    if not isinstance(answer, Found) or not moved_elsewhere(deps, operation, known, answer.account):
        return False
    if _at_rest(units, operation) != known:  # something was settled while the panel was asked
        return False
    with units.read() as unit:
        tries = unit.journal.attempts(operation.id)
    twice = operation.state is OperationState.DONE
    message = (
        f"the purchase of operation {operation.id}, which was {'sent again' if twice else 'released'}, took "
        f"effect after all: the panel shows {moment_text(expiry_of(answer.account))} and our books "
        f"{moment_text(known.panel_until)}; {fences_text(tries)}"
    )
    advice = (
        "Compare it with the panel's own log. The next renewal asks first: book-missing charges for it, "
        "buy-from-here does not."
    )
    if twice:
        _attention(units, deps, operation, "bought_twice", message, advice)
    else:
        _attention(units, deps, operation, "purchase_without_charge", message, advice)
    return True


def _at_rest(units: Units, operation: Operation) -> Subscription | None:
    """The subscription, while it has an account and nothing is under way for it."""
    with units.read() as unit:
        found = unit.subscriptions.subscription(operation.subscription_id)
        busy = unit.journal.unsettled(operation.subscription_id)
    if found is None or busy or found.account_id is None or found.generation != operation.generation:
        return None
    return None if found.state is SubscriptionState.TERMINATED else found


def _attention(
    units: Units, deps: Dependencies, operation: Operation, code: str, message: str, advice: str
) -> None:
    with units.write() as unit:
        raise_attention(unit, deps, operation, code, message, advice)
