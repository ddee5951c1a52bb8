"""``panelbridge key-file``: the keys that seal secrets and sign the books, and how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.actions.key_file import Resealed
    from panelbridge.service.config import ServiceConfig

app = typer.Typer(no_args_is_help=True, help="The key file: what seals secrets and signs the books.")


@app.command("show")
def show_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Show where it is and how many keys are in it; never a key."""
    from panelbridge.actions.key_file import describe_key_file

    screen = Screen(as_json=as_json)
    found = describe_key_file(context.obj())
    if screen.as_json:
        screen.json({"file": str(found.file), "keys": found.keys, "newest": found.newest})
    facts = (("file", found.file), ("keys", found.keys), ("newest", found.newest))
    screen.facts(facts, title="Key file")


@app.command("rotate")
def rotate_command(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Add a new key and seal every secret with it. Older keys stay: older parts of the books need them."""
    from panelbridge.actions.database import require_database
    from panelbridge.actions.key_file import seal_anew

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    screen.confirm(
        f"A new key is added to {config.key_file}, and every secret is sealed with it.\n"
        "Copy the file afterwards: what is backed up from then on cannot be opened without the new key.",
        yes=yes,
    )
    _tell(screen, config, seal_anew(config, new_key=True))


@app.command("reseal")
def reseal_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Seal every secret with the newest key that is there: the second half of an interrupted rotation."""
    from panelbridge.actions.database import require_database
    from panelbridge.actions.key_file import seal_anew

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    _tell(screen, config, seal_anew(config, new_key=False))


def _tell(screen: Screen, config: ServiceConfig, done: Resealed) -> None:
    if screen.as_json:
        screen.json({"file": str(config.key_file), "resealed": done.sealed, "unreadable": done.unreadable})
    screen.say(f"{done.sealed} secrets are sealed with the newest key of {config.key_file}.")
    if done.unreadable:
        screen.say(f"{done.unreadable} could not be opened by any key of the file and stay as they are.")
    screen.hint("Copy the key file to where its backup is kept, now. Remove no line from it.")
