"""The ledger's port on SQLAlchemy Core, over one open connection."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from panelbridge.ledger.accounts import FIRST_WALLET, AccountNumber, ResellerId
from panelbridge.ledger.chain import GENESIS, ChainKeys, Link, link, text_digest
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.exceptions import LedgerBroken
from panelbridge.ledger.history import HistoryFilter, HistoryLine
from panelbridge.ledger.port import ChainedTransfer
from panelbridge.ledger.transfers import Transfer, TransferId
from panelbridge.ledger.wallets import FloorCrossing, Move, WalletState
from panelbridge.storage.engine import guard_trials
from panelbridge.storage.engine.locks import Locks
from panelbridge.storage.engine.schema import to_micros
from panelbridge.storage.exceptions import StorageBusy
from panelbridge.storage.ledger import reading as ledger_reading
from panelbridge.storage.ledger import sql as ledger_sql
from panelbridge.storage.ledger.rows import transfer_of, transfer_values, wallet_of

_KEY = "uq_ledger_transfers_key"


class SqlLedgerStore:
    """Implements ``LedgerStore``; commits nothing."""

    def __init__(self, connection: Connection, keys: ChainKeys, locks: Locks | None = None) -> None:
        self._connection = connection
        self._keys = keys
        self._locks = locks or Locks(connection)

    @property
    def keys(self) -> ChainKeys:
        return self._keys

    # -- wallets

    def open_wallet(
        self, reseller: ResellerId, *, overdraft: Credits, floor: Credits | None, at: datetime
    ) -> None:
        self._locks.take("new wallet", reseller)
        if self.wallet(reseller) is not None:
            return
        account = ledger_sql.insert_account.run(self._connection, {"kind": "wallet"}).scalar_one()
        values = {
            "id": account,
            "reseller_id": reseller,
            "balance": 0,
            "held": 0,
            "overdraft": overdraft.units,
            "floor": None if floor is None else floor.units,
            "sequence": 0,
            "tail": GENESIS,
            "opened_at": to_micros(at),
        }
        ledger_sql.insert_wallet.run(self._connection, values)

    def wallet(self, reseller: ResellerId) -> WalletState | None:
        row = ledger_sql.wallet_of_reseller.run(self._connection, {"reseller": reseller}).first()
        return None if row is None else wallet_of(row[:8])

    def wallets(self) -> Sequence[WalletState]:
        return ledger_reading.wallets_in_order(self._connection)

    def take(self, reseller: ResellerId) -> None:
        if not self._locks.needed or self._locks.holds("wallet of", reseller):
            return
        row = ledger_sql.lock_of_reseller.run(self._connection, {"reseller": reseller}).first()
        if row is not None:
            self._locks.note("wallet of", reseller)
            self._locks.note("wallet", row[0])

    def wallets_after(self, reseller: int, limit: int) -> Sequence[WalletState]:
        return ledger_reading.wallets_after(self._connection, reseller, limit)

    def lock_of(self, reseller: ResellerId) -> WalletState | None:
        self.take(reseller)
        row = ledger_sql.wallet_of_reseller.run(self._connection, {"reseller": reseller}).first()
        return None if row is None else _checked(row)

    def lock(self, accounts: Sequence[AccountNumber]) -> Sequence[WalletState]:
        # One by one in order of id, so that two transfers between the same wallets cannot wait on each other.
        numbers = sorted({number for number in accounts if number >= FIRST_WALLET})
        for number in numbers:
            self._take_account(number)
        rows = [ledger_sql.wallet_of_account.run(self._connection, {"account": n}).first() for n in numbers]
        return [_checked(row) for row in rows if row is not None]

    def _take_account(self, number: AccountNumber) -> None:
        if self._locks.needed and not self._locks.holds("wallet", number):
            ledger_sql.lock_account.run(self._connection, {"account": number}).first()
            self._locks.note("wallet", number)

    def set_limits(self, wallet: WalletState, *, overdraft: Credits, floor: Credits | None) -> None:
        units = None if floor is None else floor.units
        values = {"account": wallet.id, "new_overdraft": overdraft.units, "new_floor": units}
        ledger_sql.set_limits.run(self._connection, values)

    # -- transfers

    def transfer(self, transfer: TransferId) -> Transfer | None:
        row = ledger_sql.transfer_by_id.run(self._connection, {"wanted": transfer}).first()
        return None if row is None else transfer_of(row)

    def keyed(self, key: str) -> Transfer | None:
        row = ledger_sql.transfer_by_key.run(self._connection, {"wanted": key}).first()
        return None if row is None else transfer_of(row)

    def resolution(self, hold: TransferId) -> Transfer | None:
        row = ledger_sql.transfer_resolving.run(self._connection, {"wanted": hold}).first()
        return None if row is None else transfer_of(row)

    def corrected(self, transfer: TransferId) -> Credits:
        units = ledger_sql.sum_corrected.run(self._connection, {"wanted": transfer}).scalar_one()
        return Credits(int(units))  # PostgreSQL sums into a Decimal

    def open_holds(self, before: datetime, limit: int) -> Sequence[Transfer]:
        values = {"before": to_micros(before), "most": limit}
        rows = ledger_sql.open_holds.run(self._connection, values).all()
        return [transfer_of(row) for row in rows]

    def record(self, transfer: Transfer, moves: Sequence[Move]) -> Transfer:
        try:
            return self._record(transfer, moves)
        except IntegrityError as error:
            # The rules were checked before, under the write lock: a refusal of the database now means that
            # rows and rules disagree. What was written of this transfer must not be committed by a caller
            # that swallows the error.
            transaction = self._connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
            if _is_key_taken(error):
                raise StorageBusy("another transaction used the same key first") from None
            raise LedgerBroken(f"the database refused a transfer: {error.orig}") from None

    def _record(self, transfer: Transfer, moves: Sequence[Move]) -> Transfer:
        run, context, actor = self._connection, transfer.context, transfer.actor or ""
        salt = secrets.token_bytes(16)
        digest = text_digest(salt, actor, context.reason, context.note)
        number = ledger_sql.insert_transfer.run(run, transfer_values(transfer)).scalar_one()
        recorded = replace(transfer, id=TransferId(number))
        words = {"actor": actor, "reason": context.reason, "note": context.note}
        ledger_sql.insert_text.run(run, {"transfer_id": number, "salt": salt, **words})
        for move in moves:
            self._append(recorded, move, digest)
        return recorded

    def _append(self, transfer: Transfer, move: Move, digest: str) -> None:
        wallet = move.wallet
        place = Link(
            wallet=wallet.id,
            reseller=wallet.reseller,
            sequence=wallet.sequence + 1,
            balance=move.balance.units,
            held=move.held.units,
            key_id=self._keys.current,
            text_digest=digest,
        )
        head = link(self._keys, wallet.tail, place, transfer)
        row = {
            "wallet_id": wallet.id,
            "sequence": place.sequence,
            "transfer_id": transfer.id,
            "balance": place.balance,
            "held": place.held,
            "key_id": place.key_id,
            "text_digest": digest,
            "link": head,
        }
        ledger_sql.insert_link.run(self._connection, row)
        moved = {
            "account": wallet.id,
            "old_sequence": wallet.sequence,
            "new_sequence": place.sequence,
            "new_balance": place.balance,
            "new_held": place.held,
            "new_tail": head,
        }
        if ledger_sql.move_wallet.run(self._connection, moved).rowcount != 1:
            raise StorageBusy("another transfer moved the wallet first")

    def cross_floor(
        self, wallet: WalletState, *, available: Credits, transfer: TransferId | None, at: datetime
    ) -> None:
        values = {
            "wallet_id": wallet.id,
            "at": to_micros(at),
            "available": available.units,
            "floor": 0 if wallet.floor is None else wallet.floor.units,
            "transfer_id": transfer,
        }
        ledger_sql.insert_crossing.run(self._connection, values)

    # -- reading

    def floor_crossings(self, since: int, limit: int) -> Sequence[FloorCrossing]:
        return ledger_reading.crossings_after(self._connection, since, limit)

    def history(self, wanted: HistoryFilter) -> Sequence[HistoryLine]:
        return ledger_reading.history(self._connection, wanted)

    def erase_text(self, transfer: TransferId) -> None:
        ledger_sql.erase_text.run(self._connection, {"wanted": transfer})

    def chain(self, wallet: WalletState) -> Iterator[ChainedTransfer]:
        return ledger_reading.chain(self._connection, wallet)

    def unlinked(self) -> Sequence[TransferId]:
        return ledger_reading.unlinked(self._connection)

    def broken_guards(self) -> Sequence[str] | None:
        return guard_trials.broken(self._connection)


def _is_key_taken(error: IntegrityError) -> bool:
    """By a transfer of other wallets, between the look for the key and the row; the next look finds it.

    Within one wallet its lock holds that, and SQLite has no second writer.
    """
    reported = getattr(error.orig, "diag", None)
    return reported is not None and reported.constraint_name == _KEY


def _checked(row: Sequence[object]) -> WalletState:
    """The wallet, when its row and the last link of its chain tell the same."""
    wallet, last = wallet_of(row[:8]), tuple(row[8:])
    expected = (wallet.tail, wallet.balance.units, wallet.held.units)
    if wallet.sequence == 0 and last == (None, None, None):
        last = (GENESIS, 0, 0)
    if last != expected:
        raise LedgerBroken(f"the wallet of reseller {wallet.reseller} contradicts the end of its chain")
    return wallet
