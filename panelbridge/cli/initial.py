"""``panelbridge init``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli.choices import ModeName
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.first_setup import FirstSetup


def init_command(
    context: typer.Context,
    reseller: Annotated[str, typer.Option(help="Code of the first reseller.")] = "main",
    installation: Annotated[str, typer.Option(help="Code of the first shop.")] = "shop",
    mode: Annotated[ModeName, typer.Option(help="test: practice panels only.")] = "live",
    as_json: AsJson = False,
) -> None:
    """Make data folder, secret key, database, first reseller, shop and keys. Safe to run again."""
    from panelbridge.actions.first_setup import first_setup
    from panelbridge.subscriptions import Mode

    screen = Screen(as_json=as_json)
    made = first_setup(context.obj(), reseller=reseller, installation=installation, mode=Mode(mode))
    if screen.as_json:
        screen.json(_document(made))
        return
    if made.was_at is not None and made.was_at != made.schema:
        moved = f"from schema {made.was_at} to {made.schema}"
        screen.say(f"The database was brought {moved}; nothing else was changed.")
    elif made.created:
        _tell_keys(screen, made)
    else:
        _tell_nothing(screen, made)


def _document(made: FirstSetup) -> dict[str, object]:
    return {
        "created": made.created,
        "folder": str(made.folder),
        "key_file": str(made.key_file),
        "reseller": made.reseller,
        "installation": made.installation,
        "mode": made.mode.value,
        "admin_key": made.admin_key.get_secret_value() if made.admin_key else None,
        "shop_key": made.shop_key.get_secret_value() if made.shop_key else None,
    }


def _tell_nothing(screen: Screen, made: FirstSetup) -> None:
    screen.say(f"Nothing to do: {made.folder} is set up.")
    screen.hint("Keys are shown only once; `panelbridge keys add` makes new ones.")


def _tell_keys(screen: Screen, made: FirstSetup) -> None:
    screen.facts(
        (
            ("data folder", made.folder),
            (
                "secret key file",
                f"{made.key_file}\nKeep a copy elsewhere, apart from the database's backups.",
            ),
            ("reseller", f"{made.reseller}, with an empty wallet"),
            ("shop", f"{made.installation} ({made.mode.value})"),
        ),
        title="Set up",
    )
    screen.say()
    screen.say("API keys (shown once, not stored)", style="bold")
    if made.admin_key is not None:
        screen.say(f"  operator  {made.admin_key.get_secret_value()}")
    if made.shop_key is not None:
        screen.say(f"  shop      {made.shop_key.get_secret_value()}")
        screen.say(f"            for the WHMCS server record: username {made.mode.value}, password this key")
    screen.hint(
        "\nNext:  panelbridge panels add CODE --backend NAME   (panelbridge adapters lists the names)\n"
        "       panelbridge plans add CODE --panel CODE --term 1m=PACKAGE@PRICE\n"
        "       panelbridge credits top-up AMOUNT --reason TEXT\n"
        "       panelbridge serve"
    )
