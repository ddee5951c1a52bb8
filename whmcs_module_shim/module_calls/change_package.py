"""ChangePackage."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import ChangeCommand
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.closing import closed
from whmcs_module_shim.module_calls.create_account import connections, need_plan, need_term
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render


@module_function("ChangePackage", kind=Kind.MUTATES, request=ServiceRequest)
def change_package(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Give the account the product's plan and connections now."""
    done = closed(services, caller, request, Verb.CHANGE_PACKAGE)
    if done is not None:
        return done
    command = ChangeCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        plan=need_plan(request),
        term=need_term(request),
        connections=connections(request),
    )
    answer = services.provisioner.submit(command, budget=caller.budget)
    data = {"charged": str(answer.operation.cost), "note": answer.operation.target.note}
    return render(services, answer, data=data)
