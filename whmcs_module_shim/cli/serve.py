"""``panelbridge serve``."""

from __future__ import annotations

import typer


def serve_command(context: typer.Context) -> None:
    """Serve HTTP and run what is due, until SIGTERM."""
    from whmcs_module_shim.compose import compose
    from whmcs_module_shim.serve import serve

    serve(context.obj(), compose)
