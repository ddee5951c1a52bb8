"""Reading the ledger: history by filter, chains in order, crossings of the floor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, null, or_, select, text

from panelbridge.ledger.accounts import FIRST_WALLET, ResellerId
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.history import HistoryFilter, HistoryLine
from panelbridge.ledger.port import ChainedTransfer
from panelbridge.ledger.rules import balance_change, held_change
from panelbridge.ledger.transfers import TransferId, TransferKind
from panelbridge.ledger.wallets import FloorCrossing, WalletState
from panelbridge.storage.engine.schema import from_micros, to_micros
from panelbridge.storage.ledger.rows import (
    LINK_COLUMNS,
    TRANSFER_COLUMNS,
    WALLET_COLUMNS,
    place_of,
    transfer_of,
    wallet_of,
)
from panelbridge.storage.ledger.tables import crossings, links, texts, transfers, wallets

_CHAIN_PAGE = 1000
_COMMON = frozenset({TransferKind.HOLD, TransferKind.POST})
_RARE = text("ledger_transfers.kind NOT IN ('hold', 'post')")  # as in the partial index


def wallets_in_order(connection: Connection) -> Sequence[WalletState]:
    """All wallets by id."""
    rows = connection.execute(select(*WALLET_COLUMNS).order_by(wallets.c.id)).all()
    return [wallet_of(row) for row in rows]


def wallets_after(connection: Connection, reseller: int, limit: int) -> Sequence[WalletState]:
    """The first wallets of resellers above that one, by reseller."""
    query = select(*WALLET_COLUMNS).where(wallets.c.reseller_id > reseller).order_by(wallets.c.reseller_id)
    return [wallet_of(row) for row in connection.execute(query.limit(limit)).all()]


def history(connection: Connection, wanted: HistoryFilter) -> Sequence[HistoryLine]:
    """One page of lines, by the id of the link."""
    columns = (links.c.id, links.c.wallet_id, wallets.c.reseller_id, links.c.balance, links.c.held)
    query = (
        select(*columns, *TRANSFER_COLUMNS)
        .select_from(_linked().join(wallets, wallets.c.id == links.c.wallet_id))
        .order_by(_order(wanted))
        .limit(wanted.limit)
    )
    wallet = _wallet_of(connection, wanted.reseller)
    if wallet is not None:
        # A subscription's few lines are found by it, not in the whole chain, for which ``coalesce``.
        of_few = wanted.subscription is not None
        owner = func.coalesce(links.c.wallet_id, null()) if of_few else links.c.wallet_id
        query = query.where(owner == wallet)
    if wanted.after is not None:
        query = query.where(_behind(wanted, _place(connection, wanted, wallet, wanted.after)))
    return [_line(row) for row in connection.execute(_narrowed(query, wanted)).all()]


def _wallet_of(connection: Connection, reseller: ResellerId | None) -> int | None:
    """The reseller's wallet, 0 when he has none; ``None``: any."""
    if reseller is None:
        return None
    query = select(wallets.c.id).where(wallets.c.reseller_id == reseller)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def _order(wanted: HistoryFilter) -> ColumnElement[Any]:
    column = _column(wanted)
    return column.desc() if wanted.newest_first else column.asc()


def _column(wanted: HistoryFilter) -> ColumnElement[Any]:
    # In one wallet sequence, id and transfer rise together: ordered by what the lines are found by.
    if _are_rare(wanted):
        return transfers.c.id
    return links.c.sequence if _in_chain(wanted) else links.c.id


def _in_chain(wanted: HistoryFilter) -> bool:
    return wanted.reseller is not None and wanted.subscription is None


def _are_rare(wanted: HistoryFilter) -> bool:
    """Kinds that have an index of their own: in a chain they stand far from each other."""
    return _in_chain(wanted) and len(wanted.kinds) == 1 and not wanted.kinds & _COMMON


def _narrowed(query: Select[Any], wanted: HistoryFilter) -> Select[Any]:
    if wanted.subscription is not None:
        query = query.where(transfers.c.subscription_id == wanted.subscription)
    if wanted.operation is not None:
        query = query.where(transfers.c.operation_id == wanted.operation)
    if wanted.kinds:
        query = query.where(transfers.c.kind.in_(sorted(kind.value for kind in wanted.kinds)))
    if _are_rare(wanted):
        query = query.where(_RARE)
    if wanted.since is not None:
        query = query.where(transfers.c.at >= to_micros(wanted.since))
    if wanted.until is not None:
        query = query.where(transfers.c.at < to_micros(wanted.until))
    return query


