"""Notices: what happened in billing that no verb says. They change no account; they tell a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Id, Line, WithoutSecrets
from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.lifecycle import SubscriptionState
from panelbridge.service.services import Services
from panelbridge.subscriptions import Subscription
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import find_subscription, lock_subscription


class CancellationNotice(ServiceRequest):
    cancellation: Line = ""
    note: Annotated[str, Field(max_length=2000), WithoutSecrets] = ""


class RefundNotice(ModuleRequest):
    invoice_id: Id
    services: Annotated[list[Id], Field(max_length=500, default_factory=list)]


class MergeNotice(ModuleRequest):
    from_userid: Id
    to_userid: Id


@module_function("ServiceDeleted", kind=Kind.NOTIFIES, request=ServiceRequest)
def service_deleted(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """A service was deleted in billing; its account lives on and a person must decide."""
    with services.units.write() as unit:
        subscription = lock_subscription(unit, caller, request.serviceid)
        if subscription is None or subscription.state is SubscriptionState.TERMINATED:
            return ModuleAnswer(message="This service has no account; nothing is left behind.")
        unit.attention.raise_item(
            _attention(
                services,
                subscription,
                "orphan_account",
                f"service {request.serviceid} was deleted in billing while its account exists",
                f"Run: panelbridge subscriptions terminate {subscription.id}. Or keep it on purpose.",
            )
        )
    return ModuleAnswer(message="Noted: the account lives on, and a person is told.")


@module_function("CancellationRequested", kind=Kind.NOTIFIES, request=CancellationNotice)
def cancellation_requested(services: Services, caller: Caller, request: CancellationNotice) -> ModuleAnswer:
    """A customer asked to cancel; the subscription shows it. WHMCS terminates when it is time."""
    with services.units.write() as unit:
        subscription = lock_subscription(unit, caller, request.serviceid)
        if subscription is not None:
            unit.subscriptions.save(replace(subscription, cancelled_at=services.clock()))
    return ModuleAnswer(message="Noted.")


@module_function("CancellationWithdrawn", kind=Kind.NOTIFIES, request=ServiceRequest)
def cancellation_withdrawn(services: Services, caller: Caller, request: ServiceRequest) -> ModuleAnswer:
    """The request to cancel is gone from billing: the subscription goes on."""
    with services.units.write() as unit:
        subscription = lock_subscription(unit, caller, request.serviceid)
        if subscription is not None and subscription.cancelled_at is not None:
            unit.subscriptions.save(replace(subscription, cancelled_at=None))
    return ModuleAnswer(message="Noted.")


@module_function("InvoiceRefunded", kind=Kind.NOTIFIES, request=RefundNotice)
def invoice_refunded(services: Services, caller: Caller, request: RefundNotice) -> ModuleAnswer:
    """An invoice was refunded; credits and accounts stay until a person decides."""
    raised = 0
    with services.units.write() as unit:
        for service in sorted(request.services):  # in one order, whoever names several
            subscription = find_subscription(unit, caller, service)
            if subscription is None:
                continue
            raised += 1
            unit.attention.raise_item(
                _attention(
                    services,
                    subscription,
                    "refunded",
                    f"invoice {request.invoice_id} of service {service} was refunded; its account works",
                    "Terminate or suspend the service in billing, and adjust the credits if they come back.",
                )
            )
    return ModuleAnswer(message=f"Noted for {raised} services.")


@module_function("ClientMerged", kind=Kind.NOTIFIES, request=MergeNotice)
def client_merged(services: Services, caller: Caller, request: MergeNotice) -> ModuleAnswer:
    """Two clients became one. Subscriptions belong to services, so nothing moves."""
    caller.require_installation()
    return ModuleAnswer(message="Noted: subscriptions are bound to services, not to clients.")


def _attention(
    services: Services, subscription: Subscription, code: str, message: str, advice: str
) -> AttentionItem:
    return AttentionItem(
        id=AttentionId(0),
        code=code,
        subject=Subject(kind=SubjectKind.SUBSCRIPTION, id=subscription.id),
        message=message,
        advice=advice,
        opened_at=services.clock(),
        panel_id=subscription.panel_id,
    )
