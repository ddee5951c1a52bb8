"""``panelbridge serve``."""

from __future__ import annotations

import sys

import typer


def serve_command(context: typer.Context) -> None:
    """Serve HTTP and run what is due, until SIGTERM."""
    from panelbridge.service.books import require_books
    from panelbridge.service.compose import compose
    from panelbridge.service.serve import serve

    config = context.obj()
    if config.data_folder.is_dir():  # a missing folder is named by who claims it
        require_books(config)
    if sys.stderr.isatty():  # elsewhere the log is read by a program, line by line
        typer.echo(
            f"Serving http://{config.host}:{config.port} from {config.data_folder}. Ctrl-C ends it.", err=True
        )
    serve(config, compose, _explain)


def _explain(error: BaseException) -> str | None:
    from panelbridge.cli.faults import fault_at_shell, fault_text

    fault = fault_at_shell(error)
    return fault_text(fault) if fault is not None else None
