"""The command line's entry: what every command shares, and where its errors are shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar

import typer
import typer.main

from panelbridge.cli.exits import Exit
from panelbridge.cli.lazy import Entry, LazyGroup
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


class Commands(LazyGroup):
    """Every command, with the line under which it is listed."""

    entries: ClassVar[Mapping[str, Entry]] = {
        "init": Entry(
            place="initial:init_command",
            help="Make data folder, secret key, database, first reseller, shop and keys. Safe to run again.",
        ),
        "serve": Entry(place="serve:serve_command", help="Serve HTTP and run what is due, until SIGTERM."),
        "adapters": Entry(
            place="adapters:adapters_command",
            help="List the installed backends with their capabilities. One that fails to load is named.",
        ),
        "check": Entry(
            place="check:check_command",
            help="Prove an adapter and print its score card. Exits 1 when something failed.",
        ),
        "practice": Entry(
            place="practice:practice_command",
            help="Run a simulated panel until Ctrl-C: the real protocol, and its books in a file.",
        ),
        "backup": Entry(
            place="backup:backup_command",
            help="Copy the database while the service runs. The key file is not in the copy.",
        ),
        "restore": Entry(
            place="backup:restore_command",
            help="Put a backup in place. Panel writes stay off until somebody compared and switched them on.",
        ),
        "whmcs-module": Entry(
            place="module_zip:module_command",
            help="Write the WHMCS module as a zip, or put it into a WHMCS here. Never over a newer one.",
        ),
        "doctor": Entry(
            place="doctor:doctor_command",
            help="Check everything: what is wrong, why, what to do. Changes nothing without --go-live.",
        ),
        "panels": Entry(place="panels:app", help="The remote systems accounts are made on."),
        "writes": Entry(
            place="writes:app", help="Whether anything leaves the bridge, for all panels at once."
        ),
        "plans": Entry(place="plans:app", help="What is sold: a panel, terms, their packages and prices."),
        "resellers": Entry(place="resellers:app", help="Who owns credits, plans and shops."),
        "installations": Entry(
            place="installations:app", help="The shops: one WHMCS each, bound to its address."
        ),
        "keys": Entry(place="keys:app", help="API keys of shops and of the operator."),
        "key-file": Entry(place="key_file:app", help="The key file: what seals secrets and signs the books."),
        "credits": Entry(place="credit:app", help="Wallets, top-ups and the history of every credit."),
        "subscriptions": Entry(
            place="subscription_verbs:app",
            help="The sold accounts: look, extend, suspend, reset, change, end.",
        ),
        "customers": Entry(
            place="customers:app", help="The people who have subscriptions: find, note, tag, link, merge."
        ),
        "operations": Entry(
            place="operations:app", help="The journal: everything that was wanted, and what became of it."
        ),
        "attention": Entry(place="attention:app", help="Cases waiting for a decision."),
        "ledger": Entry(place="ledger:app", help="The books of credits."),
        "spec": Entry(
            place="spec:app", help="Descriptions of panels (backend declarative): check, try, record."
        ),
    }


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
