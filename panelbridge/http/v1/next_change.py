"""A plan change stored for the next renewal: stored, visible in the subscription, withdrawn."""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions.fields import Body, Code
from panelbridge.contract.models import Term
from panelbridge.http.call import Call
from panelbridge.http.routes import Effect, Resource
from panelbridge.http.v1.acting import SubscriptionView, visible_subscription
from panelbridge.http.v1.plans import TermText
from panelbridge.http.v1.subscriptions import Connections
from panelbridge.provisioning import ChangeWish

resource = Resource(tag="subscriptions")

_PATH = "/v1/subscriptions/<int:number>/next-change"


class LaterChange(Body):
    """The plan it shall have from the next renewal on."""

    plan: Code
    term: TermText | None = None
    connections: Connections | None = None


@resource.write(
    "PUT",
    _PATH,
    scope=Scope.PROVISION,
    body=LaterChange,
    answer=SubscriptionView,
    effect=Effect.ACTS,
)
def store_next_change(call: Call, body: LaterChange, number: int) -> SubscriptionView:
    """Store a plan change for the next renewal; it replaces one stored before."""
    with call.services.units.read() as unit:
        subscription, installation = visible_subscription(call, unit, number)
    wish = ChangeWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term) if body.term is not None else subscription.term,
        connections=body.connections,
        when="next_period",
    )
    stored = call.services.provisioner.change_later(wish)
    with call.services.units.read() as unit:
        return SubscriptionView.of(unit, stored)


@resource.write("DELETE", _PATH, scope=Scope.PROVISION, answer=SubscriptionView, effect=Effect.ACTS)
def withdraw_next_change(call: Call, number: int) -> SubscriptionView:
    """Withdraw the change stored for the next renewal."""
    with call.services.units.read() as unit:
        subscription, installation = visible_subscription(call, unit, number)
    stored = call.services.provisioner.withdraw_change(installation, subscription.service_id)
    with call.services.units.read() as unit:
        return SubscriptionView.of(unit, stored)
