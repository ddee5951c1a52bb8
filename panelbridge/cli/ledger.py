"""``panelbridge ledger``: the proof of the books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panelbridge.actions.refused import Refused
from panelbridge.cli.options import AsJson
from panelbridge.cli.screen import Screen

if TYPE_CHECKING:
    from panelbridge.ledger import VerifyReport
    from panelbridge.ledger.verification import Heads
    from panelbridge.service.config import ServiceConfig

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
    from panelbridge.cli.bridge import require_database
    from panelbridge.cli.exits import Exit

    screen = Screen(as_json=as_json)
    config = context.obj()
    require_database(config)
    with screen.working("verifying the books"):
        logged = _logged(heads)
        report = verify_books_of(config, logged)
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


def _logged(file: Path | None) -> Heads:
    from panelbridge.storage.ledger.head_log import read_heads

    if file is None:
        return ()
    try:
        found = read_heads(file.read_text("utf-8", "replace").splitlines())
    except OSError as error:
        raise Refused(
            "configuration", f"the log {file} cannot be read: {error.strerror}", advice="Name another."
        ) from None
    if not found:
        raise Refused(
            "invalid_request",
            f"{file} holds no chain head",
            advice="Give a log of `panelbridge serve` at level info: it writes them at its start and daily.",
        )
    return found


def verify_books_of(config: ServiceConfig, heads: Heads = ()) -> VerifyReport:
    """The full verification, in a snapshot and one short write that is rolled back."""
    from panelbridge.service.books import database_url
    from panelbridge.service.compose import utc_now
    from panelbridge.storage.audit import verify_ledger
    from panelbridge.storage.engine.database import Database
    from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
    from panelbridge.storage.vault.key_file import open_vault
    from panelbridge.storage.witness import Witness

    vault = open_vault(config.key_file)
    database = Database(database_url(config))
    witness = Witness(config.witness, database, vault.witness, utc_now)
    try:
        said = witness.last()  # before the database: it is written after it
        with database.read() as connection:
            stop = SqlEffectsStore(connection).stopped()
        # After a restore the witness is ahead on purpose, until a person has compared.
        restored = stop is not None and stop.code == "restored"
        return verify_ledger(database, vault.chain, heads=heads, witness=None if restored else said)
    finally:
        witness.close()
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
