"""How far the books are, read in one snapshot."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select, text

from panelbridge.storage.engine.prepared import Prepared
from panelbridge.storage.ledger.tables import links, wallets
from panelbridge.storage.provisioning.tables import attempts, operations
from panelbridge.storage.witness.record import Head, Seen

# Attempts are inserted and never deleted, so their number counts the calls ever begun. On SQLite it is the
# row's own, on PostgreSQL that of a sequence; and there a lower number may be committed after a higher one.
LATE = 64  # so many numbers are looked at again: more than have a transaction open at once
_ROWID = text("attempts.rowid")
_NUMBERED = {"sqlite": _ROWID, "postgresql": attempts.c.position}
_SEQUENCE = {
    name: Prepared(select(func.max(column)).select_from(attempts)) for name, column in _NUMBERED.items()
}
_RECENT = Prepared(
    select(func.count())
    .select_from(attempts)
    .where(attempts.c.position > bindparam("after"), attempts.c.position <= bindparam("last"))
)
# A number that was given out and never committed is nobody's; a sequence has it, and a crash forgets it.
_OPERATION = {
    "sqlite": Prepared(
        select(text("seq")).select_from(text("sqlite_sequence")).where(text("name = 'operations'"))
    ),
    "postgresql": Prepared(select(func.max(operations.c.id))),
}
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
        self._read_new_links(connection)
        dialect = connection.dialect.name
        operation = _OPERATION[dialect].run(connection, {}).first()
        sequence = _SEQUENCE[dialect].run(connection, {}).scalar_one() or 0
        return Seen(
            sequence=sequence,
            recent=Past(connection).recent_at(sequence),
            operation=int(operation[0] or 0) if operation is not None else 0,
            heads=dict(self._heads),
        )

    def _begin(self, connection: Connection) -> None:
        rows = _HEADS.run(connection, {}).all()
        self._heads = {wallet: Head(sequence=sequence, link=tail) for wallet, sequence, tail in rows}
        self._link = int(_NEWEST_LINK.run(connection, {}).scalar_one() or 0)

    def _read_new_links(self, connection: Connection) -> None:
        known = self._link or 0
        after = known if connection.dialect.name == "sqlite" else known - LATE
        for number, wallet, sequence, link in _NEW_LINKS.run(connection, {"seen": after}).all():
            head = self._heads.get(wallet)
            if head is None or head.sequence < sequence:  # the links of one wallet are committed in order
                self._heads[wallet] = Head(sequence=sequence, link=link)
            self._link = max(self._link or 0, number)


class Past:
    """What the books of a connection say of an earlier moment."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def link_at(self, wallet: int, sequence: int) -> str | None:
        """The link of that chain there."""
        row = _LINK_AT.run(self._connection, {"wallet": wallet, "sequence": sequence}).first()
        return None if row is None else str(row[0])

    def recent_at(self, sequence: int) -> int:
        """How many of the last numbers up to ``sequence`` are there; on SQLite none is ever late."""
        if self._connection.dialect.name == "sqlite":
            return 0
        values = {"after": sequence - LATE, "last": sequence}
        return int(_RECENT.run(self._connection, values).scalar_one())
