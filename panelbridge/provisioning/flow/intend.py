"""Intend: one transaction that finds, joins or inserts an operation and takes its hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, InsufficientCredit, ResellerId, TransferContext
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.models import (
    BRIDGE,
    Operation,
    OperationId,
    OperationState,
    Target,
)
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission
from panelbridge.subscriptions import Installation, Mode, Plan, PlanTerm, Subscription

_ZERO = Credits(units=0)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An operation about to be placed."""

    verb: Verb
    subscription: Subscription
    key: str
    target: Target
    actor: str
    plan: Plan
    term: Term
    price: Credits = _ZERO
    username: str | None = None
    password: Secret | None = None
    unowned: bool = False  # this very transaction has seen that no operation owns the key


def place(unit: Unit, deps: Dependencies, draft: Draft) -> Admission:
    """Join the operation that owns the key, or insert one and take its hold.

    Raises ``Refusal`` (``insufficient_credit``) when the plan does not queue.
    """
    owner = None if draft.unowned else unit.journal.by_key(draft.key)
    if owner is not None:
        return Admission(operation=owner, joined=True)
    now = deps.clock()
    subscription = draft.subscription
    operation = unit.journal.add(
        Operation(
            id=OperationId(0),
            subscription_id=subscription.id,
            installation_id=subscription.installation_id,
            reseller_id=subscription.reseller_id,
            panel_id=subscription.panel_id,
            service_id=subscription.service_id,
            generation=subscription.generation,
            verb=draft.verb,
            state=OperationState.READY,
            key=draft.key,
            target=draft.target,
            price=draft.price,
            plan_id=draft.plan.id,
            plan_version=draft.plan.version,
            term=draft.term,
            actor=draft.actor,
            admitted_at=now,
            due_at=now,
            username=draft.username,
            password=draft.password,
            before=snapshot(subscription),
        )
    )
    if draft.price > _ZERO:
        operation = _fund(unit, deps, operation, draft.plan)
    return Admission(operation=operation, joined=False)


def _fund(unit: Unit, deps: Dependencies, operation: Operation, plan: Plan) -> Operation:
    unit.ledger.lock(operation.reseller_id)  # a top-up between the look and the hold would wake nobody
    waiting = [item for item in unit.journal.queued(operation.reseller_id) if item.id != operation.id]
    funded = None if waiting else take_hold(unit, operation)
    if funded is None:
        if not plan.queue_without_credit:
            available = unit.ledger.wallet(operation.reseller_id).available
            raise Refusal(
                "insufficient_credit",
                f"{operation.verb.value} costs {operation.price} credits, {available} are available"
                + (f" and {len(waiting)} older orders wait for credit" if waiting else ""),
                advice="Top up the reseller's credits, then repeat; nothing was sent to the panel.",
            )
        funded = replace(operation, state=OperationState.QUEUED, due_at=None)
    if not unit.journal.save(funded, was=operation):
        msg = f"operation {operation.id} changed while its own transaction was open"
        raise RuntimeError(msg)
    if funded.state is OperationState.QUEUED and operation.verb is Verb.EXTEND:
        _tell_waiting(unit, funded, deps.clock())
    return funded


def _tell_waiting(unit: Unit, renewal: Operation, now: datetime) -> None:
    """Billing takes a renewal for done once it is durable, so nothing but this shows that it waits."""
    unit.attention.raise_item(
        AttentionItem(
            id=AttentionId(0),
            code="waits_for_credit",
            subject=Subject(kind=SubjectKind.SUBSCRIPTION, id=renewal.subscription_id),
            message=f"the paid renewal of service {renewal.service_id} waits for {renewal.price} credits",
            advice="Top up: it then runs by itself, oldest first. Until then the account may expire.",
            opened_at=now,
            operation_id=renewal.id,
            panel_id=renewal.panel_id,
        )
    )


def take_hold(unit: Unit, operation: Operation) -> Operation | None:
    """``operation`` with its hold, or ``None`` when credit lacks. The price is the quoted one."""
    try:
        hold = unit.ledger.hold(
            operation.reseller_id,
            operation.price,
            key=f"operation:{operation.id}",
            actor=operation.actor,
            context=ledger_context(operation),
        )
    except InsufficientCredit:
        return None
    return replace(operation, hold=hold.id)


