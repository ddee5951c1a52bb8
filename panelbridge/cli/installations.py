"""``panelbridge installations``: one billing system of a reseller each, bound to its shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli import names
from panelbridge.cli.choices import ModeName
from panelbridge.cli.options import AsJson, ResellerCode, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.installations import InstallationView

app = typer.Typer(no_args_is_help=True, help="The shops: one WHMCS each, bound to its address.")
Code = Annotated[str, typer.Argument(metavar="INSTALLATION", autocompletion=names.installations)]


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List installations and where their shops are."""
    from panelbridge.actions import installations
    from panelbridge.actions.paging import PageQuery
    from panelbridge.cli.bridge import open_bridge
    from panelbridge.cli.owners import reseller_codes

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        found = bridge.every(installations.list_installations, PageQuery)
        codes = reseller_codes(bridge)
    if screen.as_json:
        screen.json([item.model_dump(mode="json") for item in found])
    screen.table(
        ("installation", "reseller", "mode", "bound to", "since"),
        (
            (
                item.code,
                codes.get(item.reseller_id),
                item.mode,
                item.system_url or "not used yet",
                item.bound_at,
            )
            for item in found
        ),
        empty="There is no installation yet. Run: panelbridge init",
    )


@app.command("show")
def show_command(context: typer.Context, code: Code, as_json: AsJson = False) -> None:
    """Show one installation."""
    from panelbridge.actions import installations
    from panelbridge.cli.bridge import open_bridge

    with open_bridge(context) as bridge:
        _show(Screen(as_json=as_json), bridge.read(installations.show_installation, code=code), "")


@app.command("add")
def add_command(
    context: typer.Context,
    code: Code,
    reseller: ResellerCode = None,
    mode: Annotated[ModeName, typer.Option(help="test: practice panels only.")] = "live",
    as_json: AsJson = False,
) -> None:
    """Add a shop of a reseller. The first WHMCS that calls with a key of it is bound to it."""
    from panelbridge.actions import installations
    from panelbridge.cli.bridge import open_bridge, read_options
    from panelbridge.cli.owners import reseller_meant

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        owner = reseller_meant(bridge, reseller)
        body = read_options(installations.NewInstallation, reseller=owner.code, code=code, mode=mode)
        made = bridge.change(installations.add_installation, body=body)
    _show(screen, made, f"Added installation {code}")
    screen.hint(f"Next, its API key: panelbridge keys add {code}")


@app.command("rebind")
def rebind_command(
    context: typer.Context,
    code: Code,
    system_url: Annotated[
        str | None, typer.Option(help="The shop's new System URL. Left out: whichever calls next.")
    ] = None,
    module_id: Annotated[
        str | None, typer.Option(help="The module's id there; the refusal in its log names it.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Confirm that a shop has moved: bind the installation to another WHMCS."""
    from panelbridge.actions import installations
    from panelbridge.cli.bridge import open_bridge, read_options

    screen = Screen(as_json=as_json)
    with open_bridge(context) as bridge:
        now = bridge.read(installations.show_installation, code=code)
        body = read_options(installations.Rebinding, system_url=system_url, module_id=module_id)
        screen.confirm(_rebinding_means(now, system_url), yes=yes)
        made = bridge.change(installations.rebind_installation, code=code, body=body)
    _show(screen, made, f"Installation {code} is bound anew")


def _rebinding_means(now: InstallationView, system_url: str | None) -> str:
    old = now.system_url or "no shop yet"
    new = system_url or "the next WHMCS that calls with a key of it"
    return (
        f"Installation {now.code} is bound to {old}. It will be bound to {new}.\n"
        f"The old one can then change nothing any more, and the new one can suspend and terminate every\n"
        "customer of this installation. Do this only when the shop has moved, never for a staging copy:\n"
        "a copy needs an installation of its own, in mode test."
    )


def _show(screen: Screen, item: InstallationView, title: str) -> None:
    screen.answer(
        item,
        ("installation", item.code),
        ("mode", item.mode),
        ("bound to", item.system_url or "the next WHMCS that calls with a key of it"),
        ("module id", item.module_id),
        ("since", item.bound_at),
        title=title,
    )
