"""Finished, Acknowledge and ListAccounts: what WHMCS's cron and its Server Sync ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from panelbridge.actions.caller import Caller
from panelbridge.actions.connect_view import connect_view
from panelbridge.actions.fields import Count, Id
from panelbridge.actions.problems import Problem
from panelbridge.attention import AttentionItem, SubjectKind
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.secret import readable
from panelbridge.http.auth.binding import is_bound_here
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, PanelId, Subscription, SubscriptionId
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function

CLOSE_WITH = {
    Verb.CREATE: "ModuleCreate",
    Verb.SUSPEND: "ModuleSuspend",
    Verb.UNSUSPEND: "ModuleUnsuspend",
    Verb.TERMINATE: "ModuleTerminate",
    Verb.CHANGE_PACKAGE: "ModuleChangePackage",
}
_PAGE = 200
_MOST_ALERTS = 100  # the next call has the next ones
_WITH_CREDENTIALS = frozenset({Verb.CREATE, Verb.RESET_CREDENTIALS})


class FinishedRequest(ModuleRequest):
    cursor: Count = 0
    alerts_after: Annotated[str, Field(pattern=r"^([0-9]{1,15}:[0-9]{1,15})?$")] = ""


class AcknowledgeRequest(ModuleRequest):
    operations: Annotated[list[Id], Field(max_length=500)]


class ListRequest(ModuleRequest):
    cursor: Annotated[str, Field(pattern=r"^[0-9]{0,15}$")] | None = None


@module_function("Finished", kind=Kind.READS, request=FinishedRequest)
def finished(services: Services, caller: Caller, request: FinishedRequest) -> ModuleAnswer:
    """What became final since, that WHMCS was told pending about, and alerts for the shop's admins."""
    installation = caller.require_installation()
    with services.units.read() as unit:
        settled = unit.journal.unreported(installation.id, OperationId(request.cursor))
        bound = is_bound_here(caller)
        items = [_item(services, unit, operation, with_password=bound) for operation in settled]
        cancelled = list(unit.subscriptions.cancelled(installation.id))
        alerts, seen = _alerts(unit, caller, request.alerts_after)
    last = max((item["cursor"] for item in items), default=request.cursor)
    return ModuleAnswer(
        message=f"{len(items)} operations are final.",
        data={
            "items": items,
            "cursor": last,
            "alerts": alerts,
            "alerts_cursor": seen,
            "cancelled": cancelled,
        },
    )


@module_function("Acknowledge", kind=Kind.NOTIFIES, request=AcknowledgeRequest)
def acknowledge(services: Services, caller: Caller, request: AcknowledgeRequest) -> ModuleAnswer:
    """These operations were closed in WHMCS; they are not told again."""
    installation = caller.require_installation()
    count = 0
    with services.units.write() as unit:
        for wanted in sorted(request.operations):  # two rounds of one shop take the rows in one order
            operation = unit.journal.operation(OperationId(wanted))
            if operation is None or operation.installation_id != installation.id:
                continue
            if operation.settled or operation.state is OperationState.ATTENTION:
                count += unit.journal.save(replace(operation, acknowledged=operation.settled), was=operation)
    return ModuleAnswer(message=f"{count} operations are acknowledged.")


@module_function("ListAccounts", kind=Kind.READS, request=ListRequest)
def list_accounts(services: Services, caller: Caller, request: ListRequest) -> ModuleAnswer:
    """The installation's accounts, page by page. Fails when the existence of any is unknown."""
    installation = caller.require_installation()
    after = SubscriptionId(int(request.cursor)) if request.cursor else None
    with services.units.read() as unit:
        page = unit.subscriptions.search(installation=installation.id, after=after, limit=_PAGE)
        if page:
            _check_existence(unit, installation, page)
        rows = [row for row in (_row(unit, item) for item in page) if row is not None]
    cursor = str(page[-1].id) if len(page) == _PAGE else None
    return ModuleAnswer(message=f"{len(rows)} accounts.", data={"accounts": rows, "cursor": cursor})


