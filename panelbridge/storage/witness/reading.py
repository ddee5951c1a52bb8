"""How far the books are, read in one snapshot."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select, text

from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.ledger.tables import links, wallets
from panelbridge.storage.provisioning.tables import attempts
from panelbridge.storage.witness.record import Head, Seen

# Attempts are inserted and never deleted, so their row number counts the calls ever begun.
_SEQUENCE = Prepared(select(func.max(text("attempts.rowid"))).select_from(attempts))
_OPERATION = Prepared(
    select(text("seq")).select_from(text("sqlite_sequence")).where(text("name = 'operations'"))
)
_NEW_LINKS = Prepared(
    select(links.c.id, links.c.wallet_id, links.c.sequence, links.c.link)
    .where(links.c.id > bindparam("seen"))
    .order_by(links.c.id)
)
_HEADS = Prepared(select(wallets.c.id, wallets.c.sequence, wallets.c.tail))
_NEWEST_LINK = Prepared(select(func.max(links.c.id)))
_LINK_AT = Prepared(
    select(links.c.link).where(
        links.c.wallet_id == bindparam("wallet"), links.c.sequence == bindparam("sequence")
    )
)


class BooksReader:
    """Remembers the heads it has read, so that after the first time only new links are."""

    def __init__(self) -> None:
        self._link: int | None = None
        self._heads: dict[int, Head] = {}

    def seen(self, connection: Connection) -> Seen:
        """By one thread at a time."""
        if self._link is None:
            self._begin(connection)
        for number, wallet, sequence, link in _NEW_LINKS.run(connection, {"seen": self._link}).all():
            self._heads[wallet] = Head(sequence=sequence, link=link)
            self._link = number
        operation = _OPERATION.run(connection, {}).first()
        return Seen(
            sequence=_SEQUENCE.run(connection, {}).scalar_one() or 0,
            operation=int(operation[0]) if operation is not None else 0,
            heads=dict(self._heads),
        )

    def _begin(self, connection: Connection) -> None:
        rows = _HEADS.run(connection, {}).all()
        self._heads = {wallet: Head(sequence=sequence, link=tail) for wallet, sequence, tail in rows}
        self._link = int(_NEWEST_LINK.run(connection, {}).scalar_one() or 0)


def link_at(connection: Connection, wallet: int, sequence: int) -> str | None:
    """The link of that chain there."""
    row = _LINK_AT.run(connection, {"wallet": wallet, "sequence": sequence}).first()
    return None if row is None else str(row[0])
