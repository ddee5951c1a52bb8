"""``panelbridge plans``: what resellers sell. A changed plan is a new version; what was sold stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.actions.wording import in_credits
from panelbridge.cli import names
from panelbridge.cli.options import AsJson, ResellerCode
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.plans import PlanView
    from panelbridge.cli.bridge import Bridge
    from panelbridge.ledger import Credits

app = typer.Typer(no_args_is_help=True, help="What is sold: a panel, terms, their packages and prices.")

Code = Annotated[str, typer.Argument(metavar="PLAN", autocompletion=names.plans)]
Title = Annotated[str | None, typer.Option(help="The name staff sees in WHMCS.")]
PanelCode = Annotated[
    str | None,
    typer.Option("--panel", help="Code of the panel its accounts are made on.", autocompletion=names.panels),
]
Terms = Annotated[
    list[str] | None,
    typer.Option(
        "--term",
        metavar="LENGTH=PACKAGE@PRICE",
        help="1m=12@1.5 sells one month as the panel's package 12 for 1.5 credits; @1.5+0.5 takes 0.5 "
        "for each extra connection. Repeat for more; the terms named replace all there were.",
    ),
]
Connections = Annotated[int | None, typer.Option(min=1, help="Connections included; default: the package's.")]
Options = Annotated[list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Of the backend.")]
Queue = Annotated[
    bool | None,
    typer.Option("--queue/--refuse", help="Without enough credit: wait for a top-up, or refuse (default)."),
]
Purchase = Annotated[
    bool | None,
    typer.Option("--allow-purchase/--no-purchase", help="A package change may be a full purchase there."),
]
Restart = Annotated[
    bool | None,
    typer.Option("--allow-restart/--no-restart", help="Such a purchase may restart the term."),
]
Grace = Annotated[int | None, typer.Option("--grace-hours", min=0, help="Past the paid date; default 48.")]
Active = Annotated[bool | None, typer.Option("--active/--retired", help="Retired: not sold any more.")]


@app.command("list")
def list_command(context: typer.Context, reseller: ResellerCode = None, as_json: AsJson = False) -> None:
    """List plans in their present version."""
    from panelbridge.actions import plans
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_codes

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.every(plans.list_plans, plans.PlanQuery, reseller=reseller)
        owners, panels = reseller_codes(bridge), _panel_codes(bridge)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("plan", "reseller", "title", "panel", "sells", "connections", "version", ""),
        (
            (
                item.code,
                owners.get(item.reseller_id),
                item.title,
                panels.get(item.panel_id),
                "\n".join(f"{offer.term}: {in_credits(offer.price)}" for offer in item.terms),
                item.connections or "package's",
                item.version,
                "" if item.active else "retired",
            )
            for item in found
        ),
        empty="There is no plan yet. Add one: panelbridge plans add CODE --panel CODE --term 1m=12@1.5",
        right=("version",),
    )


@app.command("show")
def show_command(
    context: typer.Context, code: Code, reseller: ResellerCode = None, as_json: AsJson = False
) -> None:
    """Show the present version of a plan."""
    from panelbridge.cli.bridge import open_bridge

    with open_bridge(context) as bridge:
        _show(Screen(as_json=as_json), bridge, _plan(bridge, code, reseller), "")


@app.command("add")
def add_command(
    context: typer.Context,
    code: Code,
    panel: PanelCode = None,
    term: Terms = None,
    title: Title = None,
    reseller: ResellerCode = None,
    connections: Connections = None,
    option: Options = None,
    queue: Queue = None,
    purchase: Purchase = None,
    restart: Restart = None,
    grace: Grace = None,
    as_json: AsJson = False,
) -> None:
    """Add a plan."""
    from panelbridge.actions.refused import Refused
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_meant

    if panel is None or not term:
        raise typer.BadParameter("a new plan needs --panel and at least one --term")
    given = _fields(panel, term, title or code.title(), connections, option, queue, purchase, restart, grace)
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        with bridge.services.units.read() as unit:
            known = unit.plans.named(owner.id, code)
        if known is not None:
            raise Refused(
                "code_taken",
                f"reseller {owner.code} has a plan {code} already",
                advice=f"Change it with `panelbridge plans set {code}`, or choose another code.",
            )
        screen = Screen(as_json=as_json)
        made = _put(screen, bridge, code, given | {"reseller": owner.code}, f"Added plan {code}")
        _tell_unfit(screen, bridge, made)


@app.command("set")
def set_command(
    context: typer.Context,
    code: Code,
    panel: PanelCode = None,
    term: Terms = None,
    title: Title = None,
    reseller: ResellerCode = None,
    connections: Connections = None,
    option: Options = None,
    queue: Queue = None,
    purchase: Purchase = None,
    restart: Restart = None,
    grace: Grace = None,
    active: Active = None,
    as_json: AsJson = False,
) -> None:
    """Change a plan; what is not named stays. What was sold keeps its price until it is renewed."""
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_meant

    given = _fields(panel, term, title, connections, option, queue, purchase, restart, grace)
    if active is not None:
        given["active"] = active
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        present = _plan(bridge, code, owner.code)
        kept = present.model_dump(mode="json", exclude={"id", "reseller_id", "code", "version", "panel_id"})
        kept |= {"reseller": owner.code, "panel": _panel_codes(bridge)[present.panel_id]}
        screen = Screen(as_json=as_json)
        made = _put(screen, bridge, code, kept | given, f"Plan {code}")
        if made.active and given.keys() & {"terms", "panel", "active"}:
            _tell_unfit(screen, bridge, made)
    if not as_json:
        same = made.version == present.version
        typer.echo("Nothing changed." if same else f"Version {made.version} is sold from now on.", err=True)


def parse_offer(text: str) -> dict[str, object]:
    """``1m=12@1.5+0.5`` as the resource's own offer. Raises ``BadParameter``."""
    from panelbridge.cli.typed import parse_credits

    length, sign, rest = text.partition("=")
    package, at, price = rest.rpartition("@")
    price, plus, extra = price.partition("+")
    if not (sign and at and length and package and price) or (plus and not extra):
        raise typer.BadParameter(
            f"{text!r} is not LENGTH=PACKAGE@PRICE, such as 1m=12@1.5; +0.5 or +included behind it says what "
            "each extra connection costs",
            param_hint="--term",
        )
    return {
        "term": length,
        "package": package,
        "price": parse_credits(price, option="--term"),
        "extra_connection": _extra(extra),
    }


