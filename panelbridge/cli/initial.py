"""``panelbridge init``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen
from panelbridge.subscriptions import Mode

if TYPE_CHECKING:
    from panelbridge.actions.first_setup import FirstSetup


def init_command(
    context: typer.Context,
    reseller: Annotated[str, typer.Option(help="Code of the first reseller.")] = "main",
    installation: Annotated[str, typer.Option(help="Code of the first shop.")] = "shop",
    mode: Annotated[Mode, typer.Option(help="test: practice panels only.")] = Mode.LIVE,
    as_json: AsJson = False,
) -> None:
    """Make data folder, secret key, database, first reseller, shop and keys. Twice changes nothing."""
    from panelbridge.actions.first_setup import first_setup
    from panelbridge.cli.bridge import read_options, schema_of
    from panelbridge.service.books import database_file

    screen = Screen(as_json=as_json)
    config = context.obj()
    for code in (reseller, installation):
        read_options(_code_model(), code=code)
    path = database_file(config)
    before = schema_of(path) if path.is_file() else None
    made = first_setup(config, reseller=reseller, installation=installation, mode=mode)
    after = schema_of(path)
    if screen.as_json:
        screen.json(_document(made))
        return
    if before is not None and before != after:
        screen.say(f"The database was brought from schema {before} to {after}; nothing else was changed.")
    elif made.created:
        _tell_keys(screen, made)
    else:
        _tell_nothing(screen, made)


def _code_model() -> type:
    from panelbridge.actions.fields import Body, Code

    class Named(Body):
        code: Code

    Named.model_rebuild(_types_namespace={"Code": Code})
    return Named


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
    screen.hint("Keys are not told again; `panelbridge keys add` makes new ones.")


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
    screen.say("Keys: told this once and kept nowhere", style="bold")
    if made.admin_key is not None:
        screen.say(f"  operator  {made.admin_key.get_secret_value()}")
    if made.shop_key is not None:
        screen.say(f"  shop      {made.shop_key.get_secret_value()}")
        screen.say(f"            for the WHMCS server record: username {made.mode.value}, password this key")
    screen.hint(
        "\nNext:  panelbridge panels add CODE --backend NAME   (panelbridge adapters tells the names)\n"
        "       panelbridge plans add CODE --panel CODE --term 1m=PACKAGE@PRICE\n"
        "       panelbridge credits top-up AMOUNT --reason TEXT\n"
        "       panelbridge serve"
    )
