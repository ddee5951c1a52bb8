"""CreateAccount."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.problems import Problem
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term
from panelbridge.provisioning import CreateCommand, known_facts
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.closing import closed
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import carry_out

# Only then may a terminated service come back as a new generation.
_LIVING = frozenset({"Pending", "Active"})


@module_function("CreateAccount", kind=Kind.MUTATES, request=ServiceRequest)
def create_account(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Make the service's account exist, paid for its first term."""
    done = closed(services, caller, request, Verb.CREATE)
    if done is not None:
        return done
    command = CreateCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        plan=need_plan(request),
        term=need_term(request),
        connections=connections(request),
        username=request.chosen_username,
        mac=request.mac,
        customer=str(request.userid) if request.userid else None,
        facts=known_facts(request.domain, request.email),
        reopens=request.status in _LIVING,
    )
    return carry_out(services, caller, command, with_password=True)


def need_plan(request: ServiceRequest) -> str:
    """Raises ``plan_unknown`` when the product names no plan."""
    if not request.plan:
        raise Problem("plan_unknown", "The product names no plan.", field="configoption1")
    return request.plan


def need_term(request: ServiceRequest) -> Term:
    """Raises ``term_not_offered`` for a cycle that names no length."""
    if request.term is None:
        cycle = request.billingcycle or "none"
        raise Problem(
            "term_not_offered",
            f"The billing cycle {cycle} has no length that a plan could sell.",
            field="billingcycle",
        )
    return request.term


def connections(request: ServiceRequest) -> int | None:
    """Raises ``invalid_request`` naming the member that is no number."""
    try:
        return request.connections
    except ValueError as error:
        field, _, text = str(error).partition(": ")
        raise Problem("invalid_request", f"{field}: {text}.", field=field) from None
