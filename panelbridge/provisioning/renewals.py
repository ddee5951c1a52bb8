"""What a renewal buys, of which plan and at what price: in preview, in Intend, and when its turn comes."""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.contract.capabilities import Extend
from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.provisioning.commands import RenewCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.intend import plan_of
from panelbridge.provisioning.models import Asked, Operation
from panelbridge.provisioning.outlook import Outlook, at_its_turn, brings, outlook, sold_as
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import length_price, renewal_reprices, sold_connections
from panelbridge.provisioning.promise import within_promise
from panelbridge.subscriptions import Plan, Subscription


@dataclass(frozen=True, kw_only=True)
class Renewal:
    plan: Plan  # today's version
    length: Term
    connections: int | None
    package: str | None  # None = a length no package of the plan stands for
    price: Credits  # of the period it brings
    rest: Credits  # for the time that was left and gets the new plan or connections too
    asked: Asked

    @property
    def note(self) -> str | None:
        """Said with the operation; ``None`` when the price needs no explanation."""
        if not self.rest:
            return None
        return f"{self.rest} credits of it are for the time that was left, which is changed too"


def renewal_of(unit: Unit, deps: Dependencies, subscription: Subscription, command: RenewCommand) -> Renewal:
    """What ``command`` buys once what is under way has ended well. Raises ``Refusal``."""
    look = outlook(unit, subscription, deps.clock())
    asked = Asked(
        term=str(command.term) if command.term is not None else None,
        connections=command.connections,
        odd=command.by is not None,
        stored_change=command.by is None and look.subscription.next_change is not None,
        sold=sold_as(look.subscription),
    )
    return _quoted(unit, deps, look, asked, length=command.by, gift=command.gift)


def renewal_at_its_turn(
    unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription
) -> Operation:
    """The renewal as it is sent now that nothing is ahead of it. Raises ``Refusal``.

    The price it was admitted at holds where everything is as it was expected to be.
    """
    asked, target = operation.target.asked, operation.target
    if asked is None:
        return operation
    if asked.sold == sold_as(subscription) and not target.repriced and _as_stored(operation, subscription):
        return operation
    look = at_its_turn(unit, subscription, operation)
    length = Term.parse(target.add or "") if asked.odd else None
    renewal = _quoted(unit, deps, look, asked, length=length, gift=target.gift, as_of=operation)
    return within_promise(
        operation,
        look,
        renewal.price + renewal.rest,
        plan=renewal.plan,
        term=subscription.term if asked.odd else renewal.length,
        package=renewal.package,
        connections=renewal.connections,
        options=dict(renewal.plan.options),
        add=str(renewal.length),
        allow_restart=renewal.plan.allow_restart,
        repriced=renewal.rest.units,
    )


def _as_stored(operation: Operation, subscription: Subscription) -> bool:
    """Whether the stored change is the one it was admitted with, if with any."""
    if operation.target.asked is None or not operation.target.asked.stored_change:
        return True
    return subscription.next_change is not None and brings(operation, subscription.next_change)


def _quoted(
    unit: Unit,
    deps: Dependencies,
    look: Outlook,
    asked: Asked,
    *,
    length: Term | None,
    gift: bool,
    as_of: Operation | None = None,
) -> Renewal:
    """``length``: an admin's. ``as_of``: whose version of the plan was promised.

    Raises ``Refusal`` (``term_not_offered``, ``connections_not_sold``).
    """
    plan, term, connections = _sold(unit, look, asked, as_of)
    adds = deps.panels.capabilities(look.subscription.panel_id).extend is Extend.ADD
    package, price = _quote(plan, length or term, connections, adds=adds, odd=asked.odd)
    rest = Credits()
    if gift:
        price = Credits()
    elif not asked.odd:
        rest = renewal_reprices(unit, look, plan, term, price, connections)
    return Renewal(
        plan=plan,
        length=length or term,
        connections=connections,
        package=package,
        price=price,
        rest=rest,
        asked=asked,
    )


def _sold(unit: Unit, look: Outlook, asked: Asked, as_of: Operation | None) -> tuple[Plan, Term, int | None]:
    """Plan, term and connections of this renewal; the change that is stored for it comes first."""
    change = look.subscription.next_change
    if change is not None and asked.stored_change:
        plan = unit.plans.plan(change.plan_id, change.plan_version)
        if plan is not None:
            return plan, change.term, change.connections
    sold = plan_of(unit, look.subscription)
    promised = as_of is not None and as_of.plan_id == sold.id
    version = as_of.plan_version if as_of is not None and promised else None  # else today's
    plan = unit.plans.plan(sold.id, version) or sold
    term = Term.parse(asked.term) if asked.term is not None else look.subscription.term
    return plan, term, asked.connections or sold_connections(look, sold)


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
