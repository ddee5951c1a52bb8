"""What a verb on a subscription would mean: dates and prices, said before it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from panelbridge.cli.screen import in_credits

if TYPE_CHECKING:
    from datetime import datetime

    from panelbridge.cli.bridge import Bridge
    from panelbridge.contract.models import Term
    from panelbridge.ledger import Credits
    from panelbridge.subscriptions import Subscription


def load_subscription(bridge: Bridge, number: int) -> Subscription:
    """Raises ``not_found``."""
    from panelbridge.actions.acting import visible_subscription

    def look(call: Any) -> Subscription:
        return visible_subscription(call, call.unit, number)[0]

    return bridge.read(look)


def length_meant(bridge: Bridge, item: Subscription, by: str | None) -> Term:
    """The length meant. A date is so many days after what it counts from. Raises ``BadParameter``."""
    from panelbridge.cli.typed import parse_moment
    from panelbridge.contract.models import Term

    if by is None:
        return item.next_change.term if item.next_change is not None else item.term
    if by[-1:] in ("m", "d"):
        try:
            return Term.parse(by)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--by") from None
    now = bridge.services.clock()
    wanted = parse_moment(by, now, option="--by")
    start = _counts_from(bridge, item, now)
    days = (wanted.date() - start.date()).days
    if days < 1:
        raise typer.BadParameter(
            f"{by} is not later than {start:%Y-%m-%d}, from which an extension counts", param_hint="--by"
        )
    return Term(days=days)


def _counts_from(bridge: Bridge, item: Subscription, now: datetime) -> datetime:
    from panelbridge.provisioning.outlook import renews_from

    with bridge.services.units.read() as unit:
        plan = unit.plans.plan(item.plan_id)
    return renews_from(item, now, plan.grace_hours if plan else 0).until


def extension_means(
    bridge: Bridge, item: Subscription, length: Term, *, own_length: bool, gift: bool = False
) -> str:
    """Dates and price of an extension. Raises ``Refusal``."""
    from panelbridge.cli.owners import installations_by_id
    from panelbridge.lifecycle import add_term
    from panelbridge.provisioning import RenewCommand
    from panelbridge.provisioning.renewals import renewal_of

    start = _counts_from(bridge, item, bridge.services.clock())
    until = add_term(start, length)
    change = None if own_length else item.next_change  # a stored change is bought by the next renewal
    command = RenewCommand(
        installation=installations_by_id(bridge)[int(item.installation_id)],
        service_id=item.service_id,
        actor="preview",
        fact="preview",
        by=length if own_length else None,
        gift=gift,
    )
    with bridge.services.units.read() as unit:
        renewal = renewal_of(unit, bridge.services.provisioner.deps, item, command)
        wallet = unit.ledger.wallet(item.reseller_id)
    moves = f" It gets plan {renewal.plan.code}, as was stored for now." if change is not None else ""
    price = (
        "It is a gift and costs nothing." if gift else _costs(renewal.price + renewal.rest, wallet.available)
    )
    if renewal.note is not None:
        price = f"{price} ({renewal.note}.)"
    return (
        f"Subscription {item.id}: service {item.service_id}, user {item.username or 'none yet'}.\n"
        f"It is extended by {length}, from {start:%Y-%m-%d} to {until:%Y-%m-%d} (UTC).{moves}\n"
        f"{price} The billing system's due date stays as it is."
    )


def change_means(bridge: Bridge, number: int, body: Any) -> str:
    """What a change now does at this panel, and its price. Raises ``Refusal``."""
    from panelbridge.cli.owners import installations_by_id
    from panelbridge.contract.models import Term
    from panelbridge.provisioning.flow.intend import find_offer
    from panelbridge.provisioning.outlook import outlook
    from panelbridge.provisioning.pricing import bought_whole, change_price, connections_after

    item = load_subscription(bridge, number)
    shop = installations_by_id(bridge)[int(item.installation_id)]
    deps = bridge.services.provisioner.deps
    with bridge.services.units.read() as unit:
        plan, offer = find_offer(unit, shop, body.plan, Term.parse(body.term) if body.term else item.term)
        look = outlook(unit, item, deps.clock())
        buys = bought_whole(deps.panels, look, plan, offer)
        count = connections_after(unit, look, plan, offer, body.connections)
        price = change_price(unit, look, plan, offer, count, purchase=buys)
        left = unit.ledger.wallet(item.reseller_id).available
    how = (
        "This panel sells packages whole: it is a full purchase there, and the price is that of a full term."
        if buys
        else "The price is for all the time that is paid and not used yet; a downgrade returns nothing."
    )
    return (
        f"Subscription {number}: service {item.service_id}, user {item.username or 'none yet'}.\n"
        f"It gets plan {plan.code}, package {offer.package}, {_connections(count)}. {how}\n"
        f"{_costs(price, left)}"
    )


def _connections(count: int | None) -> str:
    if count is None:
        return "connections as the package says"
    return f"{count} connection{'' if count == 1 else 's'}"


def _costs(price: Credits, available: Credits) -> str:
    return f"It costs {in_credits(price)}; {in_credits(available)} available."
