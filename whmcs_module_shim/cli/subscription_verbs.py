"""The verbs of ``panelbridge subscriptions``. Each names an end state and goes through the journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.lifecycle import SuspensionReason
from whmcs_module_shim.cli.options import AsJson, Once, Yes
from whmcs_module_shim.cli.screen import Screen, in_credits
from whmcs_module_shim.cli.subscriptions import Named, app, subscription_number

if TYPE_CHECKING:
    from datetime import datetime

    from panelbridge.ledger import Credits
    from panelbridge.models import Term
    from panelbridge.subscriptions import Subscription
    from whmcs_module_shim.cli.bridge import Bridge

_DAY = timedelta(days=1)
ShowPassword = Annotated[bool, typer.Option("--show-password", help="Tell the new password in clear.")]
Plan = Annotated[str | None, typer.Argument(metavar="[PLAN]", help="Code of the plan it shall have.")]


@app.command("extend")
def extend_command(
    context: typer.Context,
    named: Named,
    note: Annotated[str, typer.Option(help="Why; it stays in the history.")],
    by: Annotated[
        str | None,
        typer.Option(metavar="1m|30d|DATE", help="Default: one term of its plan. DATE: until that day."),
    ] = None,
    once: Once = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Extend a subscription. It costs the plan's price for that length; says so and asks before."""
    from whmcs_module_shim.api import subscriptions
    from whmcs_module_shim.cli.acted import tell_acted
    from whmcs_module_shim.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        item = _loaded(bridge, number)
        length = _length(bridge, item, by)
        screen.confirm(_extension_means(bridge, item, length, own_length=by is not None), yes=yes)
        body = read_options(subscriptions.Extension, by=str(length) if by is not None else None, note=note)
        with screen.working(f"extending subscription {number}"):
            acted = bridge.act(subscriptions.extend_subscription, once=once, body=body, number=number)
        tell_acted(screen, bridge, acted)
    if once is None:
        screen.hint("Running this command again extends again; with --once KEY it would not.")


