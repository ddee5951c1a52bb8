"""What a renewal buys, of which plan and at what price: the preview and the quote in Intend alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from panelbridge.capabilities import Extend
from panelbridge.ledger import Credits
from panelbridge.lifecycle import Anchor, SubscriptionState, renewal_start
from panelbridge.models import Term
from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.intend import plan_of
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import length_price, renewal_reprices, sold_connections
from panelbridge.provisioning.wishes import RenewWish
from panelbridge.subscriptions import Plan, Subscription


@dataclass(frozen=True, kw_only=True)
class Renewal:
    plan: Plan  # today's version
    length: Term
    connections: int | None
    package: str | None  # None = a length no package of the plan stands for
    price: Credits  # of the period it brings
    rest: Credits  # for the time that was left and gets the new plan or connections too

    @property
    def note(self) -> str | None:
        """Said with the operation; ``None`` when the price needs no explanation."""
        if not self.rest:
            return None
        return f"{self.rest} credits of it are for the time that was left, which is changed too"


def renewal_of(unit: Unit, desk: Desk, subscription: Subscription, wish: RenewWish) -> Renewal:
    """Raises ``Refusal`` (``term_not_offered``, ``connections_not_sold``)."""
    plan, length, connections = _sold(unit, subscription, wish)
    adds = desk.panels.capabilities(subscription.panel_id).extend is Extend.ADD
    package, price = _quote(plan, length, connections, adds=adds, odd=wish.by is not None)
    rest = Credits()
    if wish.gift:
        price = Credits()
    elif wish.by is None:
        rest = renewal_reprices(unit, subscription, plan, length, price, connections, now=desk.clock())
    return Renewal(plan=plan, length=length, connections=connections, package=package, price=price, rest=rest)


def renews_from(subscription: Subscription, now: datetime, grace_hours: int) -> Anchor:
    """What a renewal counts from: the paid date, in grace as well; else now."""
    anchor = subscription.anchor
    now = now.replace(microsecond=0)  # panels keep whole seconds
    if anchor is None:
        return Anchor(start=now)
    in_grace = subscription.state is SubscriptionState.ACTIVE and now <= anchor.until + timedelta(
        hours=grace_hours
    )
    return renewal_start(anchor, now, keeps_gap=in_grace)


def _sold(unit: Unit, subscription: Subscription, wish: RenewWish) -> tuple[Plan, Term, int | None]:
    """Plan (today's version), length and connections of this renewal; a stored change comes first."""
    change = subscription.next_change
    if change is not None and wish.by is None:
        plan = unit.subscriptions.plan(change.plan_id, change.plan_version)
        if plan is not None:
            return plan, change.term, change.connections
    sold = plan_of(unit, subscription)
    today = unit.subscriptions.plan(sold.id) or sold
    length = wish.by or wish.term or subscription.term
    return today, length, wish.connections or sold_connections(unit, subscription, sold)


def _quote(
    plan: Plan, length: Term, connections: int | None, *, adds: bool, odd: bool
) -> tuple[str | None, Credits]:
    offer = plan.term(length)
    price = length_price(plan, length, connections)
    if price is None or (offer is None and (adds or not odd)):
        sold = ", ".join(str(item.term) for item in plan.terms)
        raise Refusal(
            "term_not_offered",
            f"plan {plan.code!r} cannot extend by {length}; it sells {sold}",
            advice="Extend by a length the plan sells (this panel can only add what its packages hold)."
            if adds
            else "Add the term to the plan.",
            field="by" if odd else "term",
        )
    return (offer.package if offer else None), price
