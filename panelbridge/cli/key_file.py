"""``panelbridge key-file``: the keys that seal secrets and sign the books, and how they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from panelbridge.cli.options import AsJson, Yes
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.service.config import ServiceConfig
    from panelbridge.storage.vault.resealing import Resealed

app = typer.Typer(no_args_is_help=True, help="The key file: what seals secrets and signs the books.")


@app.command("show")
def show_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Show where it is and how many keys are in it; never a key."""
    from panelbridge.storage.vault.key_file import open_vault, read_keys

    screen = Screen(as_json=as_json)
    config = context.obj()
    keys = len(read_keys(config.key_file))
    newest = open_vault(config.key_file).chain.current
    if screen.as_json:
        screen.json({"file": str(config.key_file), "keys": keys, "newest": newest})
    screen.facts((("file", config.key_file), ("keys", keys), ("newest", newest)), title="Key file")


@app.command("rotate")
def rotate_command(context: typer.Context, yes: Yes = False, as_json: AsJson = False) -> None:
    """Add a new key and seal every secret with it. Older keys stay: older parts of the books need them."""
    from panelbridge.cli.bridge import require_database
    from panelbridge.service.data_folder import claim_data_folder

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    screen.confirm(
        f"A new key is added to {config.key_file}, and every secret is sealed with it.\n"
        "Copy the file afterwards: what is backed up from then on cannot be opened without the new key.",
        yes=yes,
    )
    with claim_data_folder(config.data_folder):
        done = _rotate(config, new_key=True)
    _tell(screen, config, done)


@app.command("reseal")
def reseal_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Seal every secret with the newest key that is there: the second half of an interrupted rotation."""
    from panelbridge.cli.bridge import require_database
    from panelbridge.service.data_folder import claim_data_folder

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    with claim_data_folder(config.data_folder):
        done = _rotate(config, new_key=False)
    _tell(screen, config, done)


def _rotate(config: ServiceConfig, *, new_key: bool) -> Resealed:
    from panelbridge.service.books import database_url, require_own_key
    from panelbridge.storage.engine.database import Database
    from panelbridge.storage.vault.key_file import add_key, open_vault
    from panelbridge.storage.vault.resealing import reseal

    database = Database(database_url(config))
    try:
        require_own_key(database, open_vault(config.key_file), config.key_file)
        if new_key:  # it is on the disk before the first value is sealed with it
            add_key(config.key_file)
        with database.write() as connection:
            return reseal(connection, open_vault(config.key_file))
    finally:
        database.close()


def _tell(screen: Screen, config: ServiceConfig, done: Resealed) -> None:
    if screen.as_json:
        screen.json({"file": str(config.key_file), "resealed": done.sealed, "unreadable": done.unreadable})
    screen.say(f"{done.sealed} secrets are sealed with the newest key of {config.key_file}.")
    if done.unreadable:
        screen.say(f"{done.unreadable} could not be opened by any key of the file and stay as they are.")
    screen.hint("Copy the key file to where its backup is kept, now. Remove no line from it.")