def _place(connection: Connection, wanted: HistoryFilter, wallet: int | None, after: int) -> int:
    """Where the line ``after`` stands in the column that gives the order."""
    if wallet is None or not _in_chain(wanted):
        return after
    known = links.c.transfer_id if _are_rare(wanted) else links.c.sequence
    # From ``after`` backwards, where it is the first: not the whole chain sorted, for which ``coalesce``.
    query = select(known).where(func.coalesce(links.c.wallet_id, null()) == wallet, links.c.id <= after)
    last = query.order_by(links.c.id.desc()).limit(1)
    return int(connection.execute(last).scalar_one_or_none() or 0)


def _behind(wanted: HistoryFilter, place: int) -> ColumnElement[bool]:
    column = _column(wanted)
    before_it: ColumnElement[bool] = column < place
    return before_it if wanted.newest_first else column > place


def _linked() -> Any:
    return links.join(transfers, transfers.c.id == links.c.transfer_id).outerjoin(
        texts, texts.c.transfer_id == transfers.c.id
    )


def _line(row: Sequence[Any]) -> HistoryLine:
    number, wallet, reseller, balance, held = row[:5]
    transfer = transfer_of(row[5:])
    return HistoryLine(
        id=number,
        reseller=ResellerId(reseller),
        transfer=transfer,
        balance_before=Credits(balance - balance_change(transfer, wallet)),
        balance_after=Credits(balance),
        held_before=Credits(held - held_change(transfer, wallet)),
        held_after=Credits(held),
    )


def chain(connection: Connection, wallet: WalletState) -> Iterator[ChainedTransfer]:
    """The wallet's links from the first, read page by page."""
    query = (
        select(*LINK_COLUMNS, texts.c.salt, *TRANSFER_COLUMNS)
        .select_from(_linked())
        .where(links.c.wallet_id == wallet.id)
        .order_by(links.c.sequence)
        .limit(_CHAIN_PAGE)
    )
    last = None
    while rows := connection.execute(query if last is None else query.where(links.c.sequence > last)).all():
        for row in rows:
            cells = tuple(row)
            place, link = place_of(wallet, cells[:6])
            yield ChainedTransfer(place=place, link=link, salt=cells[6], transfer=transfer_of(cells[7:]))
        last = rows[-1][0]


def newest_key_id(connection: Connection) -> str | None:
    """The key that signed the newest link of all chains."""
    query = select(links.c.key_id).order_by(links.c.id.desc()).limit(1)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else str(found)


def unlinked(connection: Connection) -> Sequence[TransferId]:
    """Transfers whose links are not exactly one for each wallet they touch."""
    ends = case((transfers.c.source_id >= FIRST_WALLET, 1), else_=0) + case(
        (transfers.c.target_id >= FIRST_WALLET, 1), else_=0
    )
    touches = or_(links.c.wallet_id == transfers.c.source_id, links.c.wallet_id == transfers.c.target_id)
    right = func.coalesce(func.sum(case((touches, 1), else_=0)), 0)
    query = (
        select(transfers.c.id)
        .select_from(transfers.outerjoin(links, and_(links.c.transfer_id == transfers.c.id)))
        .group_by(transfers.c.id, transfers.c.source_id, transfers.c.target_id)
        .having(or_(func.count(links.c.id) != ends, right != ends, ends == 0))
        .order_by(transfers.c.id)
    )
    return [TransferId(row[0]) for row in connection.execute(query).all()]


def crossings_after(connection: Connection, since: int, limit: int) -> Sequence[FloorCrossing]:
    """Crossings with an id above ``since``, oldest first."""
    query = (
        select(*crossings.c, wallets.c.reseller_id)
        .join(wallets, wallets.c.id == crossings.c.wallet_id)
        .where(crossings.c.id > since)
        .order_by(crossings.c.id)
        .limit(limit)
    )
    return [_crossing(row) for row in connection.execute(query).all()]


def _crossing(row: Sequence[Any]) -> FloorCrossing:
    number, _, at, available, floor, transfer, reseller = row
    return FloorCrossing(
        id=number,
        reseller=ResellerId(reseller),
        at=from_micros(at),
        available=Credits(available),
        floor=Credits(floor),
        transfer=None if transfer is None else TransferId(transfer),
    )
