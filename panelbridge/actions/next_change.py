"""A plan change stored for the next renewal: stored, visible in the subscription, withdrawn."""

from __future__ import annotations

from panelbridge.actions.acting import SubscriptionView, visible_subscription
from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Code
from panelbridge.actions.plans import TermText
from panelbridge.actions.subscriptions import Connections
from panelbridge.contract.models import Term
from panelbridge.provisioning import ChangeCommand


class LaterChange(Body):
    """The plan it shall have from the next renewal on."""

    plan: Code
    term: TermText | None = None
    connections: Connections | None = None


def store_next_change(context: Context, body: LaterChange, number: int) -> SubscriptionView:
    """Store a plan change for the next renewal; it replaces one stored before."""
    with context.services.units.read() as unit:
        subscription, installation = visible_subscription(context, unit, number)
    command = ChangeCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term) if body.term is not None else subscription.term,
        connections=body.connections,
        when="next_period",
    )
    stored = context.services.provisioner.change_later(command)
    with context.services.units.read() as unit:
        return SubscriptionView.of(unit, stored)


def withdraw_next_change(context: Context, number: int) -> SubscriptionView:
    """Withdraw the change stored for the next renewal."""
    with context.services.units.read() as unit:
        subscription, installation = visible_subscription(context, unit, number)
    stored = context.services.provisioner.withdraw_change(installation, subscription.service_id)
    with context.services.units.read() as unit:
        return SubscriptionView.of(unit, stored)
