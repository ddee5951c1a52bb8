"""Retry and Adopt: an admin's decision about an operation in attention."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Id
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import AccountId
from panelbridge.provisioning import OperationId, OperationState
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import find_subscription, render


class RetryRequest(ServiceRequest):
    operation: Id | None = None


class AdoptRequest(ServiceRequest):
    account_id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


@module_function("Retry", kind=Kind.MUTATES, request=RetryRequest)
def retry(services: Services, caller: Caller, request: RetryRequest) -> ModuleAnswer:
    """Ask the panel again about the operation in attention, and go on."""
    operation = _in_attention(services, caller, request, request.operation)
    answer = services.provisioner.retry(operation, actor=request.call.actor, budget=caller.budget)
    return render(services, answer)


@module_function("Adopt", kind=Kind.MUTATES, request=AdoptRequest)
def adopt(services: Services, caller: Caller, request: AdoptRequest) -> ModuleAnswer:
    """Take the panel account named as this service's; the held credits are spent."""
    operation = _in_attention(services, caller, request, None)
    answer = services.provisioner.adopt(
        operation,
        AccountId(request.account_id),
        actor=request.call.actor,
        needs_proof=not caller.key.allows(Scope.ADMIN),
    )
    return render(services, answer, with_password=True)


def _in_attention(
    services: Services, caller: Caller, request: ServiceRequest, wanted: int | None
) -> OperationId:
    with services.units.read() as unit:
        subscription = find_subscription(unit, caller, request.serviceid)
        waiting = unit.journal.unsettled(subscription.id) if subscription is not None else ()
    stuck = [item.id for item in waiting if item.state is OperationState.ATTENTION]
    if wanted is not None and wanted not in stuck:
        raise Problem("illegal_move", f"Operation {wanted} of this service does not wait for a person.")
    if not stuck:
        raise Problem("illegal_move", "No operation of this service waits for a person.")
    return OperationId(wanted) if wanted is not None else stuck[0]
