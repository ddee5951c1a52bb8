"""Account: what the client and admin pages show."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.contract.capabilities import Verb
from panelbridge.http.auth.binding import is_bound_here
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning import Operation, OperationState
from panelbridge.service.services import Services
from panelbridge.subscriptions import Subscription
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import (
    account_view,
    find_subscription,
    live_view,
    operation_view,
)


@module_function("Account", kind=Kind.READS, request=ServiceRequest)
def account(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """The service's account as it is now, with its last operation and what waits for a person."""
    with services.units.read() as unit:
        subscription = find_subscription(unit, caller, request.serviceid)
        if subscription is None:
            return ModuleAnswer(message="This service was never created through the bridge.")
        # A staging copy of the shop has the key as well; it may look, but not at passwords.
        shown = request.call.with_password and is_bound_here(caller)
        view = account_view(services, unit, subscription, with_password=shown)
        last = unit.journal.last(subscription.id)
        view = view.model_copy(update={"state": _standing(subscription, last)})
        waiting = unit.journal.unsettled(subscription.id)
    if request.call.fresh:
        view = live_view(services, subscription, view)
    capabilities = services.panels.capabilities(subscription.panel_id)
    stuck = [item for item in waiting if item.state is OperationState.ATTENTION]
    failed = last is not None and last.state in (OperationState.REFUSED, OperationState.ATTENTION)
    return ModuleAnswer(
        message=f"The account is {view.state}.",
        operation=operation_view(last) if last is not None else None,
        account=view,
        data={
            "last_operation": operation_view(last).model_dump() if last is not None else None,
            "sign_on": capabilities.single_sign_on,
            "verbs": sorted(verb.value for verb in capabilities.verbs),
            "last_error": last.message if last is not None and failed else None,
            "attention": [
                {"operation": item.id, "code": item.code, "message": item.message, "advice": item.advice}
                for item in stuck
            ],
        },
    )


def _standing(subscription: Subscription, last: Operation | None) -> str:
    """The state; of what was never made, what became of its create: nobody waits for ever."""
    if subscription.state is not SubscriptionState.PENDING or last is None or last.verb is not Verb.CREATE:
        return subscription.state.value
    if last.state in (OperationState.REFUSED, OperationState.WITHDRAWN):
        return "refused"
    if last.state in (OperationState.ATTENTION, OperationState.QUEUED):
        return "delayed"
    return subscription.state.value
