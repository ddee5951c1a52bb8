"""From the journal to the answer of a module call."""

from __future__ import annotations

from typing import Any

from panelbridge.actions.caller import Caller
from panelbridge.actions.connect_view import connect_view
from panelbridge.actions.outage import AWAY
from panelbridge.actions.outcome import check_outcome, label_of
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import AccountState, Found, Outcome, PanelAccount
from panelbridge.contract.secret import readable
from panelbridge.provisioning import CreateCommand, Operation, OperationState, Reply
from panelbridge.provisioning.port import Unit
from panelbridge.service.services import Services
from panelbridge.subscriptions import Subscription
from panelbridge.transport import deadline
from whmcs_module_shim.module_calls.answer import AccountView, ModuleAnswer, OperationView, Result

LOOK_SECONDS = 5.0


def carry_out(
    services: Services, caller: Caller, command: CreateCommand, *, with_password: bool = False
) -> ModuleAnswer:
    """Submit ``command`` and tell how it ended. What is settled by now is found and told in one read."""
    with services.units.read() as unit:
        known = services.provisioner.known(unit, command)
        if known is not None:
            return _answer_of(services, unit, known, with_password=with_password)
    answer = services.provisioner.admit(command, budget=caller.budget)
    return render(services, answer, with_password=with_password)


def render(
    services: Services,
    answer: Reply,
    *,
    with_password: bool = False,
    data: dict[str, Any] | None = None,
) -> ModuleAnswer:
    """``success`` or ``pending``. Raises ``Problem`` for a refused operation or one in attention."""
    check_outcome(answer.operation)
    try:
        with services.units.read() as unit:
            return _answer_of(services, unit, answer, with_password=with_password, data=data)
    except AWAY:
        # It is stored and goes on; its account cannot be read now, and is told when the shop asks again.
        services.provisioner.promise(answer.operation.id)
        return ModuleAnswer(
            result=Result.PENDING,
            message=_pending_text(answer),
            operation=operation_view(answer.operation, waits_for=answer.waits_for),
            account=None,
            data=data,
        )


def _answer_of(
    services: Services,
    unit: Unit,
    answer: Reply,
    *,
    with_password: bool,
    data: dict[str, Any] | None = None,
) -> ModuleAnswer:
    operation = answer.operation
    check_outcome(operation)
    subscription = unit.subscriptions.subscription(operation.subscription_id)
    account = None
    if subscription is not None:
        account = account_view(services, unit, subscription, with_password=with_password)
    result = Result.PENDING if answer.pending else Result.SUCCESS
    message = _pending_text(answer) if answer.pending else _done_text(operation, account)
    return ModuleAnswer(
        result=result,
        message=message,
        operation=operation_view(operation, waits_for=answer.waits_for),
        account=account,
        data=data,
    )


def operation_view(operation: Operation, *, waits_for: int | None = None) -> OperationView:
    return OperationView(
        id=operation.id,
        verb=operation.verb.value,
        state=operation.state.value,
        outcome=operation.outcome.value if operation.outcome else None,
        waits_for=waits_for,
    )


def account_view(
    services: Services, unit: Unit, subscription: Subscription, *, with_password: bool = False
) -> AccountView:
    """The account as the journal knows it."""
    plan, panel = unit.plans.codes(subscription.plan_id, subscription.panel_id)
    shown = subscription.password if with_password else None
    return AccountView(
        username=subscription.username,
        password=readable(shown),
        state=subscription.state.value,
        expires_at=subscription.panel_until,
        entitled_until=subscription.entitled_until,
        suspensions=tuple(sorted(item.value for item in subscription.reasons)),
        plan=plan,
        term=str(subscription.term),
        package=subscription.package,
        connections=subscription.connections,
        panel=panel,
        account_id=subscription.account_id,
        connect=connect_view(services, subscription, with_password=with_password),
    )


def live_view(services: Services, subscription: Subscription, view: AccountView) -> AccountView:
    """``view`` with what the panel shows now; unchanged, ``live`` false, when it cannot be asked."""
    if subscription.account_id is None:
        return view
    account = look(services, subscription)
    if account is None:
        return view
    return view.model_copy(
        update={
            "state": "suspended" if account.state is AccountState.BANNED else account.state.value,
            "expires_at": account.expires_at,
            "username": account.username,
            "package": account.package or view.package,
            "connections": account.connections if account.connections is not None else view.connections,
            "known_at": services.clock(),
            "live": True,
        }
    )


def look(services: Services, subscription: Subscription) -> PanelAccount | None:
    """The account at the panel now; ``None`` when the panel cannot tell or shows none."""
    if subscription.account_id is None:
        return None
    ref = services.provisioner.account_ref(subscription)
    with deadline(LOOK_SECONDS):
        answer = services.panels.adapter(subscription.panel_id).get(ref)
    return answer.account if isinstance(answer, Found) else None


def lock_subscription(unit: Unit, caller: Caller, service_id: int) -> Subscription | None:
    """For who writes something about it in the same transaction."""
    return unit.subscriptions.lock_of_service(caller.require_installation().id, service_id)


def find_subscription(unit: Unit, caller: Caller, service_id: int) -> Subscription | None:
    return unit.subscriptions.of_service(caller.require_installation().id, service_id)


def _pending_text(answer: Reply) -> str:
    operation = answer.operation
    waits = f"; it waits for operation {answer.waits_for}" if answer.waits_for else ""
    if operation.state is OperationState.QUEUED:
        waits = "; it waits for credit and runs by itself after a top-up"
    why = f" ({operation.message})" if operation.message and operation.code else ""
    return f"{label_of(operation.verb)} is under way as operation {operation.id}{waits}{why}."


def _done_text(operation: Operation, account: AccountView | None) -> str:
    again = " already" if operation.outcome is Outcome.ALREADY else ""
    note = f" Note: {operation.message}." if operation.message else ""
    if operation.verb is Verb.TERMINATE:
        return f"The account is{again} gone.{note}"
    name = account.username if account and account.username else "The account"
    until = account.entitled_until if account else None
    paid = f" until {until.isoformat(' ')[:16]} UTC" if until else ""
    state = account.state if account else "unknown"
    return f"Account {name} is{again} {state}{paid}.{note}"
