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
    from panelbridge.actions.refusals import find_problem
    from panelbridge.cli.problems import problem_text

    problem = find_problem(error)
    return problem_text(problem) if problem is not None else None
