"""SuspendAccount and UnsuspendAccount."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Remark
from panelbridge.contract.capabilities import Verb
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import Refusal, SuspendCommand, UnsuspendCommand
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.closing import closed
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render
from whmcs_module_shim.module_calls.unknown_service import nothing_there

BILLING = "billing"  # the owner of every reason that WHMCS sets and lifts
_OVERDUE_TEXT = "overdue on payment"  # WHMCS's own reason, in its English form
_NOTHING_THERE = frozenset({"service_unknown", "not_provisioned"})


class SuspendRequest(ServiceRequest):
    suspendreason: Remark | None = None


@module_function("SuspendAccount", kind=Kind.MUTATES, request=SuspendRequest)
def suspend_account(services: Services, caller: Caller, request: SuspendRequest) -> ModuleAnswer:
    """Make the account unusable, keeping it."""
    done = closed(services, caller, request, Verb.SUSPEND)
    if done is not None:
        return done
    text = (request.suspendreason or "").strip()
    # A cron suspension without a text is WHMCS's own too: only payment causes it.
    overdue = text.lower() == _OVERDUE_TEXT or (not text and request.call.actor == "cron")
    command = SuspendCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        reason=SuspensionReason.OVERDUE if overdue else SuspensionReason.MANUAL,
        owner=BILLING,
        note=text,
    )
    try:
        return render(services, services.provisioner.submit(command, budget=caller.budget))
    except Refusal as refusal:
        if refusal.code not in _NOTHING_THERE:
            raise
        return nothing_there(request, refusal, "Nothing to suspend: this service has no account.")


@module_function("UnsuspendAccount", kind=Kind.MUTATES, request=ServiceRequest)
def unsuspend_account(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Lift what billing suspended; the account works again when no other reason remains."""
    done = closed(services, caller, request, Verb.UNSUSPEND)
    if done is not None:
        return done
    command = UnsuspendCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        owner=BILLING,
    )
    return render(services, services.provisioner.submit(command, budget=caller.budget))
