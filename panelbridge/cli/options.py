"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from panelbridge.cli import names

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document, for a program.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]
ResellerCode = Annotated[
    str | None,
    typer.Option(
        "--reseller",
        help="Code of the reseller; not needed while there is only one.",
        autocompletion=names.resellers,
    ),
]
Once = Annotated[
    str | None,
    typer.Option(help="A key of your own: with the same one, a repeat does nothing more."),
]
