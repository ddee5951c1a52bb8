"""What a verb on a subscription would mean: dates and prices, said before it is asked for."""

from __future__ import annotations

from datetime import datetime

from panelbridge.actions.acting import visible_subscription
from panelbridge.actions.context import Context
from panelbridge.actions.subscriptions import Change
from panelbridge.actions.wording import in_connections, in_credits
from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.lifecycle import add_term
from panelbridge.provisioning import RenewCommand
from panelbridge.provisioning.flow.intend import find_offer
from panelbridge.provisioning.outlook import outlook, renews_from
from panelbridge.provisioning.pricing import quote_change
from panelbridge.provisioning.renewals import renewal_of
from panelbridge.subscriptions import Installation, Subscription


def subscription_of(context: Context, *, number: int) -> Subscription:
    """Raises ``not_found``."""
    return visible_subscription(context, context.unit, number)[0]


def extension_counts_from(context: Context, *, number: int) -> datetime:
    """The moment from which an extension of the subscription counts. Raises ``not_found``."""
    return _counts_from(context, subscription_of(context, number=number))


def extension_means(
    context: Context, *, number: int, length: Term, own_length: bool, gift: bool = False
) -> str:
    """Dates and price of an extension; ``own_length``: not that of its plan. Raises ``Refusal``."""
    unit, item = context.unit, subscription_of(context, number=number)
    start = _counts_from(context, item)
    until = add_term(start, length)
    change = None if own_length else item.next_change  # a stored change is bought by the next renewal
    command = RenewCommand(
        installation=_shop_of(context, item),
        service_id=item.service_id,
        actor="preview",
        fact="preview",
        by=length if own_length else None,
        gift=gift,
    )
    renewal = renewal_of(unit, context.services.provisioner.deps, item, command)
    left = unit.ledger.wallet(item.reseller_id).available
    moves = (
        f" It gets plan {renewal.plan.code}, as was stored for this renewal." if change is not None else ""
    )
    price = "It is a gift and costs nothing." if gift else _costs(renewal.price + renewal.rest, left)
    if renewal.note is not None:
        price = f"{price} ({renewal.note}.)"
    return (
        f"{about(item)}\n"
        f"It is extended by {length}, from {start:%Y-%m-%d} to {until:%Y-%m-%d} (UTC).{moves}\n"
        f"{price} The billing system's due date stays as it is."
    )


def change_means(context: Context, *, number: int, body: Change) -> str:
    """What a change now does at this panel, and its price. Raises ``Refusal``."""
    unit, item = context.unit, subscription_of(context, number=number)
    deps = context.services.provisioner.deps
    term = Term.parse(body.term) if body.term else item.term
    plan, offer = find_offer(unit, _shop_of(context, item), body.plan, term)
    look = outlook(unit, item, context.now)
    quote = quote_change(unit, deps.panels, look, plan, offer, body.connections)
    left = unit.ledger.wallet(item.reseller_id).available
    how = (
        "This panel sells packages whole: it is a full purchase there, and the price is that of a full term."
        if quote.purchase
        else "The price is for all the time that is paid and not used yet; a downgrade returns nothing."
    )
    return (
        f"{about(item)}\n"
        f"It gets plan {plan.code}, package {offer.package}, {in_connections(quote.connections)}. {how}\n"
        f"{_costs(quote.price, left)}"
    )


SUSPENDED = (
    "The customer cannot use it until the reason {reason} is lifted. The billing system is not notified."
)
RESET = "The customer's password stops working. WHMCS does not get the new one: press Refresh there."
TERMINATED = (
    "The account is deleted at the panel. There is no way back, and no credits come back.\n"
    "The billing system is not notified."
)


def about(item: Subscription) -> str:
    """Which one it is, before what happens to it."""
    return f"Subscription {item.id}: service {item.service_id}, user {item.username or 'none yet'}."


def _counts_from(context: Context, item: Subscription) -> datetime:
    plan = context.unit.plans.plan(item.plan_id)
    return renews_from(item, context.now, plan.grace_hours if plan else 0).until


def _shop_of(context: Context, item: Subscription) -> Installation:
    shop = context.unit.installations.installation(item.installation_id)
    if shop is None:
        raise LookupError(f"subscription {item.id} has no installation")
    return shop


def _costs(price: Credits, available: Credits) -> str:
    return f"It costs {in_credits(price)}; {in_credits(available)} available."
