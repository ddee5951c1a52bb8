# ruff: noqa: S608, ISC004 - statements made of our own words, too long for one line
"""Whether journal and ledger tell the same, asked from both sides, and what only an emptied table lacks.

Rows written by earlier releases may know less (what was charged, for one): what they do not say is not held
against them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from panelbridge.ledger.verification import Problem
from panelbridge.storage.engine.dialects import for_postgres

_CHARGED = "json_extract(o.after, '$.charged')"  # '0' where a done operation owed nothing
_HOLD = "LEFT JOIN ledger_transfers h ON h.id = o.hold LEFT JOIN ledger_transfers r ON r.resolves = h.id"
_LATE = "EXISTS (SELECT 1 FROM ledger_transfers c WHERE c.kind = 'charge' AND c.operation_id = o.id)"

# code -> message, and the rows it is said of: operation, transfer, reseller.
_CHECKS: dict[str, tuple[str, str]] = {
    "accounts": (
        "account {transfer} of the ledger itself is gone: its tables were emptied or replaced",
        "WITH own(id, kind) AS (VALUES (1, 'stock'), (2, 'consumed'), (3, 'adjustment'), (4, 'debt'))"
        " SELECT NULL, own.id, NULL FROM own LEFT JOIN ledger_accounts a ON a.id = own.id"
        " AND a.kind = own.kind WHERE a.id IS NULL",
    ),
    "no_wallet": (
        "reseller {reseller} has no wallet: it was removed with its chain",
        "SELECT NULL, NULL, p.id FROM resellers p LEFT JOIN ledger_wallets w ON w.reseller_id = p.id"
        " WHERE w.id IS NULL",
    ),
    "text_gone": (
        "the text of transfer {transfer} was deleted; an erased one leaves its row",
        "SELECT NULL, t.id, NULL FROM ledger_transfers t LEFT JOIN ledger_texts x ON x.transfer_id = t.id"
        " WHERE x.transfer_id IS NULL",
    ),
    "hold_differs": (
        "operation {operation} and hold {transfer} of the ledger differ in price, hold, or whose they are",
        "SELECT o.id, o.hold, o.reseller_id FROM operations o LEFT JOIN ledger_transfers h ON h.id = o.hold"
        " LEFT JOIN ledger_wallets w ON w.id = h.source_id WHERE o.hold IS NOT NULL AND (h.id IS NULL"
        " OR h.kind <> 'hold' OR h.operation_id IS NOT o.id OR h.subscription_id IS NOT o.subscription_id"
        " OR h.amount <> o.price OR w.reseller_id IS NOT o.reseller_id)",
    ),
    "hold_stray": (
        "hold {transfer} was taken for operation {operation}, which does not know it",
        "SELECT h.operation_id, h.id, NULL FROM ledger_transfers h LEFT JOIN operations o"
        " ON o.id = h.operation_id AND o.hold = h.id"
        " WHERE h.kind = 'hold' AND h.operation_id IS NOT NULL AND o.id IS NULL",
    ),
    "transfer_stray": (
        "transfer {transfer} belongs to operation {operation}, which does not exist",
        "SELECT t.operation_id, t.id, NULL FROM ledger_transfers t LEFT JOIN operations o"
        " ON o.id = t.operation_id WHERE t.kind <> 'hold' AND t.operation_id IS NOT NULL AND o.id IS NULL",
    ),
    "not_posted": (
        "operation {operation} is done and owes its price, and nothing was posted",
        f"SELECT o.id, o.hold, o.reseller_id FROM operations o {_HOLD} WHERE o.state = 'done'"
        f" AND o.price > 0 AND NOT {_LATE} AND (o.hold IS NULL OR r.id IS NULL"
        f" OR (r.kind = 'void' AND coalesce({_CHARGED}, '0') <> '0'))",
    ),
    "posted": (
        "operation {operation} says that it owed nothing, and its hold was posted",
        f"SELECT o.id, o.hold, o.reseller_id FROM operations o {_HOLD} WHERE o.state = 'done'"
        f" AND r.kind = 'post' AND {_CHARGED} = '0'",
    ),
    "not_voided": (
        "operation {operation} had no effect, and its hold {transfer} was not released",
        f"SELECT o.id, o.hold, o.reseller_id FROM operations o {_HOLD}"
        " WHERE o.state IN ('refused', 'superseded', 'withdrawn') AND o.hold IS NOT NULL"
        " AND (r.id IS NULL OR r.kind <> 'void')",
    ),
    "resolved_early": (
        "operation {operation} is not settled, and its hold {transfer} is resolved",
        f"SELECT o.id, o.hold, o.reseller_id FROM operations o {_HOLD}"
        " WHERE o.state IN ('queued', 'ready', 'sent', 'attention') AND r.id IS NOT NULL",
    ),
}


_COUNTED = (
    "SELECT verb, state, sum(kept), sum(there) FROM ("
    "SELECT verb, state, count AS kept, 0 AS there FROM operation_counts UNION ALL"
    " SELECT verb, state, 0, 1 FROM operations WHERE state NOT IN ('queued', 'ready', 'sent', 'attention')"
    ") AS told GROUP BY verb, state HAVING sum(kept) <> sum(there) ORDER BY verb, state"
)


def disagreements(connection: Connection) -> Iterator[Problem]:
    """Every contradiction between what was done and what was booked. None of them blocks a restore."""
    for code, (message, query) in _CHECKS.items():
        spelled = query if connection.dialect.name == "sqlite" else for_postgres(query)
        for operation, transfer, reseller in connection.exec_driver_sql(spelled).all():
            yield Problem(
                code=code,
                message=message.format(operation=operation, transfer=transfer, reseller=reseller),
                reseller=reseller,
                transfer=transfer if code != "accounts" else None,
                blocks=False,
            )
    for verb, state, kept, there in connection.exec_driver_sql(_COUNTED).all():
        yield Problem(
            code="counts",
            message=f"{kept} operations {verb} are counted as {state}, and the journal has {there}",
            blocks=False,
        )
