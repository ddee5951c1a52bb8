"""The full verification of the books, without stopping sales for as long as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import Connection

from panelbridge.ledger import ChainKeys, VerifyReport
from panelbridge.ledger.verification import Heads, Problem, guard_problems, verify_books
from panelbridge.storage.engine import guard_trials
from panelbridge.storage.engine.database import Database
from panelbridge.storage.engine.schema_check import schema_problems
from panelbridge.storage.ledger.agreement import disagreements
from panelbridge.storage.ledger.store import SqlLedgerStore
from panelbridge.storage.witness import Record, losses_of


def verify_ledger(
    database: Database, keys: ChainKeys, *, heads: Heads = (), witness: Record | None = None
) -> VerifyReport:
    """Walk the chains in a snapshot, then try the guards in a short write that is rolled back.

    ``heads``: wallets as logged earlier, to find a chain that was cut back. ``witness``: what the witness
    said before this began.
    """
    with database.read() as connection:
        report = verify_books(SqlLedgerStore(connection, keys), heads)
        others = list(disagreements(connection))
        if witness is not None:
            others.extend(_witnessed(connection, witness))
    others.extend(schema_problems(database))
    with database.write() as connection:
        broken = guard_trials.broken(connection) or ()
    problems = (*report.problems, *others, *guard_problems(broken))
    return replace(report, problems=problems, guards_tried=True)


def _witnessed(connection: Connection, witness: Record) -> Iterator[Problem]:
    for lost in losses_of(witness, connection):
        yield Problem(code="witness", message=f"the witness saw more: {lost}", blocks=False)
