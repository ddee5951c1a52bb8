"""The verbs of ``panelbridge subscriptions``. Each names an end state and goes through the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.cli import names
from panelbridge.cli.choices import ReasonName
from panelbridge.cli.options import AsJson, Once, Yes
from panelbridge.cli.screen import Screen
from panelbridge.cli.subscriptions import Named, app, subscription_number
from panelbridge.cli.typed import parse_moment

if TYPE_CHECKING:
    from panelbridge.cli.bridge import Bridge
    from panelbridge.contract.models import Term

ShowPassword = Annotated[bool, typer.Option("--show-password", help="Show the new password in plain text.")]
Plan = Annotated[
    str | None,
    typer.Argument(metavar="[PLAN]", help="Code of the plan it shall have.", autocompletion=names.plans),
]


@app.command("extend")
def extend_command(
    context: typer.Context,
    named: Named,
    note: Annotated[str, typer.Option(help="Why; it stays in the history.")],
    by: Annotated[
        str | None,
        typer.Option(metavar="1m|30d|DATE", help="Default: one term of its plan. DATE: until that day."),
    ] = None,
    gift: Annotated[
        bool, typer.Option("--gift", help="Costs no credits, and counts nothing when a change is priced.")
    ] = False,
    once: Once = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Extend a subscription. It costs the plan's price for that length; says so and asks before."""
    from panelbridge.actions import consequences, subscriptions
    from panelbridge.cli.acted import tell_acted
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        length = _extension_length(bridge, number, by)
        if gift and by is None:
            raise typer.BadParameter("a gift names its length, such as 3d", param_hint="--by")
        means = bridge.read(
            consequences.extension_means, number=number, length=length, own_length=by is not None, gift=gift
        )
        screen.confirm(means, yes=yes)
        body = read_options(
            subscriptions.Extension, by=str(length) if by is not None else None, note=note, gift=gift
        )
        with screen.working(f"extending subscription {number}"):
            acted = bridge.act(subscriptions.extend_subscription, once=once, body=body, number=number)
        tell_acted(screen, bridge, acted)
    if once is None:
        screen.hint("Running this command again extends again; with --once KEY it would not.")


@app.command("suspend")
def suspend_command(
    context: typer.Context,
    named: Named,
    reason: Annotated[ReasonName, typer.Option(help="Paying lifts overdue only.")] = "manual",
    note: Annotated[str, typer.Option(help="For whoever reads this later.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make an account unusable, keeping it."""
    from panelbridge.actions import consequences, subscriptions
    from panelbridge.cli.bridge import read_options

    body = read_options(subscriptions.Suspend, reason=reason, note=note)
    means = consequences.SUSPENDED.format(reason=reason)
    _act(context, named, subscriptions.suspend_subscription, means, yes=yes, as_json=as_json, body=body)


@app.command("unsuspend")
def unsuspend_command(
    context: typer.Context,
    named: Named,
    reason: Annotated[ReasonName | None, typer.Option(help="Lift this reason only.")] = None,
    owner: Annotated[
        str | None,
        typer.Option(help="Whose reasons; `subscriptions show` lists them. Default: the operator's."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lift reasons of a suspension. The account works again when none remains."""
    from panelbridge.actions import subscriptions
    from panelbridge.cli.bridge import read_options

    body = read_options(subscriptions.Unsuspend, reason=reason, owner=owner)
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
    from panelbridge.actions import consequences, subscriptions
    from panelbridge.cli.bridge import read_options

    _act(
        context,
        named,
        subscriptions.reset_subscription,
        consequences.RESET,
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
    from panelbridge.actions import consequences, subscriptions

    _act(
        context,
        named,
        subscriptions.terminate_subscription,
        consequences.TERMINATED,
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
    from panelbridge.actions import consequences, subscriptions
    from panelbridge.cli.bridge import open_bridge, read_options

    if when not in ("now", "next"):
        raise typer.BadParameter("say now or next", param_hint="--when")
    if withdraw != (plan is None):
        raise typer.BadParameter("name a plan, or say --withdraw", param_hint="PLAN")
    if withdraw or when == "next":
        _change_later(context, named, plan, term, connections, as_json=as_json)
        return
    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        from panelbridge.cli.acted import tell_acted

        number = subscription_number(bridge, named)
        body = read_options(subscriptions.Change, plan=plan, term=term, connections=connections)
        screen.confirm(bridge.read(consequences.change_means, number=number, body=body), yes=yes)
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
    from panelbridge.actions import consequences
    from panelbridge.cli.acted import tell_acted
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        item = bridge.read(consequences.subscription_of, number=number)
        if means is not None:
            screen.confirm(f"{consequences.about(item)}\n{means}", yes=yes)
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
    from panelbridge.actions import next_change
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.subscriptions import subscription_facts

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        number = subscription_number(bridge, named)
        if plan is None:
            view = bridge.act(next_change.withdraw_next_change, number=number)
            title = "Withdrawn: the next renewal keeps the plan"
        else:
            body = read_options(next_change.LaterChange, plan=plan, term=term, connections=connections)
            view = bridge.act(next_change.store_next_change, number=number, body=body)
            title = f"Stored: the next renewal buys plan {plan}; nothing is charged before"
    screen.answer(view, *subscription_facts(view, has_password=True), title=title)


def _extension_length(bridge: Bridge, number: int, by: str | None) -> Term:
    """The length of an extension. A date is so many days after the one from which it counts."""
    from panelbridge.actions import consequences
    from panelbridge.contract.models import Term

    if by is None:
        item = bridge.read(consequences.subscription_of, number=number)
        return item.next_change.term if item.next_change is not None else item.term
    if by[-1:] in ("m", "d"):
        try:
            return Term.parse(by)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--by") from None
    wanted = parse_moment(by, bridge.services.clock(), option="--by")
    start = bridge.read(consequences.extension_counts_from, number=number)
    days = (wanted.date() - start.date()).days
    if days < 1:
        raise typer.BadParameter(
            f"{by} is not later than {start:%Y-%m-%d}, from which an extension counts", param_hint="--by"
        )
    return Term(days=days)
