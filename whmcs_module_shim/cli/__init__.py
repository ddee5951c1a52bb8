"""The ``panelbridge`` command: one file per group of commands.

Commands load what they need when they run. What is not installed is therefore looked for here, without
importing it, so that it is missed at the start and not in the middle of something.
"""

from __future__ import annotations

from importlib.util import find_spec

_NEEDED = (
    "alembic",
    "cryptography",
    "dbos",
    "flask",
    "granian",
    "phpserialize",
    "prometheus_client",
    "pydantic_settings",
    "rich",
    "sqlalchemy",
    "structlog",
    "typer",
)

for _name in _NEEDED:
    if find_spec(_name) is None:
        raise ModuleNotFoundError(f"No module named {_name!r}", name=_name)

from whmcs_module_shim.cli.main import main  # noqa: E402 - after what it needs was looked for

__all__ = ["main"]
