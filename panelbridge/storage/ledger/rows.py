"""From rows of the ledger's tables to its records and back. Instants are microseconds in the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from panelbridge.ledger.accounts import AccountNumber, ResellerId
from panelbridge.ledger.chain import Link
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.transfers import Transfer, TransferContext, TransferId, TransferKind
from panelbridge.ledger.wallets import WalletState
from panelbridge.storage.engine.schema import from_micros, to_micros
from panelbridge.storage.ledger.tables import links, texts, transfers, wallets

TRANSFER_COLUMNS: tuple[ColumnElement[Any], ...] = (*transfers.c, texts.c.actor, texts.c.reason, texts.c.note)
WALLET_COLUMNS: tuple[ColumnElement[Any], ...] = (
    wallets.c.id,
    wallets.c.reseller_id,
    wallets.c.balance,
    wallets.c.held,
    wallets.c.overdraft,
    wallets.c.floor,
    wallets.c.sequence,
    wallets.c.tail,
)
LINK_COLUMNS: tuple[ColumnElement[Any], ...] = (
    links.c.sequence,
    links.c.balance,
    links.c.held,
    links.c.key_id,
    links.c.text_digest,
    links.c.link,
)


def wallet_of(row: Sequence[Any]) -> WalletState:
    """From ``WALLET_COLUMNS``."""
    number, reseller, balance, held, overdraft, floor, sequence, tail = row
    return WalletState(
        id=AccountNumber(number),
        reseller=ResellerId(reseller),
        balance=Credits(balance),
        held=Credits(held),
        overdraft=Credits(overdraft),
        floor=None if floor is None else Credits(floor),
        sequence=sequence,
        tail=tail,
    )


def transfer_of(row: Sequence[Any]) -> Transfer:
    """From ``TRANSFER_COLUMNS``."""
    (number, kind, source, target, amount, released, at, key, resolves, corrects) = row[:10]
    (subscription, operation, plan, term, start, until, before, after, actor, reason, note) = row[10:]
    return Transfer(
        id=TransferId(number),
        kind=TransferKind(kind),
        source=AccountNumber(source),
        target=AccountNumber(target),
        amount=Credits(amount),
        released=Credits(released),
        at=from_micros(at),
        key=key,
        resolves=None if resolves is None else TransferId(resolves),
        corrects=None if corrects is None else TransferId(corrects),
        actor=actor,
        context=TransferContext(
            subscription=subscription,
            operation=operation,
            plan=plan,
            term=term,
            reason=reason or "",
            period_from=_instant(start),
            period_to=_instant(until),
            expiry_before=_instant(before),
            expiry_after=_instant(after),
            note=note,
        ),
    )


def transfer_values(transfer: Transfer) -> dict[str, Any]:
    """For the insert: every column of ``transfers`` but the id."""
    context = transfer.context
    return {
        "kind": transfer.kind.value,
        "source_id": transfer.source,
        "target_id": transfer.target,
        "amount": transfer.amount.units,
        "released": transfer.released.units,
        "at": to_micros(transfer.at),
        "key": transfer.key,
        "resolves": transfer.resolves,
        "corrects": transfer.corrects,
        "subscription_id": context.subscription,
        "operation_id": context.operation,
        "plan": context.plan,
        "term": context.term,
        "period_from": _micros(context.period_from),
        "period_to": _micros(context.period_to),
        "expiry_before": _micros(context.expiry_before),
        "expiry_after": _micros(context.expiry_after),
    }


def place_of(wallet: WalletState, row: Sequence[Any]) -> tuple[Link, str]:
    """From ``LINK_COLUMNS``: where the link stands, and the link itself."""
    sequence, balance, held, key_id, digest, link = row
    place = Link(
        wallet=wallet.id,
        reseller=wallet.reseller,
        sequence=sequence,
        balance=balance,
        held=held,
        key_id=key_id,
        text_digest=digest,
    )
    return place, link


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)
