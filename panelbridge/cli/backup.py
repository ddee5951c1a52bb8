"""``panelbridge backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

_AFTERWARDS = """
Before you switch writes on, for each panel:
  1. panelbridge panels accounts PANEL     which accounts belong to no subscription?
  2. panelbridge credits history           which payments since the backup are missing?
  3. adopt or book what is missing, then   panelbridge panels writes on PANEL"""


def backup_command(
    context: typer.Context,
    to: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER|FILE]", help="A folder, which is made if need be, gets a dated file."
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Of the dated files in the folder, keep so many; older ones are removed."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database while the service runs. The key file is not in the copy."""
    from panelbridge.actions.backup import back_up, backup_place

    screen = Screen(as_json=as_json)
    config = context.obj()
    place = backup_place(config, to, keep=keep)
    with screen.working(f"copying to {place.file}"):
        made = back_up(config, place, keep=keep)
    if screen.as_json:
        screen.json(
            {
                "file": str(made.file),
                "manifest": str(made.beside) if made.beside else None,
                "bytes": made.size,
                "key_file": str(config.key_file),
                "removed": made.removed,
                "subscriptions": made.subscriptions,
                "transfers": made.transfers,
            }
        )
    screen.facts(
        (
            ("file", made.file),
            ("manifest", made.beside),
            ("size", f"{made.size / 1024 / 1024:.1f} MB, read through and whole"),
            ("in it", f"{made.subscriptions} subscriptions, {made.transfers} transfers of credits"),
            ("removed", "\n".join(made.removed) or None),
            ("NOT in it", f"the key file {config.key_file}\nWithout it nobody can open this copy."),
        ),
        title="Backed up",
    )
    screen.hint("Keep the key file elsewhere: whoever has both has every panel credential and password.")


def restore_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the SQLite file that is there aside, under another name.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place. Panel writes stay off until somebody compared and switched them on."""
    from panelbridge.actions.restore import require_restorable, restore

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_restorable(config, file, replace=replace)
    screen.confirm(
        f"The database becomes that of {file}. What happened after that backup is not in it: accounts\n"
        "made and payments taken since then are unknown to it. Panel writes will be off for every panel.",
        yes=yes,
    )
    done = restore(config, file)
    if screen.as_json:
        screen.json(
            {
                "database": done.database,
                "put_aside": str(done.put_aside) if done.put_aside else None,
                "writes_off": done.panels,
                "doubts": done.doubts,
            }
        )
    screen.facts(
        (
            ("database", done.database),
            ("put aside", done.put_aside),
            ("books", "whole: every chain and guard was verified"),
            ("to look at", "\n".join(done.doubts) or None),
            ("panel writes", f"off for {', '.join(done.panels) or 'no panel: there is none'}"),
        ),
        title="Restored",
    )
    screen.hint(_AFTERWARDS)
