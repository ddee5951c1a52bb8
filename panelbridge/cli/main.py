"""The command line's entry: what every command shares, and where its errors are shown."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
import typer.main

from panelbridge.cli.commands import Commands
from panelbridge.cli.exits import Exit
from panelbridge.cli.needed import require_packages

__all__ = ["Exit", "app", "main"]

require_packages()

# Typer has the class inside and does not name it: what every usage error of it is.
_USAGE: type[Exception] = next(
    kind
    for kind in typer.BadParameter.__mro__
    if kind.__name__ == "UsageError" and issubclass(kind, Exception)
)
_INTERRUPTED = "\nInterrupted. What was begun is in the journal; `panelbridge serve` goes on with it.\n"


app = typer.Typer(
    name="panelbridge",
    cls=Commands,
    help="Provisioning bridge between billing and panels.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"panelbridge {version('panelbridge')}")
        raise typer.Exit


@app.callback()
def configure(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="TOML file; default: $PANELBRIDGE_CONFIG")] = None,
    data: Annotated[Path | None, typer.Option(help="data folder, instead of the configured one")] = None,
    version: Annotated[  # noqa: ARG001 - its callback has answered by then
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Read the configuration when a command asks for it; commands find it in the context."""

    def read() -> object:
        from panelbridge.service.config import read_config

        given = {"data_folder": data} if data is not None else {}
        return read_config(config, **given)

    context.obj = read


def all_commands() -> Commands:
    """The whole command line, loaded: for the reference page, and for tests."""
    whole = typer.main.get_command(app)
    if not isinstance(whole, Commands):
        raise TypeError("the command line is made of other commands")
    whole.load_all()
    return whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end with one of ``Exit``."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        # For a program a usage error is reported below, as JSON; a person gets typer's own form of it.
        end = app(words, prog_name="panelbridge", standalone_mode=not as_json)
    except _USAGE as error:
        raise SystemExit(_tell_usage(error)) from None
    except typer.Abort:
        raise SystemExit(Exit.REFUSED) from None
    except SystemExit as ended:
        if ended.code == Exit.INTERRUPTED:
            sys.stderr.write(_INTERRUPTED)
        raise
    except Exception as error:  # noqa: BLE001 - every error ends as readable lines and an exit code
        raise SystemExit(_tell(error, as_json=as_json)) from None
    raise SystemExit(end)


def _tell_usage(error: Exception) -> Exit:
    from panelbridge.actions.problems import Problem
    from panelbridge.cli.problems import exit_of, problem_json

    problem = Problem("usage", str(getattr(error, "message", "") or error))
    sys.stderr.write(f"{problem_json(problem)}\n")
    return exit_of(problem)


def _tell(error: Exception, *, as_json: bool) -> Exit:
    from panelbridge.actions.problems import Problem
    from panelbridge.actions.refusals import find_problem
    from panelbridge.cli.problems import exit_of, problem_json, problem_text

    problem = find_problem(error)
    if problem is None:
        from panelbridge.service.logs import describe

        sys.stderr.write(f"{describe(error)}\n")
        problem = Problem(
            "internal",
            f"a bug in panelbridge ({type(error).__name__}); the lines above say where",
            advice="Please report them; they hold no secrets.",
        )
    sys.stderr.write(f"{problem_json(problem)}\n" if as_json else problem_text(problem))
    return exit_of(problem)
