"""The full verification of the ledger."""

from __future__ import annotations

from pathlib import Path

from panelbridge.actions.refused import Refused
from panelbridge.ledger import VerifyReport
from panelbridge.ledger.verification import Heads
from panelbridge.service.books import books_folder, open_database
from panelbridge.service.compose import utc_now
from panelbridge.service.config import ServiceConfig
from panelbridge.storage.audit import verify_ledger
from panelbridge.storage.ledger.head_log import read_heads
from panelbridge.storage.provisioning.effects_store import SqlEffectsStore
from panelbridge.storage.vault.key_file import open_vault
from panelbridge.storage.witness import Witness


def logged_heads(file: Path | None) -> Heads:
    """The chain heads in a log of ``serve``. Raises ``Refused`` when there is none in it."""
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


def verify_books(config: ServiceConfig, heads: Heads = ()) -> VerifyReport:
    """In a snapshot and one short write that is rolled back."""
    vault = open_vault(config.key_file)
    database = open_database(config)
    witness = Witness(config.witness, books_folder(config), database, vault.witness, utc_now)
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
