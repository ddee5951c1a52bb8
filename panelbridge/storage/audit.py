"""The full verification of the books, without stopping sales for as long as it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from panelbridge.ledger import ChainKeys, VerifyReport, WalletState
from panelbridge.ledger.verification import guard_problems, verify_books
from panelbridge.storage import guard_trials
from panelbridge.storage.database import Database
from panelbridge.storage.ledger_store import SqlLedgerStore


def verify_ledger(database: Database, keys: ChainKeys, *, heads: Sequence[WalletState] = ()) -> VerifyReport:
    """Walk the chains in a snapshot, then try the guards in a short write that is rolled back.

    ``heads``: wallets as logged earlier, to find a chain that was cut back.
    """
    with database.read() as connection:
        report = verify_books(SqlLedgerStore(connection, keys), heads)
    with database.write() as connection:
        broken = guard_trials.broken(connection) or ()
    problems = (*report.problems, *guard_problems(broken))
    return replace(report, problems=problems, guards_tried=True)