def _item(services: Services, unit: Unit, operation: Operation, *, with_password: bool) -> dict[str, Any]:
    done = operation.state is OperationState.DONE
    shown = done and with_password and operation.verb in _WITH_CREDENTIALS
    subscription = unit.subscriptions.subscription(operation.subscription_id) if shown else None
    password = subscription.password if subscription is not None else None
    connect = connect_view(services, subscription, with_password=True) if subscription is not None else ()
    return {
        "cursor": operation.id,
        "serviceid": operation.service_id,
        "operation": operation.id,
        "verb": operation.verb.value,
        "state": operation.state.value,
        "close_with": CLOSE_WITH.get(operation.verb) if done else None,
        "suspendreason": operation.target.note if operation.verb is Verb.SUSPEND else None,
        "username": subscription.username if subscription is not None else None,
        "password": readable(password),
        "connect": [item.model_dump() for item in connect],
        "text": _text(operation),
    }


def _text(operation: Operation) -> str:
    name = operation.verb.value.replace("_", " ")
    if operation.state is OperationState.DONE:
        return f"{name} of service {operation.service_id} is done (operation {operation.id})."
    if operation.state is OperationState.SUPERSEDED:
        return f"{name} of service {operation.service_id} was not sent: {operation.message}."
    outcome = "needs a person" if operation.state is OperationState.ATTENTION else "was refused"
    return (
        f"{name} of service {operation.service_id} {outcome} (operation {operation.id}): "
        f"{operation.message}. {operation.advice or ''}"
    ).strip()


def _alerts(unit: Unit, caller: Caller, after: str) -> tuple[list[str], str]:
    installation = caller.require_installation()
    seen = [int(part) for part in re.findall(r"\d+", after)] or [0, 0]
    attention, crossing = seen
    texts: list[str] = []
    for item in unit.attention.of_installation(installation.id, seen[0], _MOST_ALERTS):
        whose = _whose(unit, installation, item)
        if whose is not None:
            texts.append(f"{whose}: {item.message}. {item.advice}")
            attention = max(attention, item.id)
    for fall in unit.ledger.floor_crossings(seen[1]):
        crossing = max(crossing, fall.id)
        if fall.reseller == installation.reseller_id:
            texts.append(
                f"Credits fell to {fall.available}, below the floor of {fall.floor}. "
                "Top up, or orders will wait."
            )
    return texts, f"{attention}:{crossing}"


def _whose(unit: Unit, installation: Installation, item: AttentionItem) -> str | None:
    """What of this shop an item is about: a service, or a panel that its orders wait for; else ``None``."""
    if item.operation_id is not None:
        operation = unit.journal.operation(OperationId(item.operation_id))
        ours = operation is not None and operation.installation_id == installation.id
        return f"Service {operation.service_id}" if operation is not None and ours else None
    if item.subject.kind is not SubjectKind.PANEL:
        return None
    panel = unit.panels.panel(PanelId(item.subject.id))
    if panel is None or not unit.journal.waits_for_panel(installation.id, panel.id):
        return None
    return f"Panel {panel.code}"


_LISTED = {SubscriptionState.ACTIVE: "Active", SubscriptionState.SUSPENDED: "Suspended"}


def _check_existence(unit: Unit, installation: Installation, page: Sequence[Subscription]) -> None:
    unknown = unit.journal.existence_unknown(installation.id, page[0].id, page[-1].id)
    if unknown is not None:
        raise Problem(
            "attention",
            f"Whether the account of service {unknown.service_id} exists is not known yet.",
            advice="Run the sync again when the operation is settled; a partial list would mislead.",
        )


def _row(unit: Unit, subscription: Subscription) -> dict[str, Any] | None:
    status = _LISTED.get(subscription.state)
    if status is None:
        return None
    plan = unit.plans.plan(subscription.plan_id, subscription.plan_version)
    return {
        "serviceid": subscription.service_id,
        "username": subscription.username,
        "domain": "",
        "plan": plan.code if plan else "",
        "created": f"{subscription.created_at:%Y-%m-%d %H:%M:%S}",
        "status": status,
    }
