"""The command line's entry, and what every command shares: the configuration and the exit codes."""

from __future__ import annotations

import sys
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import typer

from whmcs_module_shim.cli import serve
from whmcs_module_shim.config import ConfigInvalid, read_config
from whmcs_module_shim.data_folder import DataFolderTaken


class Exit(IntEnum):
    """What the command ended with."""

    DONE = 0
    REFUSED = 1  # asked for, and not done; the message says why
    USAGE = 2  # the command line itself is wrong
    NOT_INSTALLED = 3
    CONFIGURATION = 4  # the configuration or the data folder cannot be used


app = typer.Typer(
    name="panelbridge",
    help="Provisioning bridge between billing and panels.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def configure(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="TOML file; default: $PANELBRIDGE_CONFIG")] = None,
    data: Annotated[Path | None, typer.Option(help="data folder, instead of the configured one")] = None,
) -> None:
    """Read the configuration once; commands find it in the context."""
    given = {"data_folder": data} if data is not None else {}
    context.obj = lambda: read_config(config, **given)


app.command("serve")(serve.serve_command)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except (ConfigInvalid, DataFolderTaken) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(Exit.CONFIGURATION) from None
