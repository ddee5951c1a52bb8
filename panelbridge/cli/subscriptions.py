"""``panelbridge subscriptions``: looking at them. Changing them: ``subscription_verbs``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.choices import StateName
from panelbridge.cli.options import AsJson, Limit
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.acting import SubscriptionView
    from panelbridge.cli.bridge import Bridge

app = typer.Typer(no_args_is_help=True, help="The sold accounts: look, extend, suspend, reset, change, end.")
_HIDDEN = "***  (--show-password shows it)"

Named = Annotated[
    str,
    typer.Argument(
        metavar="SUBSCRIPTION",
        help="Its number, or INSTALLATION:SERVICE such as shop:501.",
        autocompletion=names.subscriptions,
    ),
]


@app.command("list")
def list_command(
    context: typer.Context,
    state: Annotated[StateName | None, typer.Option(help="Only in this state.")] = None,
    expiring: Annotated[
        str | None, typer.Option(metavar="7d|12h", help="Paid for at most so much longer, soonest first.")
    ] = None,
    installation: Annotated[
        str | None, typer.Option(help="Only of this shop.", autocompletion=names.installations)
    ] = None,
    panel: Annotated[
        str | None, typer.Option(help="Only on this panel.", autocompletion=names.panels)
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Go on after what the last page named.")] = 0,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List subscriptions, by number."""
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import installations_by_id

    screen = Screen(as_json=as_json)
    if expiring is not None and re.fullmatch(r"[1-9][0-9]{0,3}[hd]", expiring) is None:
        raise typer.BadParameter(f"{expiring!r} is not a length such as 7d or 12h", param_hint="--expiring")
    with open_bridge(context) as bridge:
        filters = {
            "state": state,
            "expiring_within": expiring,
            "installation": installation,
            "panel": panel,
        }
        found, more = _some(bridge, filters, after, limit)
        shops = installations_by_id(bridge)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("no.", "service", "state", "username", "plan", "paid until", "panel says", "panel"),
        (
            (
                item.id,
                f"{shops[item.installation_id].code}:{item.service_id}",
                _state(item),
                item.username,
                f"{item.plan} {item.term}",
                item.entitled_until,
                item.panel_until,
                item.panel,
            )
            for item in found
        ),
        empty="No subscription matches.",
        right=("no.",),
    )
    if more is not None:
        screen.hint(f"There are more: --after {more}, or a higher --limit.")


