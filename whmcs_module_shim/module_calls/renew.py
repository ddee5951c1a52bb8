"""Renew, Extend and PaidItems: a paid invoice item, or a one-shot token, extends once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Body, Bool, Id, Line, WithoutSecrets
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import Term
from panelbridge.provisioning import Refusal, RenewCommand, Reply
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.create_account import connections
from whmcs_module_shim.module_calls.params import CYCLE_TERMS, BillingCycle, ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render

_NO_WAIT = 0.0


class ExtendRequest(ServiceRequest):
    by: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[md]$")]
    note: Annotated[str, Field(min_length=3, max_length=500), WithoutSecrets]


class PaidItem(Body):
    id: Id
    invoice_id: Id
    serviceid: Id
    first: Bool = False
    billingcycle: BillingCycle | None = None
    plan: Line | None = None
    connections: Line | None = None


class PaidItemsRequest(ModuleRequest):
    items: Annotated[list[PaidItem], Field(max_length=500)]


@module_function("Renew", kind=Kind.MUTATES, request=ServiceRequest)
def renew(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """Extend the service by one term, once for each paid invoice item."""
    item, token = request.call.invoice_item, request.call.token
    if item is None and token is None:
        raise Problem(
            "invalid_request",
            "call: a Renew names the paid invoice item it belongs to, or a one-shot token.",
            field="call.invoice_item",
        )
    if item is not None and item.first:
        return _first_invoice()
    command = RenewCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        fact=item_fact(item.id) if item is not None else f"token:{token}",
        term=request.term,
        connections=connections(request),
    )
    return _extended(services, services.provisioner.submit(command, budget=caller.budget))


@module_function("Extend", kind=Kind.MUTATES, request=ExtendRequest)
def extend(services: Services, caller: Caller, request: ExtendRequest) -> ModuleAnswer:
    """Extend by a length an admin chose, once for each one-shot token."""
    if request.call.token is None:
        raise Problem("invalid_request", "call.token: a one-shot token is needed.", field="call.token")
    command = RenewCommand(
        installation=caller.require_installation(),
        service_id=request.serviceid,
        actor=request.call.actor,
        fact=f"token:{request.call.token}",
        by=Term.parse(request.by),
        note=request.note,
    )
    return _extended(services, services.provisioner.submit(command, budget=caller.budget))


@module_function("PaidItems", kind=Kind.NOTIFIES, request=PaidItemsRequest)
def paid_items(services: Services, caller: Caller, request: PaidItemsRequest) -> ModuleAnswer:
    """Book paid invoice items whose Renew was lost, under the same keys."""
    installation = caller.require_installation()
    accepted: list[int] = []
    refused: list[dict[str, object]] = []
    for item in request.items:
        try:
            _book(services, installation, item)
        except Refusal as refusal:
            refused.append({"id": item.id, "code": refusal.code, "message": refusal.message})
        else:
            accepted.append(item.id)
    return ModuleAnswer(
        message=f"{len(accepted)} paid items are booked, {len(refused)} are refused.",
        data={"accepted": accepted, "refused": refused},
    )


def item_fact(item_id: int) -> str:
    return f"item:{item_id}"


def _book(services: Services, installation: Installation, item: PaidItem) -> None:
    if item.first:
        return  # belongs to create
    command = RenewCommand(
        installation=installation,
        service_id=item.serviceid,
        actor="cron",
        fact=item_fact(item.id),
        term=CYCLE_TERMS.get(item.billingcycle or ""),
    )
    services.provisioner.submit(command, budget=_NO_WAIT)


def _first_invoice() -> ModuleAnswer:
    return ModuleAnswer(message="The order's first invoice paid for the create; nothing more to renew.")


def _extended(services: Services, answer: Reply) -> ModuleAnswer:
    until = answer.operation.target.entitled_until
    rendered = render(services, answer)
    return rendered.model_copy(
        update={"data": {"entitled_until": until.isoformat().replace("+00:00", "Z") if until else None}}
    )
