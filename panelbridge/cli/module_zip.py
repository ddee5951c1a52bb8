"""``panelbridge whmcs-module``: the PHP module that this release ships, as a zip or put in place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen
from panelbridge.service.doors import BILLING, doors


def module_command(
    zip_file: Annotated[
        Path | None,
        typer.Option("--zip", metavar="FILE", help="Write a zip, to unpack in WHMCS's root folder."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--to", metavar="WHMCS_ROOT", help="Put it into this WHMCS.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the WHMCS module as a zip, or put it into a WHMCS here. Never over a newer one."""
    if (zip_file is None) == (root is None):
        raise typer.BadParameter("say --zip FILE or --to WHMCS_ROOT, one of them")
    screen = Screen(as_json=as_json)
    door = doors(BILLING)["whmcs"]
    shipped = door.write_zip(zip_file) if zip_file else door.put_into(root)
    version = ".".join(map(str, shipped.version))
    if screen.as_json:
        screen.json({"version": version, "files": shipped.files, "to": str(shipped.place)})
    screen.say(f"Version {version} of the module, {shipped.files} files: {shipped.place}")
    if zip_file is not None:
        screen.hint(
            "Unpack it in WHMCS's root folder; it brings modules/servers/panelbridge/ and nothing else."
        )
    screen.hint(
        "Then, in WHMCS: save the Module Settings of a product once, so that the hooks are noticed, and\n"
        "press Test Connection on the server record."
    )