@app.command("show")
def show_command(
    context: typer.Context,
    named: Named,
    live: Annotated[bool, typer.Option("--live", help="Also ask the panel how it is now.")] = False,
    show_password: Annotated[
        bool, typer.Option("--show-password", help="In clear instead of stars.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one subscription: what the books know, what goes on, and, with --live, what the panel says."""
    from panelbridge.actions.acting import SubscriptionView
    from panelbridge.actions.connect_view import connect_view
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        with bridge.services.units.read() as unit:
            item = _subscription(bridge, unit, number)
            connect = connect_view(bridge.services, item, with_password=show_password)
            view = SubscriptionView.of(unit, item, with_password=show_password, connect=connect)
            open_now = list(unit.journal.unsettled(item.id))
            last = unit.journal.last(item.id)
        facts = [*subscription_facts(view, has_password=item.password is not None), *_suspensions(item)]
        if open_now:
            facts.append(("under way", "\n".join(_operation(one) for one in open_now)))
        elif last is not None:
            facts.append(("last operation", _operation(last)))
        seen = _live(bridge, item, screen) if live else None
    document = view.model_dump(mode="json")
    if screen.as_json:
        screen.json(document | ({"live": seen} if live else {}))
    screen.facts(facts, title=f"Subscription {view.id}")
    if seen is not None:
        screen.facts(list(seen.items()), title="The panel says now")


@app.command("usage")
def usage_command(context: typer.Context, named: Named, as_json: AsJson = False) -> None:
    """Show what its account was seen to use, one sample a day. An empty cell: not known."""
    from panelbridge.actions.subscriptions import show_usage
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.read(show_usage, number=subscription_number(bridge, named))
    if screen.as_json:
        screen.json(found.model_dump(mode="json"))
    screen.table(
        ("day", "last seen", "connections", "network", "player"),
        [
            (
                one.day,
                "never" if one.never_seen else one.last_seen,
                one.connections,
                one.network and one.network[:8],
                one.player,
            )
            for one in found.items
        ],
        empty="No sample yet: they are taken once a day while `serve` runs, where the panel reports it.",
    )


_LONGEST = 15  # digits of a row's id


def subscription_number(bridge: Bridge, named: str) -> int:
    """``17``, or ``shop:501``. Raises ``BadParameter`` and ``not_found``."""
    from panelbridge.actions.installations import installation_named
    from panelbridge.actions.problems import Problem

    code, colon, service = named.rpartition(":")
    if not service.isdecimal() or (colon and not code):
        raise typer.BadParameter(
            f"{named!r} is neither a number nor INSTALLATION:SERVICE, such as 17 or shop:501",
            param_hint="SUBSCRIPTION",
        )
    if len(service) > _LONGEST:
        raise Problem("not_found", f"There is no subscription {service}: no number is that large.")
    if not colon:
        return int(service)
    installation = bridge.read(installation_named, code=code)
    with bridge.services.units.read() as unit:
        found = unit.subscriptions.of_service(installation.id, int(service))
    if found is None:
        raise Problem("not_found", f"Service {service} of {code} was never created through this bridge.")
    return int(found.id)


def subscription_facts(view: SubscriptionView, *, has_password: bool) -> list[tuple[str, object]]:
    """What a person wants to know of a subscription. The password is starred unless ``view`` has it."""
    hidden = _HIDDEN if has_password else None
    facts: list[tuple[str, object]] = [
        ("service", view.service_id),
        ("state", _state(view)),
        ("username", view.username),
        ("password", view.password or hidden),
        ("plan", f"{view.plan} (version {view.plan_version}), term {view.term}"),
        ("package", view.package),
        ("connections", view.connections if view.connections is not None else "as the package says"),
        ("paid until", view.entitled_until),
        ("panel's expiry", view.panel_until),
        ("panel", f"{view.panel}, account {view.account_id or 'none yet'}"),
    ]
    facts += [(item.label.lower(), item.value or _HIDDEN) for item in view.connect]
    if view.mac:
        facts.append(("device", view.mac))
    if view.next_plan:
        facts.append(("from the next renewal", f"plan {view.next_plan}"))
    if view.cancelled_at:
        facts.append(("cancellation asked", view.cancelled_at))
    return facts


def _some(bridge: Bridge, filters: dict[str, Any], after: int, limit: int) -> tuple[list[Any], int | None]:
    from panelbridge.actions.subscriptions import SubscriptionQuery, list_subscriptions
    from panelbridge.cli.bridge import read_options

    found: list[Any] = []
    next_after: int | None = after
    while next_after is not None and len(found) < limit:
        query = read_options(
            SubscriptionQuery, after=next_after, limit=min(500, limit - len(found)), **filters
        )
        page = bridge.read(list_subscriptions, query=query)
        found.extend(page.items)
        next_after = page.next
    return found, next_after


def _subscription(bridge: Bridge, unit: Any, number: int) -> Any:
    from panelbridge.actions.problems import Problem
    from panelbridge.subscriptions import SubscriptionId

    del bridge
    found = unit.subscriptions.subscription(SubscriptionId(number))
    if found is None:
        raise Problem("not_found", f"There is no subscription {number}.")
    return found


def _live(bridge: Bridge, item: Any, screen: Screen) -> dict[str, object]:
    from panelbridge.contract.exceptions import PanelError
    from panelbridge.contract.models import Absent, Found
    from panelbridge.transport import deadline

    if item.account_id is None:
        return {"account": "none was made yet"}
    ref = bridge.services.provisioner.account_ref(item)
    try:
        with screen.working("asking the panel"), deadline(bridge.config.answer_budget):
            answer = bridge.services.panels.adapter(item.panel_id).get(ref)
    except PanelError as error:
        return {"account": f"not known now: {error.message}"}
    match answer:
        case Found(account=account):
            expires = "never" if account.never_expires else account.expires_at
            return {
                "state": account.state.value,
                "username": account.username,
                "expires": expires,
                "package": account.package,
                "connections": account.connections,
            }
        case Absent(proof=proof):
            return {"account": f"does not exist there ({proof})"}
        case unknown:
            return {"account": f"not known now: {unknown.cause}"}


def _suspensions(item: Any) -> list[tuple[str, object]]:
    lines = [
        f"{one.reason.value}, set by {one.owner} on {one.at:%Y-%m-%d %H:%M} UTC"
        + (f": {one.note}" if one.note else "")
        for one in item.suspensions
    ]
    return [("suspended for", "\n".join(lines))] if lines else []


def _operation(operation: Any) -> str:
    said = f": {operation.message}" if operation.message else ""
    return (
        f"{operation.id} {operation.verb.value}, {operation.state.value}, "
        f"{operation.admitted_at:%Y-%m-%d %H:%M} UTC, by {operation.actor}{said}"
    )


def _state(item: SubscriptionView) -> str:
    return f"{item.state} ({', '.join(item.suspensions)})" if item.suspensions else item.state
