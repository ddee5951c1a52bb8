"""TerminateAccount."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import Refusal, TerminateCommand
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.closing import closed
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render
from whmcs_module_shim.module_calls.unknown_service import nothing_there


@module_function("TerminateAccount", kind=Kind.MUTATES, request=ServiceRequest)
def terminate_account(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Make the account proved absent; never success while the panel cannot tell."""
    done = closed(services, caller, request, Verb.TERMINATE)
    if done is not None:
        return done
    command = TerminateCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
    )
    try:
        return render(services, services.provisioner.submit(command, budget=caller.budget))
    except Refusal as refusal:
        if refusal.code != "service_unknown":
            raise
        return nothing_there(
            request, refusal, "Nothing to terminate: no account was ever made for this service."
        )
