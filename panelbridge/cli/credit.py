"""``panelbridge credits``: wallets, top-ups, adjustments, history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panelbridge.actions.wording import in_credits
from panelbridge.cli import names
from panelbridge.cli.choices import KindName
from panelbridge.cli.options import AsJson, Limit, Once, ResellerCode
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.credits import Booked, WalletView
    from panelbridge.cli.bridge import Bridge

app = typer.Typer(no_args_is_help=True, help="Wallets, top-ups and the history of every credit.")
Reason = Annotated[str, typer.Option(help="Why; it stays in the history.")]


@app.command("show")
def show_command(context: typer.Context, reseller: ResellerCode = None, as_json: AsJson = False) -> None:
    """Show a reseller's wallet; all of them when none is named."""
    from panelbridge.actions import credits as views
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_codes

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        if reseller is not None:
            wallet = bridge.read(views.show_wallet, reseller=reseller)
            screen.answer(wallet, *wallet_facts(wallet), title=f"Wallet of {reseller}")
            return
        wallets = bridge.every(views.list_wallets, PageQuery)
        codes = reseller_codes(bridge)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in wallets])
    screen.table(
        ("reseller", "available", "balance", "held", "overdraft", "floor", ""),
        (
            (
                codes.get(item.reseller_id),
                item.available,
                item.balance,
                item.held,
                item.overdraft,
                item.floor,
                "below its floor" if _is_low(item) else "",
            )
            for item in wallets
        ),
        empty="There is no wallet yet. Run: panelbridge init",
        right=("available", "balance", "held", "overdraft", "floor"),
    )


@app.command("top-up")
def top_up_command(
    context: typer.Context,
    amount: Annotated[str, typer.Argument(help="Credits, such as 50 or 12.5.")],
    reason: Reason,
    reseller: ResellerCode = None,
    once: Once = None,
    as_json: AsJson = False,
) -> None:
    """Add credits from the provider's stock. Orders that wait for credit are released with it."""
    from panelbridge.actions import credits as views
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant
    from panelbridge.cli.typed import parse_credits

    screen = Screen(as_json=as_json)
    body = read_options(views.TopUp, amount=parse_credits(amount, option="AMOUNT"), reason=reason)
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        made = bridge.change(views.top_up, once=once, body=body, reseller=owner.code)
        _tell_booking(screen, bridge, made, f"Topped up {owner.code} by {body.amount}", once)


@app.command("adjust")
def adjust_command(
    context: typer.Context,
    reason: Reason,
    add: Annotated[str | None, typer.Option(help="Credits to give.")] = None,
    take: Annotated[str | None, typer.Option(help="Credits to take away.")] = None,
    reseller: ResellerCode = None,
    once: Once = None,
    as_json: AsJson = False,
) -> None:
    """Add or take credits by hand. A booking is never changed: this is a new one, with its reason."""
    from panelbridge.actions import credits as views
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant
    from panelbridge.cli.typed import parse_credits

    if (add is None) == (take is None):
        raise typer.BadParameter("say --add or --take, one of them", param_hint="--add/--take")
    screen = Screen(as_json=as_json)
    amount = (
        parse_credits(add, option="--add") if add is not None else -parse_credits(take or "", option="--take")
    )
    body = read_options(views.Adjustment, amount=amount, reason=reason)
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        made = bridge.change(views.adjust, once=once, body=body, reseller=owner.code)
        what = f"Gave {add} to" if take is None else f"Took {take} from"
        _tell_booking(screen, bridge, made, f"{what} {owner.code}", once)


