"""What every action on a subscription shares: finding it, and telling what became of the operation."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import Field

from panelbridge.actions.connect_view import ConnectView, connect_view
from panelbridge.actions.context import Context
from panelbridge.actions.fields import View
from panelbridge.actions.outage import AWAY
from panelbridge.actions.outcome import check_outcome
from panelbridge.actions.problems import Problem
from panelbridge.actions.refusals import SOON
from panelbridge.ledger import Credits
from panelbridge.provisioning import Operation, Reply
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Installation, Subscription, SubscriptionId


class SubscriptionView(View):
    """A subscription, as the books know it."""

    id: int
    installation_id: int
    service_id: int
    reseller_id: int
    panel: str | None
    plan: str | None
    plan_version: int
    term: str
    state: str
    generation: int
    revision: int
    created_at: datetime
    package: str
    entitled_until: datetime | None
    panel_until: datetime | None = Field(description="the expiry read from the panel")
    account_id: str | None
    username: str | None
    password: str | None = Field(default=None, repr=False, description="only in the answer that made it")
    connect: tuple[ConnectView, ...] = Field(
        default=(), description="how the customer connects; only where one subscription is shown"
    )
    connections: int | None
    mac: str | None
    suspensions: tuple[str, ...]
    next_plan: str | None = Field(description="plan of a change stored for the next renewal")
    cancelled_at: datetime | None

    @classmethod
    def of(
        cls,
        unit: Unit,
        item: Subscription,
        *,
        with_password: bool = False,
        connect: tuple[ConnectView, ...] = (),
    ) -> Self:
        """What is shown of ``item``."""
        plan = unit.plans.plan(item.plan_id, item.plan_version)
        panel = unit.panels.panel(item.panel_id)
        change = item.next_change
        later = unit.plans.plan(change.plan_id, change.plan_version) if change else None
        password = item.password if with_password else None
        return cls(
            id=item.id,
            installation_id=item.installation_id,
            service_id=item.service_id,
            reseller_id=item.reseller_id,
            panel=panel.code if panel else None,
            plan=plan.code if plan else None,
            plan_version=item.plan_version,
            term=str(item.term),
            state=item.state.value,
            generation=item.generation,
            revision=item.revision,
            created_at=item.created_at,
            package=item.package,
            entitled_until=item.entitled_until,
            panel_until=item.panel_until,
            account_id=item.account_id,
            username=item.username,
            password=password.get_secret_value() if password is not None else None,
            connect=connect,
            connections=item.connections,
            mac=item.mac,
            suspensions=tuple(sorted(reason.value for reason in item.reasons)),
            next_plan=later.code if later else None,
            cancelled_at=item.cancelled_at,
        )


class OperationDetail(View):
    """An operation of the journal, without secrets."""

    id: int
    subscription_id: int
    service_id: int
    installation_id: int
    generation: int
    verb: str
    state: str
    outcome: str | None
    price: Credits
    term: str
    actor: str
    attempts: int
    admitted_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    code: str | None
    message: str | None
    advice: str | None
    field: str | None = Field(default=None, description="the field of the order that was refused")

    @classmethod
    def of(cls, item: Operation) -> Self:
        """What is shown of ``item``."""
        return cls(
            id=item.id,
            subscription_id=item.subscription_id,
            service_id=item.service_id,
            installation_id=item.installation_id,
            generation=item.generation,
            verb=item.verb.value,
            state=item.state.value,
            outcome=item.outcome.value if item.outcome else None,
            price=item.cost,
            term=str(item.term),
            actor=item.actor,
            attempts=item.attempts,
            admitted_at=item.admitted_at,
            due_at=item.due_at,
            settled_at=item.settled_at,
            code=item.code,
            message=item.message,
            advice=item.advice,
            field=item.field,
        )


class Acted(View):
    """What became of a request."""

    pending: bool
    waits_for: int | None = Field(description="id of the operation that is settled first")
    operation: OperationDetail
    subscription: SubscriptionView

    def is_pending(self) -> bool:
        return self.pending

    def kept(self) -> Self:
        """Without the password, and without what is as good as one."""
        shown = self.subscription
        connect = tuple(
            item.model_copy(update={"value": None}) if item.secret else item for item in shown.connect
        )
        subscription = shown.model_copy(update={"password": None, "connect": connect})
        return self.model_copy(update={"subscription": subscription})


def visible_subscription(context: Context, unit: Unit, number: int) -> tuple[Subscription, Installation]:
    """The subscription and its installation when the caller may see them. Raises ``not_found``."""
    own = context.caller.installation
    found = unit.subscriptions.subscription(SubscriptionId(number))
    if found is None or (own is not None and own.id != found.installation_id):
        raise Problem("not_found", f"There is no subscription {number}.")
    installation = unit.installations.installation(found.installation_id)
    if installation is None:
        raise LookupError(f"subscription {number} has no installation")
    return found, installation


def acted(context: Context, reply: Reply, *, with_password: bool = False) -> Acted:
    """The answer to a request. Raises ``Problem`` for a refused operation or one in attention."""
    check_outcome(reply.operation)
    try:
        return _shown(context, reply, with_password=with_password)
    except AWAY:
        number = reply.operation.id
        context.services.provisioner.promise(number)
        raise Problem(
            "storage_unreachable",
            f"This is stored as operation {number} and goes on by itself; the database server does not "
            "answer now.",
            retry_after=SOON,
            extra={"operation": number},
        ) from None


def _shown(context: Context, reply: Reply, *, with_password: bool) -> Acted:
    with context.services.units.read() as unit:
        subscription = unit.subscriptions.subscription(reply.operation.subscription_id)
        if subscription is None:
            raise LookupError(f"operation {reply.operation.id} has no subscription")
        shown = with_password and not reply.pending
        connect = connect_view(context.services, subscription, with_password=shown)
        view = SubscriptionView.of(unit, subscription, with_password=shown, connect=connect)
    return Acted(
        pending=reply.pending,
        waits_for=reply.waits_for,
        operation=OperationDetail.of(reply.operation),
        subscription=view,
    )
