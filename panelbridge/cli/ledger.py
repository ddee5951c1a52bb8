"""``panelbridge ledger``: the proof of the books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.ledger import VerifyReport

app = typer.Typer(no_args_is_help=True, help="The books of credits.")


@app.command("verify")
def verify_command(
    context: typer.Context,
    heads: Annotated[
        Path | None,
        typer.Option(
            "--heads", metavar="LOGFILE", help="A log of `serve`: all its chain heads must be there."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every chain and wallet, compare them with the journal and the witness, and try to break every
    guard. Changes nothing; sales go on.
    """
    from panelbridge.actions.database import require_database
    from panelbridge.actions.ledger_proof import logged_heads, verify_books
    from panelbridge.cli.exits import Exit

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    with screen.working("verifying the books"):
        logged = logged_heads(heads)
        report = verify_books(config, logged)
    if screen.as_json:
        screen.json(_document(report))
    elif report.whole:
        screen.say(
            f"The books are whole: {report.wallets} wallets, {report.transfers} transfers, "
            "every chain and every guard; journal, schema and witness agree"
            + (f", and so do {len(logged)} logged heads." if heads else ".")
        )
    else:
        screen.say(f"THE BOOKS ARE NOT WHOLE: {len(report.problems)} contradictions", style="bold red")
    if not report.whole:
        screen.table(
            ("code", "reseller", "transfer", "what"),
            ((item.code, item.reseller, item.transfer, item.message) for item in report.problems),
            empty="",
        )
        screen.hint(
            "Sell nothing more before you know why: stop `serve`, keep a copy of the data folder as it\n"
            "is, and compare with the last good backup. `panelbridge init` puts missing guards back."
        )
        raise typer.Exit(Exit.FAULTS)


def _document(report: VerifyReport) -> dict[str, object]:
    return {
        "whole": report.whole,
        "wallets": report.wallets,
        "transfers": report.transfers,
        "guards_tried": report.guards_tried,
        "problems": [
            {"code": item.code, "message": item.message, "reseller": item.reseller, "transfer": item.transfer}
            for item in report.problems
        ],
    }
