"""What an operation costs: the plan's price for what comes, and what was paid for all that is left.

The periods and what was paid for each are read from the journal here and handed to the rule as a list.
"""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.contract.capabilities import PackageWrite
from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.lifecycle import PaidPeriod, after_change, change_charge
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.outlook import Outlook
from panelbridge.provisioning.port import Panels, Unit
from panelbridge.subscriptions import Plan, PlanId, PlanTerm, Subscription
from panelbridge.subscriptions.pricing import ConnectionsNotSold, extra_connections, quote, quote_length


def term_price(plan: Plan, offer: PlanTerm, connections: int | None) -> Credits:
    """Price of one term. Raises ``Refusal`` (``connections_not_sold``)."""
    try:
        return quote(plan, offer, connections)
    except ConnectionsNotSold as error:
        raise _not_sold(error) from None


def length_price(plan: Plan, length: Term, connections: int | None) -> Credits | None:
    """As ``quote_length``. Raises ``Refusal`` (``connections_not_sold``)."""
    try:
        return quote_length(plan, length, connections)
    except ConnectionsNotSold as error:
        raise _not_sold(error) from None


def change_price(
    unit: Unit,
    look: Outlook,
    plan: Plan,
    offer: PlanTerm,
    connections: int | None,
    *,
    purchase: bool = False,
) -> Credits:
    """What a change now costs: the full price for a purchase, else for all that is paid and unused.

    What the service has already costs nothing, though a month that began today is shorter than the one that
    was priced. Raises ``Refusal`` (``connections_not_sold``).
    """
    full = term_price(plan, offer, connections)
    if is_there(look.subscription, plan.id, offer.term, offer.package, connections):
        return Credits()
    if purchase:
        return full
    periods = paid_periods(unit, look)
    if not periods:
        return full  # nothing is known of what was paid
    return Credits(units=change_charge(periods, price=full.units, term=offer.term, now=look.now))


@dataclass(frozen=True, kw_only=True)
class ChangeQuote:
    """What a change now would be at the panel, and its price."""

    price: Credits
    connections: int | None  # None: as the package says
    purchase: bool  # the panel sells it as a whole package


def quote_change(
    unit: Unit, panels: Panels, look: Outlook, plan: Plan, offer: PlanTerm, wanted: int | None = None
) -> ChangeQuote:
    """The one quote: for the order itself, and for whoever asks beforehand what it would cost.

    ``wanted``: connections, where somebody named a number. Raises ``Refusal`` (``connections_not_sold``).
    """
    whole = bought_whole(panels, look, plan, offer)
    connections = connections_after(unit, look, plan, offer, wanted)
    price = change_price(unit, look, plan, offer, connections, purchase=whole)
    return ChangeQuote(price=price, connections=connections, purchase=whole)


def bought_whole(panels: Panels, look: Outlook, plan: Plan, offer: PlanTerm) -> bool:
    """Whether the panel sells that change as a full purchase of the package."""
    sells_whole = panels.capabilities(plan.panel_id).change_package is PackageWrite.PURCHASE
    return sells_whole and offer.package != look.subscription.package


def is_there(
    subscription: Subscription, plan: PlanId, term: Term, package: str | None, connections: int | None
) -> bool:
    """Whether a change to these would change nothing: such a one is free."""
    wanted = (plan, term, package)
    there = (subscription.plan_id, subscription.term, subscription.package)
    return wanted == there and connections in (None, subscription.connections)


def renewal_reprices(
    unit: Unit, look: Outlook, plan: Plan, length: Term, price: Credits, connections: int | None
) -> Credits:
    """What a renewal costs beside its own period, because the time that is left gets what it brings, too.

    Nothing where it brings no other plan and no more connections: a plan's new price is for new periods.
    """
    sold = unit.plans.plan(look.subscription.plan_id, look.subscription.plan_version)
    if sold is None:
        return Credits()
    more = extra_connections(plan, connections) > extra_connections(sold, sold_connections(look, sold))
    if plan.id == sold.id and not more:
        return Credits()
    periods = paid_periods(unit, look)
    return Credits(units=change_charge(periods, price=price.units, term=length, now=look.now))


def connections_after(
    unit: Unit, look: Outlook, plan: Plan, offer: PlanTerm, wanted: int | None
) -> int | None:
    """Connections after a change: those asked for, else the plan's and the extra ones that were bought.

    A plan that sells no extra connections takes none over.
    """
    if wanted is not None:
        return wanted
    sold = unit.plans.plan(look.subscription.plan_id, look.subscription.plan_version)
    bought = extra_connections(sold, sold_connections(look, sold)) if sold is not None else 0
    if not bought or offer.extra_connection is None:
        return plan.connections
    return (plan.connections or 1) + bought


def sold_connections(look: Outlook, plan: Plan) -> int | None:
    """Connections the service was sold with; what a package says by itself was not sold as extra."""
    if plan.connections is not None:
        return look.subscription.connections
    return look.priced[-1].target.connections if look.priced else None


def paid_periods(unit: Unit, look: Outlook) -> tuple[PaidPeriod, ...]:
    """Every period of this generation with what was paid for it; one under way counts as paid."""
    periods: tuple[PaidPeriod, ...] = ()
    for operation in look.priced:
        periods = _booked(unit, periods, operation)
    return periods


def _booked(unit: Unit, periods: tuple[PaidPeriod, ...], operation: Operation) -> tuple[PaidPeriod, ...]:
    """``periods`` after ``operation``: what it re-priced, then what it brought."""
    target, paid = operation.target, _paid(operation)
    brings = target.period_from is not None and target.entitled_until is not None
    for_the_rest = min(paid, target.repriced) if brings else paid
    if for_the_rest and (plan := unit.plans.plan(operation.plan_id, operation.plan_version)):
        price = quote_length(plan, operation.term, target.connections)
        periods = after_change(
            periods,
            price=price.units if price is not None else 0,
            term=operation.term,
            now=operation.admitted_at,
            charge=for_the_rest,
        )
    if target.period_from is None or target.entitled_until is None:
        return periods
    length = Term.parse(target.add) if target.add else operation.term
    brought = PaidPeriod.of(
        length,
        start=target.period_from,
        until=target.entitled_until,
        paid=paid - for_the_rest,
        gift=target.gift,
    )
    return (*periods, brought)


def _paid(operation: Operation) -> int:
    charged = (operation.after or {}).get("charged")
    return Credits.parse(charged).units if isinstance(charged, str) else operation.cost.units


def _not_sold(error: ConnectionsNotSold) -> Refusal:
    return Refusal(
        "connections_not_sold",
        str(error),
        advice="Order the plan's own connections, or give the plan a price for extra ones (0 = included).",
        field="connections",
    )
