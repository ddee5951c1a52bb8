"""``panelbridge ledger``: the proof of the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from whmcs_module_shim.cli.options import AsJson
from whmcs_module_shim.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.ledger import VerifyReport
    from whmcs_module_shim.config import ServiceConfig

app = typer.Typer(no_args_is_help=True, help="The books of credits.")


@app.command("verify")
def verify_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Recompute every chain and wallet, and try to break every guard. Changes nothing; sales go on."""
    from whmcs_module_shim.cli.bridge import require_database
    from whmcs_module_shim.cli.exits import Exit

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    with screen.working("verifying the books"):
        report = verify_books_of(config)
    if screen.as_json:
        screen.json(_document(report))
    elif report.whole:
        screen.say(
            f"The books are whole: {report.wallets} wallets, {report.transfers} transfers, "
            "every chain and every guard."
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


def verify_books_of(config: ServiceConfig) -> VerifyReport:
    """The full verification, in a snapshot and one short write that is rolled back."""
    from panelbridge.storage.audit import verify_ledger
    from panelbridge.storage.database import Database
    from panelbridge.storage.key_file import open_vault
    from whmcs_module_shim.compose import database_url

    vault = open_vault(config.key_file)
    database = Database(database_url(config))
    try:
        return verify_ledger(database, vault.chain)
    finally:
        database.close()


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
