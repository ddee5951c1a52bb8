"""What a term costs: the plan's price for it, and each connection above the plan's."""

from __future__ import annotations

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.subscriptions.plans import Plan, PlanTerm

_DAYS_A_MONTH = 30  # only for pricing odd lengths in days; dates always use calendar months


class ConnectionsNotSold(ValueError):
    """More connections than the plan has, and the plan says no price for them; the message names both."""


def extra_connections(plan: Plan, connections: int | None) -> int:
    """Connections above those the plan comes with; where the package says how many, that is taken as one."""
    included = plan.connections or 1
    return max(0, (connections or included) - included)


def quote(plan: Plan, offer: PlanTerm, connections: int | None) -> Credits:
    """Price of one term, in credits. Raises ``ConnectionsNotSold``."""
    extra = extra_connections(plan, connections)
    if not extra:
        return offer.price
    if offer.extra_connection is None:
        raise ConnectionsNotSold(
            f"{connections} connections were asked for; plan {plan.code!r} has {plan.connections or 1}"
            " and no price for more"
        )
    return offer.price + offer.extra_connection * extra


def quote_length(plan: Plan, length: Term, connections: int | None) -> Credits | None:
    """Price of any length: the offer for it, else whole months or days at the monthly rate.

    ``None`` when the plan sells neither this length nor a month to derive it from.
    Raises ``ConnectionsNotSold``.
    """
    offer = plan.term(length)
    if offer is not None:
        return quote(plan, offer, connections)
    month = plan.term(Term(months=1))
    if month is None:
        return None
    rate = quote(plan, month, connections)
    if length.months:
        return rate * length.months
    return Credits(units=-(-rate.units * length.days // _DAYS_A_MONTH))