def wake_queued(unit: Unit, deps: Dependencies, reseller: ResellerId) -> tuple[OperationId, ...]:
    """Fund what waits for credit, strictly oldest first; called in the transaction that freed the credit."""
    woken: list[OperationId] = []
    unit.ledger.lock(reseller)
    for waiting in unit.journal.queued(reseller):
        funded = take_hold(unit, waiting)
        if funded is None:
            break
        ready = replace(funded, state=OperationState.READY, due_at=deps.clock())
        if unit.journal.save(ready, was=waiting):
            unit.attention.resolve_of(ready.id, resolution="credit is there", actor=BRIDGE, at=deps.clock())
            woken.append(ready.id)
    return tuple(woken)


def ledger_context(operation: Operation) -> TransferContext:
    target = operation.target
    return TransferContext(
        subscription=operation.subscription_id,
        operation=operation.id,
        plan=f"{operation.plan_id}.{operation.plan_version}",
        term=str(operation.term),
        reason=operation.verb.value,
        period_from=target.period_from,
        period_to=target.entitled_until,
        note=target.note,
    )


def snapshot(subscription: Subscription) -> dict[str, str | int | None]:
    """Plan, dates and package as they are, so that a rollback can follow. Nothing secret."""
    return {
        "state": subscription.state.value,
        "plan": subscription.plan_id,
        "plan_version": subscription.plan_version,
        "term": str(subscription.term),
        "package": subscription.package,
        "connections": subscription.connections,
        "entitled_until": subscription.entitled_until.isoformat() if subscription.entitled_until else None,
        "panel_until": subscription.panel_until.isoformat() if subscription.panel_until else None,
        "revision": subscription.revision,
    }


def find_offer(unit: Unit, installation: Installation, code: str, term: Term) -> tuple[Plan, PlanTerm]:
    """The plan named ``code`` and its offer for ``term``. Raises ``Refusal``."""
    plan = unit.plans.named(installation.reseller_id, code)
    if plan is None or not plan.active:
        known = ", ".join(item.code for item in unit.plans.all(installation.reseller_id)) or "none"
        raise Refusal(
            "plan_unknown",
            f"there is no plan {_reported(code)}; plans: {known}",
            advice="Name one of the plans there are.",
            field="plan",
        )
    check_mode(unit, installation, plan)
    offer = plan.term(term)
    if offer is None:
        sold = ", ".join(str(item.term) for item in plan.terms)
        raise Refusal(
            "term_not_offered",
            f"plan {code!r} does not sell {term}; it sells {sold}",
            advice="Name a term the plan sells, or add this one to the plan.",
            field="term",
        )
    return plan, offer


def _reported(code: str) -> str:
    """What came, unless it is no code at all: a password or an address pasted into the wrong field."""
    return (
        repr(code)
        if _CODE.fullmatch(code)
        else f"of that name, which is no plan code ({len(code)} characters)"
    )


def check_mode(unit: Unit, installation: Installation, plan: Plan) -> None:
    panel = unit.panels.panel(plan.panel_id)
    if panel is None:
        raise Refusal("plan_unknown", f"plan {plan.code!r} has no panel", advice="Give the plan a panel.")
    if panel.practice != (installation.mode is Mode.TEST):
        kind = "practice" if panel.practice else "real"
        raise Refusal(
            "mode_mismatch",
            f"panel {panel.code!r} is a {kind} panel and the key is a {installation.mode.value} key",
            advice="Test keys reach practice panels only, live keys real panels only; use the other key.",
        )
    if not panel.writes_enabled:
        raise Refusal(
            "writes_off",
            f"writes to panel {panel.code!r} are switched off",
            advice="Review the reconciliation, then run: panelbridge panels writes on.",
        )


def need_subscription(unit: Unit, installation: Installation, service_id: int, verb: str) -> Subscription:
    """For those who only read. Raises ``Refusal``."""
    return _known(unit.subscriptions.of_service(installation.id, service_id), service_id, verb)


def lock_subscription(unit: Unit, installation: Installation, service_id: int, verb: str) -> Subscription:
    """For those who change it, or what is under way for it. Raises ``Refusal``."""
    return _known(unit.subscriptions.lock_of_service(installation.id, service_id), service_id, verb)


def _known(subscription: Subscription | None, service_id: int, verb: str) -> Subscription:
    if subscription is None:
        raise Refusal(
            "service_unknown",
            f"{verb}: service {service_id} was never created through this installation",
            advice="Run Create first, or adopt the panel's account.",
        )
    return subscription


def plan_of(unit: Unit, subscription: Subscription) -> Plan:
    """The version of the plan the subscription was sold under."""
    plan = unit.plans.plan(subscription.plan_id, subscription.plan_version)
    if plan is None:
        msg = f"plan {subscription.plan_id} version {subscription.plan_version} is gone"
        raise RuntimeError(msg)
    return plan
