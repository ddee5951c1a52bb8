"""``panelbridge resellers``: who owns credits, plans and installations."""

from __future__ import annotations

from typing import Annotated

import typer

from panelbridge.cli import names
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

app = typer.Typer(no_args_is_help=True, help="Who owns credits, plans and shops.")


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List resellers with their credits."""
    from panelbridge.actions import credits as wallets
    from panelbridge.actions import resellers
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.every(resellers.list_resellers, PageQuery)
        purses = {item.reseller_id: item for item in bridge.every(wallets.list_wallets, PageQuery)}
    codes = {item.id: item.code for item in found}
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("reseller", "name", "below", "available", "held"),
        (
            (
                item.code,
                item.name,
                codes.get(item.parent_id or 0),
                purses[item.id].available if item.id in purses else "no wallet",
                purses[item.id].held if item.id in purses else None,
            )
            for item in found
        ),
        empty="There is no reseller yet. Run: panelbridge init",
        right=("available", "held"),
    )


@app.command("show")
def show_command(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="RESELLER", autocompletion=names.resellers)],
    as_json: AsJson = False,
) -> None:
    """Show one reseller with its wallet."""
    from panelbridge.actions import credits as wallets
    from panelbridge.actions import resellers
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.credit import wallet_facts

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.read(resellers.show_reseller, code=code)
        wallet = bridge.read(wallets.show_wallet, reseller=code)
    if screen.as_json:
        screen.json(found.model_dump(mode="json") | {"wallet": wallet.model_dump(mode="json")})
    screen.facts([("name", found.name), *wallet_facts(wallet)], title=f"Reseller {found.code}")


@app.command("add")
def add_command(
    context: typer.Context,
    code: Annotated[
        str, typer.Argument(metavar="RESELLER", help="A short name: small letters, digits, dash.")
    ],
    name: Annotated[str, typer.Option(help="The name people know.")],
    parent: Annotated[
        str | None, typer.Option(help="Code of the reseller above it.", autocompletion=names.resellers)
    ] = None,
    overdraft: Annotated[str, typer.Option(help="How far below zero it may go.")] = "0",
    floor: Annotated[str | None, typer.Option(help="Warn when less is available.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a reseller and open its wallet."""
    from panelbridge.actions import resellers
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.typed import parse_credits

    screen = Screen(as_json=as_json)
    body = read_options(
        resellers.NewReseller,
        code=code,
        name=name,
        parent=parent,
        overdraft=parse_credits(overdraft, option="--overdraft"),
        floor=parse_credits(floor, option="--floor") if floor is not None else None,
    )
    with open_bridge(context) as bridge:
        made = bridge.change(resellers.add_reseller, body=body)
    screen.answer(made, ("reseller", made.code), ("name", made.name), title="Added, with an empty wallet")
    screen.hint(f"Next: panelbridge credits top-up AMOUNT --reseller {code} --reason TEXT")