@app.command("suspend")
def suspend_command(
    context: typer.Context,
    named: Named,
    reason: Annotated[
        SuspensionReason, typer.Option(help="Paying lifts overdue only.")
    ] = SuspensionReason.MANUAL,
    note: Annotated[str, typer.Option(help="For whoever reads this later.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an account unusable, keeping it."""
    from whmcs_module_shim.api import subscriptions
    from whmcs_module_shim.cli.bridge import read_options

    body = read_options(subscriptions.Suspend, reason=reason.value, note=note)
    means = f"The customer cannot use it until the reason {reason.value} is lifted. Billing is not told."
    _act(context, named, subscriptions.suspend_subscription, means, yes=yes, as_json=as_json, body=body)


@app.command("unsuspend")
def unsuspend_command(
    context: typer.Context,
    named: Named,
    reason: Annotated[SuspensionReason | None, typer.Option(help="Lift this reason only.")] = None,
    owner: Annotated[
        str | None,
        typer.Option(help="Whose reasons; `subscriptions show` tells them. Default: the operator's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lift reasons of a suspension. The account works again when none remains."""
    from whmcs_module_shim.api import subscriptions
    from whmcs_module_shim.cli.bridge import read_options

    body = read_options(subscriptions.Unsuspend, reason=reason.value if reason else None, owner=owner)
    _act(context, named, subscriptions.unsuspend_subscription, None, yes=True, as_json=as_json, body=body)


@app.command("reset")
def reset_command(
    context: typer.Context,
    named: Named,
    show_password: ShowPassword = False,
    once: Once = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a new password work and the old one not."""
    from whmcs_module_shim.api import subscriptions
    from whmcs_module_shim.cli.bridge import read_options

    _act(
        context,
        named,
        subscriptions.reset_subscription,
        "The customer's password stops working. WHMCS is not told the new one: press Refresh there.",
        yes=yes,
        as_json=as_json,
        body=read_options(subscriptions.Reset),
        once=once,
        show_password=show_password,
    )


@app.command("terminate")
def terminate_command(
    context: typer.Context, named: Named, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Delete the account at the panel, and prove that it is gone."""
    from whmcs_module_shim.api import subscriptions

    _act(
        context,
        named,
        subscriptions.terminate_subscription,
        "The account is deleted at the panel. There is no way back, and no credits come back.\n"
        "The billing system is not told.",
        yes=yes,
        as_json=as_json,
    )


@app.command("change-package")
def change_command(
    context: typer.Context,
    named: Named,
    plan: Plan = None,
    term: Annotated[str | None, typer.Option(metavar="1m", help="Default: the term it has.")] = None,
    connections: Annotated[int | None, typer.Option(min=1, help="Default: the plan's.")] = None,
    when: Annotated[
        str, typer.Option(metavar="now|next", help="next: stored, done by the next renewal.")
    ] = "now",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Forget the change stored for later.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a subscription another plan of the same panel. Says the price and asks before."""
    from whmcs_module_shim.api import subscriptions
    from whmcs_module_shim.cli.bridge import open_bridge, read_options

    if when not in ("now", "next"):
        raise typer.BadParameter("say now or next", param_hint="--when")
    if withdraw != (plan is None):
        raise typer.BadParameter("name a plan, or say --withdraw", param_hint="PLAN")
    if withdraw or when == "next":
        _change_later(context, named, plan, term, connections, as_json=as_json)
        return
    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        from whmcs_module_shim.cli.acted import tell_acted

        number = subscription_number(bridge, named)
        body = read_options(subscriptions.Change, plan=plan, term=term, connections=connections)
        screen.confirm(_change_means(bridge, number, body), yes=yes)
        with screen.working(f"changing subscription {number}"):
            acted = bridge.act(subscriptions.change_subscription, body=body, number=number)
        tell_acted(screen, bridge, acted)


def _act(
    context: typer.Context,
    named: str,
    view: Any,
    means: str | None,
    *,
    yes: bool,
    as_json: bool,
    once: str | None = None,
    show_password: bool = False,
    **parts: Any,
) -> None:
    from whmcs_module_shim.cli.acted import tell_acted
    from whmcs_module_shim.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        item = _loaded(bridge, number)
        if means is not None:
            who = f"Subscription {number}: service {item.service_id}, user {item.username or 'none yet'}."
            screen.confirm(f"{who}\n{means}", yes=yes)
        with screen.working(f"subscription {number}"):
            acted = bridge.act(view, once=once, number=number, **parts)
        tell_acted(screen, bridge, acted, show_password=show_password)


def _change_later(
    context: typer.Context,
    named: str,
    plan: str | None,
    term: str | None,
    connections: int | None,
    *,
    as_json: bool,
) -> None:
    from whmcs_module_shim.api import next_change
    from whmcs_module_shim.cli.bridge import open_bridge, read_options
    from whmcs_module_shim.cli.subscriptions import subscription_facts

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        if plan is None:
            view = bridge.act(next_change.withdraw_next_change, number=number).answer
            title = "Withdrawn: the next renewal keeps the plan"
        else:
            body = read_options(next_change.LaterChange, plan=plan, term=term, connections=connections)
            view = bridge.act(next_change.store_next_change, number=number, body=body).answer
            title = f"Stored: the next renewal buys plan {plan}; nothing is charged before"
    screen.answer(view, *subscription_facts(view, has_password=True), title=title)


def _loaded(bridge: Bridge, number: int) -> Subscription:
    from whmcs_module_shim.api.acting import visible_subscription

    def look(call: Any) -> Subscription:
        return visible_subscription(call, call.unit, number)[0]

    return bridge.read(look)


def _length(bridge: Bridge, item: Subscription, by: str | None) -> Term:
    """The length meant. A date is so many days after what it counts from. Raises ``BadParameter``."""
    from panelbridge.models import Term
    from whmcs_module_shim.cli.typed import parse_moment

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
    """What a renewal counts from: the paid date, in grace as well; else now."""
    from panelbridge.lifecycle import SubscriptionState, renewal_start

    if item.anchor is None:
        return now
    with bridge.services.units.read() as unit:
        plan = unit.subscriptions.plan(item.plan_id)
    grace = timedelta(hours=plan.grace_hours if plan else 0)
    keeps = item.state is SubscriptionState.ACTIVE and now <= item.anchor.until + grace
    return renewal_start(item.anchor, now, keeps_gap=keeps).until


def _extension_means(bridge: Bridge, item: Subscription, length: Term, *, own_length: bool) -> str:
    from panelbridge.lifecycle import add_term
    from panelbridge.subscriptions.pricing import quote_length

    start = _counts_from(bridge, item, bridge.services.clock())
    until = add_term(start, length)
    change = None if own_length else item.next_change  # a stored change is bought by the next renewal
    with bridge.services.units.read() as unit:
        plan = (
            unit.subscriptions.plan(change.plan_id, change.plan_version)
            if change is not None
            else unit.subscriptions.plan(item.plan_id)
        )
        wallet = unit.ledger.wallet(item.reseller_id)
    connections = change.connections if change is not None else item.connections
    price = quote_length(plan, length, connections) if plan is not None else None
    moves = (
        f" It gets plan {plan.code}, as was stored for now."
        if change is not None and plan is not None
        else ""
    )
    return (
        f"Subscription {item.id}: service {item.service_id}, user {item.username or 'none yet'}.\n"
        f"It is extended by {length}, from {start:%Y-%m-%d} to {until:%Y-%m-%d} (UTC).{moves}\n"
        f"{_costs(price, wallet.available)} The billing system's due date stays as it is."
    )


def _change_means(bridge: Bridge, number: int, body: Any) -> str:
    from panelbridge.capabilities import PackageWrite
    from panelbridge.models import Term
    from panelbridge.provisioning.intend import find_offer
    from panelbridge.provisioning.verbs.change_package import change_price
    from whmcs_module_shim.cli.owners import installations_by_id

    item = _loaded(bridge, number)
    shop = installations_by_id(bridge)[int(item.installation_id)]
    desk = bridge.services.provisioner.desk
    with bridge.services.units.read() as unit:
        plan, offer = find_offer(unit, shop, body.plan, Term.parse(body.term) if body.term else item.term)
        sells = desk.panels.capabilities(plan.panel_id).change_package is PackageWrite.PURCHASE
        buys = sells and offer.package != item.package
        count = body.connections or plan.connections
        price = change_price(unit, desk, item, plan, offer, count, purchase=buys)
        left = unit.ledger.wallet(item.reseller_id).available
    how = (
        "This panel sells packages whole: it is a full purchase there, and the price is that of a full term."
        if buys
        else "The price is the difference for the unused time; a downgrade returns nothing."
    )
    return (
        f"Subscription {number}: service {item.service_id}, user {item.username or 'none yet'}.\n"
        f"It gets plan {plan.code}, package {offer.package}. {how}\n{_costs(price, left)}"
    )


def _costs(price: Credits | None, available: Credits) -> str:
    if price is None:
        return "The plan does not sell this length."
    return f"It costs {in_credits(price)}; {in_credits(available)} available."