def _extra(text: str) -> Any:
    """What an extra connection costs; ``None`` when the plan sells none."""
    from panelbridge.cli.typed import parse_credits

    if not text:
        return None
    return parse_credits("0" if text == "included" else text, option="--term")


def _fields(
    panel: str | None,
    term: list[str] | None,
    title: str | None,
    connections: int | None,
    option: list[str] | None,
    queue: bool | None,
    purchase: bool | None,
    restart: bool | None,
    grace: int | None,
) -> dict[str, Any]:
    from panelbridge.cli.typed import parse_pairs

    given = {
        "panel": panel,
        "terms": [parse_offer(text) for text in term] if term else None,
        "title": title,
        "connections": connections,
        "options": parse_pairs(option, option="--option") if option else None,
        "queue_without_credit": queue,
        "allow_purchase": purchase,
        "allow_restart": restart,
        "grace_hours": grace,
    }
    return {name: value for name, value in given.items() if value is not None}


def _plan(bridge: Bridge, code: str, reseller: str | None) -> PlanView:
    from panelbridge.actions import plans
    from panelbridge.cli.bridge import read_options
    from panelbridge.cli.owners import reseller_meant

    owner = reseller_meant(bridge, reseller)
    return bridge.read(plans.show_plan, query=read_options(plans.OwnerQuery, reseller=owner.code), code=code)


def _put(screen: Screen, bridge: Bridge, code: str, given: dict[str, Any], title: str) -> PlanView:
    from panelbridge.actions import plans
    from panelbridge.cli.bridge import read_options

    made = bridge.change(plans.put_plan, body=read_options(plans.WantedPlan, **given), code=code)
    _show(screen, bridge, made, title)
    return made


def _tell_unfit(screen: Screen, bridge: Bridge, made: PlanView) -> None:
    """The plan is kept; its first order would have to wait for a decision."""
    from panelbridge.actions.findings import Weight
    from panelbridge.actions.plan_check import compare
    from panelbridge.subscriptions import PlanId

    with bridge.services.units.read() as unit:
        plan = unit.plans.plan(PlanId(made.id), made.version)
    if plan is None:
        msg = f"plan {made.code} is gone"
        raise LookupError(msg)
    with screen.working("asking the panel what it sells"):
        found = compare(bridge.context(), plan=plan)
    if found.weight is not Weight.FINE:
        typer.echo(f"{found.weight.value}: {found.check}: {found.cause}\n{found.remedy}", err=True)


def _panel_codes(bridge: Bridge) -> dict[int, str]:
    with bridge.services.units.read() as unit:
        return {int(panel.id): panel.code for panel in unit.panels.all()}


def _extra_price(price: Credits | None) -> str:
    if price is None:
        return ", no extra connections"
    return f", {price} for each extra connection" if price else ", extra connections included"


def _show(screen: Screen, bridge: Bridge, plan: PlanView, title: str) -> None:
    offers = "\n".join(
        f"{offer.term}: package {offer.package}, {in_credits(offer.price)}"
        + _extra_price(offer.extra_connection)
        for offer in plan.terms
    )
    screen.answer(
        plan,
        ("plan", f"{plan.code} (version {plan.version})"),
        ("title", plan.title),
        ("panel", _panel_codes(bridge).get(plan.panel_id)),
        ("sells", offers),
        ("connections", plan.connections or "as the package says"),
        ("options", plan.options),
        ("without credit", "waits for a top-up" if plan.queue_without_credit else "is refused"),
        ("package change", "may be a full purchase" if plan.allow_purchase else "never a purchase"),
        ("restart of the term", "allowed" if plan.allow_restart else "refused"),
        ("grace", f"{plan.grace_hours} hours past the paid date, where the panel can"),
        ("sold", plan.active),
        title=title,
    )
