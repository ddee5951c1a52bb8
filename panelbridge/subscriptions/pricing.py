"""What a term costs: the plan's price for it, and each connection above the plan's."""

from __future__ import annotations

from panelbridge.ledger import Credits
from panelbridge.models import Term
from panelbridge.subscriptions.models import Plan, PlanTerm

_DAYS_A_MONTH = 30  # only for pricing odd lengths in days; dates always use calendar months


def quote(plan: Plan, offer: PlanTerm, connections: int | None) -> Credits:
    """Price of one term, in credits."""
    included = plan.connections or 1
    extra = max(0, (connections or included) - included)
    return offer.price + offer.extra_connection * extra


def quote_length(plan: Plan, length: Term, connections: int | None) -> Credits | None:
    """Price of any length: the offer for it, else whole months or days at the monthly rate.

    ``None`` when the plan sells neither this length nor a month to derive it from.
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