@app.command("limits")
def limits_command(
    context: typer.Context,
    reseller: ResellerCode = None,
    overdraft: Annotated[str | None, typer.Option(help="How far below zero it may go.")] = None,
    floor: Annotated[str | None, typer.Option(help="Warn once when less is available.")] = None,
    no_floor: Annotated[bool, typer.Option("--no-floor", help="Do not warn.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set overdraft and floor of a wallet; what is not named stays."""
    from panelbridge.actions import credits as views
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant
    from panelbridge.cli.typed import parse_credits

    if overdraft is None and floor is None and not no_floor:
        raise typer.BadParameter("give at least one of --overdraft, --floor and --no-floor")
    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        now = bridge.read(views.show_wallet, reseller=owner.code)
        kept = None if no_floor else now.floor
        body = read_options(
            views.WalletLimits,
            overdraft=parse_credits(overdraft, option="--overdraft") if overdraft else now.overdraft,
            floor=parse_credits(floor, option="--floor") if floor is not None else kept,
        )
        made = bridge.change(views.set_limits, body=body, reseller=owner.code)
    screen.answer(made, *wallet_facts(made), title=f"Limits of {owner.code}")


@app.command("history")
def history_command(
    context: typer.Context,
    reseller: ResellerCode = None,
    kind: Annotated[KindName | None, typer.Option(help="Only lines of this kind.")] = None,
    subscription: Annotated[
        int | None,
        typer.Option(min=1, help="Only of this subscription.", autocompletion=names.subscription_numbers),
    ] = None,
    operation: Annotated[int | None, typer.Option(min=1, help="Only of this operation.")] = None,
    since: Annotated[str | None, typer.Option(help="A date, or 7d = the last seven days.")] = None,
    until: Annotated[str | None, typer.Option(help="A date, not included.")] = None,
    limit: Limit = 50,
    csv: Annotated[
        Path | None, typer.Option(help="Write all lines to this CSV file; - is standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a wallet: the latest lines, oldest first. --csv writes all of them."""
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_meant
    from panelbridge.cli.typed import parse_moment
    from panelbridge.ledger import HistoryFilter, TransferKind

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        now = bridge.services.clock()
        wanted = HistoryFilter(
            reseller=reseller_meant(bridge, reseller).id,
            subscription=_subscription_of(bridge, subscription, operation),
            operation=operation,
            kinds=frozenset({TransferKind(kind)} if kind is not None else ()),
            since=parse_moment(since, now, option="--since", past=True) if since else None,
            until=parse_moment(until, now, option="--until", past=True) if until else None,
            newest_first=csv is None,
            limit=500 if csv is not None else limit,
        )
        if csv is not None:
            _write_csv(screen, bridge, wanted, csv)
        else:
            _show_history(screen, bridge, wanted)


def _subscription_of(bridge: Bridge, subscription: int | None, operation: int | None) -> int | None:
    from panelbridge.actions.credits import subscription_meant

    with bridge.services.units.read() as unit:
        return subscription_meant(unit, subscription, operation)


def wallet_facts(wallet: WalletView) -> list[tuple[str, object]]:
    """What a person wants to know of a wallet."""
    return [
        ("available", in_credits(wallet.available) + ("  (below its floor)" if _is_low(wallet) else "")),
        ("balance", wallet.balance),
        ("held for orders", wallet.held),
        ("overdraft", wallet.overdraft),
        ("floor", wallet.floor if wallet.floor is not None else "none: no warning"),
    ]


def _is_low(wallet: WalletView) -> bool:
    return wallet.floor is not None and wallet.available < wallet.floor


def _tell_booking(screen: Screen, bridge: Bridge, made: Booked, title: str, once: str | None) -> None:
    from panelbridge.service.data_folder import serves_now

    facts = [("transfer", made.transfer), ("available now", in_credits(made.wallet.available))]
    if made.woken:
        facts.append(("orders released", len(made.woken)))
    screen.answer(made, *facts, title=title)
    if made.woken and not serves_now(bridge.config):
        screen.hint("No `panelbridge serve` runs from this folder: the released orders wait until one does.")
    if once is None:
        screen.hint("Running this command again books it again; with --once KEY it would not.")


def _write_csv(screen: Screen, bridge: Bridge, wanted: Any, path: Path) -> None:
    from panelbridge.actions.credits import plan_text

    with bridge.services.units.read() as unit:
        lines = unit.ledger.statement_csv(wanted, lambda plan: plan_text(unit, plan))
        if str(path) == "-":
            for line in lines:
                typer.echo(line, nl=False)
            return
        count = -1  # the heading
        with path.open("w", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(line)
                count += 1
    if screen.as_json:
        screen.json({"file": str(path), "lines": count})
    screen.say(f"Wrote {count} lines to {path}.")


def _show_history(screen: Screen, bridge: Bridge, wanted: Any) -> None:
    from panelbridge.actions.credits import LineView, plan_text

    with bridge.services.units.read() as unit:
        found = unit.ledger.history(wanted)
        lines = [LineView.of(line, plan_text(unit, line.transfer.context.plan)) for line in found][::-1]
    if screen.as_json:
        screen.json([line.model_dump(mode="json") for line in lines])
    screen.table(
        ("time", "what", "credits", "balance", "held", "subscription", "plan", "for", "by", "reason"),
        (
            (
                line.at,
                line.kind,
                line.price,
                f"{line.balance_before} -> {line.balance_after}",
                f"{line.held_before} -> {line.held_after}",
                line.subscription,
                line.plan,
                f"{line.period_from:%Y-%m-%d} to {line.period_to:%Y-%m-%d}"
                if line.period_from and line.period_to
                else line.term,
                line.actor,
                line.reason,
            )
            for line in lines
        ),
        empty="No line of the history matches.",
        right=("credits", "balance", "held", "subscription"),
    )
    if len(lines) == wanted.limit:
        screen.hint(f"The latest {wanted.limit} lines; --limit shows more, --csv FILE writes all.")
