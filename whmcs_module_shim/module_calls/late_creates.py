"""UndoCreate and LateCreates: accounts that were finished after billing had ended their services."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Count, Id
from panelbridge.actions.problems import Problem
from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.provisioning import OperationId
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import render

ENDED = frozenset({"Cancelled", "Fraud", "Terminated"})


class UndoCreateRequest(ServiceRequest):
    operation: Id | None = None  # the create; without it the latest one of the service


class LateCreatesRequest(ModuleRequest):
    waiting: Count  # how many more than one round takes away


@module_function("UndoCreate", kind=Kind.MUTATES, request=UndoCreateRequest)
def undo_create(services: Services, caller: Caller, request: UndoCreateRequest) -> ModuleAnswer:
    """Take away the account of a service that billing had ended before it was made; its credits come back."""
    if request.status not in ENDED:
        raise Problem(
            "illegal_move",
            f"Billing shows the service as {request.status or 'nothing'}, so its account stays.",
            field="status",
        )
    answer, credited = services.provisioner.undo_create(
        caller.require_installation(),
        request.serviceid,
        OperationId(request.operation) if request.operation is not None else None,
        actor=request.call.actor,
        reason=f"billing ended service {request.serviceid} ({request.status}) before its account was made",
        budget=caller.budget,
    )
    return render(services, answer, data={"credited": str(credited)})


@module_function("LateCreates", kind=Kind.NOTIFIES, request=LateCreatesRequest)
def late_creates(services: Services, caller: Caller, request: LateCreatesRequest) -> ModuleAnswer:
    """More late creates wait than one round takes away: a person should look while they wait."""
    installation = caller.require_installation()
    subject = Subject(kind=SubjectKind.INSTALLATION, id=installation.id)
    with services.units.write() as unit:
        if request.waiting > 0:
            unit.attention.raise_item(
                AttentionItem(
                    id=AttentionId(0),
                    code="late_creates",
                    subject=subject,
                    message=f"{request.waiting} accounts of shop {installation.code} were finished after "
                    "billing had ended their services, and wait to be taken away",
                    advice="Each round of the shop's cron takes ten away and gives their credits back. "
                    "If that is not right, set the services Active in billing, or revoke the shop's key.",
                    opened_at=services.clock(),
                )
            )
        else:
            for item in unit.attention.items(code="late_creates", subject=subject):
                unit.attention.resolve(
                    item.id,
                    resolution="none waits any more",
                    actor=request.call.actor,
                    at=services.clock(),
                )
    return ModuleAnswer(message="Noted.")
