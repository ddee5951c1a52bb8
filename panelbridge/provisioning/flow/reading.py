"""The account of an operation, as the panel shows it now."""

from __future__ import annotations

from panelbridge.contract.capabilities import FindBy
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Found, Lookup, Unknown
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.keys import reference
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.rules import account_ref
from panelbridge.subscriptions import Subscription
from panelbridge.transport import deadline


def read_account(
    deps: Dependencies, operation: Operation, subscription: Subscription, patience: float
) -> Lookup:
    """By its id where that is known, else by what the operation sent. Whatever breaks has told nothing."""
    try:
        with deadline(min(patience, deps.limits.lookup)):
            if subscription.account_id is not None:
                return deps.panels.adapter(operation.panel_id).get(account_ref(subscription, deps))
            return _find(deps, operation, subscription)
    except PanelError as error:
        return Unknown(cause=error.message)
    except Exception as error:  # noqa: BLE001 - an adapter's bug is no answer
        return Unknown(cause=f"the look-up failed with {type(error).__name__}")


def _find(deps: Dependencies, operation: Operation, subscription: Subscription) -> Lookup:
    adapter = deps.panels.adapter(operation.panel_id)
    capabilities = adapter.capabilities
    answer: Lookup = Unknown(cause="this panel has no look-up by name or reference")
    if FindBy.USERNAME in capabilities.find_by:
        answer = adapter.find(username=operation.username)
    if not isinstance(answer, Found) and FindBy.REFERENCE in capabilities.find_by:
        by_reference = adapter.find(reference=reference(deps.bridge, subscription))
        if isinstance(by_reference, Found) or isinstance(answer, Unknown):
            answer = by_reference
    return answer
