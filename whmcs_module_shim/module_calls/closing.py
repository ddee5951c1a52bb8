"""A closing call closes a finished operation in WHMCS: answered from the journal, never acted on."""

from __future__ import annotations

from panelbridge.actions.caller import Caller
from panelbridge.actions.problems import Problem
from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import Operation, OperationId, OperationState, Reply
from panelbridge.provisioning.outlook import lifts
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ServiceRequest
from whmcs_module_shim.module_calls.rendering import render

_LIFE = frozenset({Verb.CREATE, Verb.TERMINATE})
# A renewal that settled meanwhile does not make a suspension stale: only what speaks of the same thing does.
_UNDONE_BY = {
    Verb.CREATE: _LIFE,
    Verb.SUSPEND: _LIFE | {Verb.UNSUSPEND},
    Verb.UNSUSPEND: _LIFE | {Verb.SUSPEND},
    Verb.CHANGE_PACKAGE: _LIFE | {Verb.CHANGE_PACKAGE},
    Verb.TERMINATE: _LIFE,
}

# In any other state billing has decided something else since: closing must not bring an ended service back.
_STATES = {
    Verb.CREATE: frozenset({"Pending", "Active"}),
    Verb.SUSPEND: frozenset({"Active", "Suspended"}),
    Verb.UNSUSPEND: frozenset({"Active", "Suspended"}),
    Verb.CHANGE_PACKAGE: frozenset({"Active", "Suspended"}),
    Verb.TERMINATE: frozenset({"Pending", "Active", "Suspended", "Completed"}),
}


def closed(services: Services, caller: Caller, request: ServiceRequest, verb: Verb) -> ModuleAnswer | None:
    """The answer to a closing call; ``None`` when this is none.

    Never opens a generation and never takes a hold. Raises ``stale`` when a later one settled the matter.
    """
    wanted = request.call.closing
    if wanted is None:
        return None
    installation = caller.require_installation()
    with services.units.read() as unit:
        operation = unit.journal.operation(OperationId(wanted))
        if (
            operation is None
            or operation.installation_id != installation.id
            or operation.service_id != request.serviceid
            or operation.verb is not verb
        ):
            raise Problem(
                "invalid_request",
                f"Operation {wanted} is no {verb.value} of service {request.serviceid}.",
                field="call.closing",
            )
        later = unit.journal.search(subscription=operation.subscription_id, after=operation.id)
    if any(item.state is OperationState.DONE and _undoes(item, operation) for item in later):
        raise Problem("stale", f"Operation {wanted} is closed by a later operation of this service.")
    if request.status and request.status not in _STATES[verb]:
        raise Problem(
            "stale",
            f"Operation {wanted} is not closed: billing shows the service as {request.status}.",
            advice="Nothing to do: what billing decided since stays.",
        )
    answer = Reply(
        operation=operation, pending=not operation.settled, waits_for=None, message=operation.message or ""
    )
    return render(services, answer, with_password=verb is Verb.CREATE)


def _undoes(later: Operation, operation: Operation) -> bool:
    """Whether ``later`` speaks of the same thing: of a suspension, its reason and whose it is."""
    match later.verb, operation.verb:
        case Verb.UNSUSPEND, Verb.SUSPEND:
            return lifts(later.target, operation.target)
        case Verb.SUSPEND, Verb.UNSUSPEND:
            return lifts(operation.target, later.target)
    return later.verb in _UNDONE_BY[operation.verb]
