"""ChangePassword and ResetCredentials."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.problems import Problem
from panelbridge.provisioning import ResetCommand
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import Password, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render


class ChangePasswordRequest(ServiceRequest):
    password: Password


@module_function("ChangePassword", kind=Kind.MUTATES, request=ChangePasswordRequest)
def change_password(services: Services, caller: Caller, request: ChangePasswordRequest) -> ModuleAnswer:
    """Make exactly this password work, or name the panel's rule it breaks."""
    command = ResetCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        password=request.password,
    )
    return render(services, services.provisioner.submit(command, budget=caller.budget))


@module_function("ResetCredentials", kind=Kind.MUTATES, request=ServiceRequest)
def reset_credentials(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Make a new password by the panel's rules, once for each one-shot token."""
    if request.call.token is None:
        raise Problem("invalid_request", "call.token: a one-shot token is needed.", field="call.token")
    command = ResetCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        token=request.call.token,
    )
    return render(services, services.provisioner.submit(command, budget=caller.budget), with_password=True)
