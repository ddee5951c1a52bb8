"""The command line's entry: what every command shares, and where its errors are told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from panelbridge.cli import (
    adapters,
    attention,
    backup,
    check,
    credit,
    doctor,
    initial,
    installations,
    key_file,
    keys,
    ledger,
    module_zip,
    operations,
    panels,
    plans,
    practice,
    resellers,
    serve,
    spec,
    subscription_verbs,  # noqa: F401 - its commands join those of subscriptions
    subscriptions,
    writes,
)
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
        typer.Option("--version", help="Tell the version and end.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Read the configuration when a command asks for it; commands find it in the context."""

    def read() -> object:
        from panelbridge.service.config import read_config

        given = {"data_folder": data} if data is not None else {}
        return read_config(config, **given)

    context.obj = read


app.command("init")(initial.init_command)
app.command("serve")(serve.serve_command)
app.add_typer(panels.app, name="panels")
app.add_typer(writes.app, name="writes")
app.add_typer(plans.app, name="plans")
app.add_typer(resellers.app, name="resellers")
app.add_typer(installations.app, name="installations")
app.add_typer(keys.app, name="keys")
app.add_typer(key_file.app, name="key-file")
app.add_typer(credit.app, name="credits")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(operations.app, name="operations")
app.add_typer(attention.app, name="attention")
app.add_typer(ledger.app, name="ledger")
app.command("adapters")(adapters.adapters_command)
app.command("check")(check.check_command)
app.add_typer(spec.app, name="spec")
app.command("practice")(practice.practice_command)
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)
app.command("whmcs-module")(module_zip.module_command)
app.command("doctor")(doctor.doctor_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end with one of ``Exit``."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        # For a program a usage error is told below, as JSON; a person gets typer's own form of it.
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
    from panelbridge.actions.faults import Fault
    from panelbridge.cli.faults import exit_of, fault_json

    fault = Fault(
        code="usage",
        message=str(getattr(error, "message", "") or error),
        advice="Run the command with --help: it shows the form. Nothing was done.",
        retry_safe=True,
    )
    sys.stderr.write(f"{fault_json(fault)}\n")
    return exit_of(fault)


def _tell(error: Exception, *, as_json: bool) -> Exit:
    from panelbridge.actions.faults import Fault
    from panelbridge.cli.faults import exit_of, fault_at_shell, fault_json, fault_text

    fault = fault_at_shell(error)
    if fault is None:
        from panelbridge.service.logs import describe

        sys.stderr.write(f"{describe(error)}\n")
        fault = Fault(
            code="internal",
            message=f"an error of panelbridge itself ({type(error).__name__}); the lines above say where",
            advice="Please report them; they hold no secrets.",
            retry_safe=True,
        )
    sys.stderr.write(f"{fault_json(fault)}\n" if as_json else fault_text(fault))
    return exit_of(fault)
