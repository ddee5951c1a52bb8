"""How many operations of each verb are in each state, without counting the journal.

What settles stays as it settled, so a row is added then, in the same transaction; writers of one common row
would wait for each other. Now and then the rows are added up. What is not settled is counted from its index.
``ledger verify`` compares both with the journal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.models import Operation, OperationState
from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.provisioning.due_rows import UNSETTLED_ROWS
from panelbridge.storage.provisioning.tables import operation_counts, operations

_SETTLED = Prepared(
    insert(operation_counts).values(verb=bindparam("verb"), state=bindparam("state"), count=1)
)


def count_settled(connection: Connection, operation: Operation) -> None:
    """``operation`` settles in this transaction."""
    _SETTLED.run(connection, {"verb": operation.verb.value, "state": operation.state.value})


def counts(connection: Connection) -> Sequence[tuple[Verb, OperationState, int]]:
    """By verb and state."""
    kept = select(operation_counts.c.verb, operation_counts.c.state, operation_counts.c.count)
    open_ones = (
        select(operations.c.verb, operations.c.state, func.count())
        .where(UNSETTLED_ROWS)
        .group_by(operations.c.verb, operations.c.state)
    )
    found: Counter[tuple[str, str]] = Counter()
    for query in (kept, open_ones):
        for verb, state, count in connection.execute(query):
            found[verb, state] += count
    return [(Verb(verb), OperationState(state), count) for (verb, state), count in sorted(found.items())]


def add_counts_up(connection: Connection, most: int) -> int:
    """One row for each verb and state, when there are more than ``most``; how many there were."""
    rows = connection.execute(select(func.count()).select_from(operation_counts)).scalar_one()
    if rows <= most:
        return int(rows)
    columns = (operation_counts.c.verb, operation_counts.c.state, operation_counts.c.count)
    sums: Counter[tuple[str, str]] = Counter()
    for verb, state, count in connection.execute(delete(operation_counts).returning(*columns)):
        sums[verb, state] += count
    rows_now = [{"verb": verb, "state": state, "count": count} for (verb, state), count in sums.items()]
    if rows_now:
        connection.execute(insert(operation_counts), rows_now)
    return int(rows)
