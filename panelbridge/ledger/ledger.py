"""The ledger's verbs. Used inside an open transaction: the caller commits, or nothing happened.

Repeating a verb with the same key, or resolving a hold the same way again, returns the transfer that was
made the first time. Every amount is above zero; a free service needs no hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from panelbridge.ledger.accounts import ADJUSTMENT, CONSUMED, STOCK, ZERO, AccountNumber, ResellerId
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.exceptions import (
    HoldResolved,
    InsufficientCredit,
    KeyMismatch,
    TransferRefused,
    WalletMissing,
)
from panelbridge.ledger.history import HistoryFilter, HistoryLine
from panelbridge.ledger.port import LedgerStore
from panelbridge.ledger.rules import CORRECTABLE, inherit, move, same_command
from panelbridge.ledger.statement import statement_lines
from panelbridge.ledger.transfers import Period, Transfer, TransferContext, TransferId, TransferKind
from panelbridge.ledger.verification import VerifyReport, verify_books
from panelbridge.ledger.wallets import FloorCrossing, WalletState

NEW = TransferId(0)
LONGEST_KEY = 200


class Ledger:
    """Wallets and transfers over one open transaction. ``clock`` gives aware UTC time."""

    def __init__(self, store: LedgerStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    # -- wallets

    def open_wallet(
        self, reseller: ResellerId, *, overdraft: Credits = ZERO, floor: Credits | None = None
    ) -> WalletState:
        """The reseller has a wallet. One that exists keeps its limits."""
        if overdraft < ZERO:
            raise TransferRefused(f"an overdraft is zero or more, got {overdraft}")
        self._store.open_wallet(reseller, overdraft=overdraft, floor=floor, at=self._clock())
        return self.wallet(reseller)

    def wallet(self, reseller: ResellerId) -> WalletState:
        """Raises ``WalletMissing``."""
        state = self._store.wallet(reseller)
        if state is None:
            raise WalletMissing(f"reseller {reseller} has no wallet")
        return state

    def lock(self, reseller: ResellerId) -> None:
        """Nobody else moves the wallet until this transaction ends.

        For who reads what depends on its credit: a top-up is then wholly before that or after.
        """
        self._store.take(reseller)

    def wallets(self) -> Sequence[WalletState]:
        """All of them, by id; log ``sequence`` and ``tail`` daily to prove later that no end was cut off."""
        return self._store.wallets()

    def wallets_after(self, reseller: int, limit: int) -> Sequence[WalletState]:
        """The first wallets of resellers above that one, by reseller: a page of them."""
        return self._store.wallets_after(reseller, limit)

    def set_limits(self, reseller: ResellerId, *, overdraft: Credits, floor: Credits | None) -> WalletState:
        """Overdraft and floor are these. An overdraft in use cannot be taken away: ``InsufficientCredit``."""
        wallet = self._lock(reseller)
        available = wallet.available - wallet.overdraft + overdraft
        if overdraft < ZERO:
            raise TransferRefused(f"an overdraft is zero or more, got {overdraft}")
        if available < ZERO:
            raise InsufficientCredit(available=wallet.available, needed=wallet.overdraft - overdraft)
        self._store.set_limits(wallet, overdraft=overdraft, floor=floor)
        was_above = wallet.floor is None or wallet.available >= wallet.floor
        if floor is not None and available < floor and was_above:
            after = replace(wallet, overdraft=overdraft, floor=floor)
            self._store.cross_floor(after, available=available, transfer=None, at=self._clock())
        return self.wallet(reseller)

    # -- money that moves at once

    def top_up(self, reseller: ResellerId, amount: Credits, *, key: str, actor: str, reason: str) -> Transfer:
        """Credits from the provider's stock arrive in the wallet."""
        wallet = self._lock(reseller)
        command = self._new(
            TransferKind.TOP_UP, STOCK, wallet.id, amount, actor, TransferContext(reason=reason), key=key
        )
        return self._once(command, wallet)

    def adjust(self, reseller: ResellerId, amount: Credits, *, key: str, actor: str, reason: str) -> Transfer:
        """A person adds (above zero) or takes (below zero) credits, and says why."""
        _need_reason(reason)
        wallet = self._lock(reseller)
        ends = (ADJUSTMENT, wallet.id) if amount > ZERO else (wallet.id, ADJUSTMENT)
        size = amount if amount > ZERO else -amount
        command = self._new(
            TransferKind.ADJUSTMENT, *ends, size, actor, TransferContext(reason=reason), key=key
        )
        return self._once(command, wallet)

    def charge(
        self, reseller: ResellerId, amount: Credits, *, key: str, actor: str, context: TransferContext
    ) -> Transfer:
        """Consume credits without a hold, for an effect that was proved late."""
        wallet = self._lock(reseller)
        command = self._new(TransferKind.CHARGE, wallet.id, CONSUMED, amount, actor, context, key=key)
        return self._once(command, wallet)

    def transfer(
        self, source: ResellerId, target: ResellerId, amount: Credits, *, key: str, actor: str, reason: str
    ) -> Transfer:
        """Credits move between two wallets; the transfer hangs in both chains."""
        if source == target:
            raise TransferRefused("a transfer needs two different wallets")
        ends = (self.wallet(source).id, self.wallet(target).id)
        wallets = self._store.lock(ends)
        command = self._new(
            TransferKind.TRANSFER, *ends, amount, actor, TransferContext(reason=reason), key=key
        )
        return self._once(command, *wallets)

    def correct(
        self, transfer: TransferId, *, key: str, actor: str, reason: str, amount: Credits | None = None
    ) -> Transfer:
        """Move (part of) an earlier transfer back, as a new transfer linked to it."""
        _need_reason(reason)
        earlier = self._known(transfer)
        wallets = self._store.lock((earlier.source, earlier.target))
        if earlier.kind not in CORRECTABLE:
            raise TransferRefused(f"a {earlier.kind.value} moves no credits that could be corrected")
        size = earlier.amount if amount is None else amount
        context = replace(earlier.context, reason=reason, note=None)
        command = self._new(
            TransferKind.CORRECTION, earlier.target, earlier.source, size, actor, context, key=key
        )
        command = replace(command, corrects=earlier.id)
        existing = self._repeated(command)
        if existing is not None:
            return existing
        left = earlier.amount - self._store.corrected(earlier.id)
        if size > left:
            raise TransferRefused(f"{left} of transfer {transfer} can still be corrected, {size} was asked")
        return self._record(command, wallets)

    # -- hold, post, void

    def hold(
        self, reseller: ResellerId, amount: Credits, *, key: str, actor: str, context: TransferContext
    ) -> Transfer:
        """Reserve credits. A hold never times out; it ends by ``post`` or ``void``.

        Raises ``InsufficientCredit`` and ``LedgerBroken``. The key lives as long as the ledger: after a
        void it still returns the old hold, so a new attempt at buying needs a new key.
        """
        wallet = self._lock(reseller)
        command = self._new(TransferKind.HOLD, wallet.id, CONSUMED, amount, actor, context, key=key)
        return self._once(command, wallet)

    def post(
        self,
        hold: TransferId,
        *,
        context: TransferContext | None = None,
        amount: Credits | None = None,
        period: Period | None = None,
        actor: str | None = None,
    ) -> Transfer:
        """The hold, or ``amount`` of it, is consumed; the rest is released by the same row.

        What ``context`` leaves empty is the hold's. Raises ``HoldResolved`` when it was voided, or posted
        with another amount.
        """
        held = self._hold(hold)
        size = held.amount if amount is None else amount
        if size > held.amount:
            raise TransferRefused(f"hold {hold} is over {held.amount}, {size} cannot be posted from it")
        context = inherit(context, held.context)
        if period is not None:
            context = replace(context, period_from=period.start, period_to=period.until)
        return self._resolve(held, TransferKind.POST, size, actor or held.actor or "", context)

    def void(self, hold: TransferId, *, actor: str, reason: str) -> Transfer:
        """The hold is released whole. Raises ``HoldResolved`` when it was posted."""
        held = self._hold(hold)
        context = replace(held.context, reason=reason, note=None)
        return self._resolve(held, TransferKind.VOID, held.amount, actor, context)

    def resolution(self, hold: TransferId) -> Transfer | None:
        """The post or void that ended ``hold``; ``None`` while it is open."""
        return self._store.resolution(hold)

    def open_holds(self, *, before: datetime, limit: int = 100) -> Sequence[Transfer]:
        """The oldest holds taken before that time and not resolved: after a day they need a person."""
        return self._store.open_holds(before, limit)

    # -- reading

    def find(self, transfer: TransferId) -> Transfer | None:
        return self._store.transfer(transfer)

    def keyed(self, key: str) -> Transfer | None:
        """The transfer made under that idempotency key."""
        return self._store.keyed(key)

    def history(self, wanted: HistoryFilter) -> Sequence[HistoryLine]:
        """One page of lines; continue with ``after`` = the last line's id."""
        return self._store.history(wanted)

    def statement_csv(
        self, wanted: HistoryFilter, plan: Callable[[str | None], str | None] = lambda kept: kept
    ) -> Iterator[str]:
        """All lines that match as CSV text, the heading first. ``limit`` is the size of a page.

        ``plan``: how people call a plan that the books name by number.
        """
        return statement_lines(self._store.history, wanted, plan)

    def floor_crossings(self, since: int = 0, limit: int = 100) -> Sequence[FloorCrossing]:
        """Falls below the floor with an id above ``since``, oldest first: each is there once."""
        return self._store.floor_crossings(since, limit)

    def erase_text(self, transfer: TransferId) -> None:
        """Actor, reason and note of a transfer are gone; the chain stays whole."""
        self._store.erase_text(transfer)

    def verify(self, *, heads: Sequence[WalletState] = ()) -> VerifyReport:
        """Recompute every chain and wallet, and try to break the guards (write transactions only).

        ``heads``: wallets as logged earlier, to find a chain that was cut back.
        """
        return verify_books(self._store, heads)

    # -- within

    def _lock(self, reseller: ResellerId) -> WalletState:
        found = self._store.lock_of(reseller)
        if found is None:
            raise WalletMissing(f"reseller {reseller} has no wallet")
        return found

    def _known(self, transfer: TransferId) -> Transfer:
        found = self._store.transfer(transfer)
        if found is None:
            raise TransferRefused(f"there is no transfer {transfer}")
        return found

    def _hold(self, hold: TransferId) -> Transfer:
        found = self._known(hold)
        if found.kind is not TransferKind.HOLD:
            raise TransferRefused(f"transfer {hold} is a {found.kind.value}, not a hold")
        return found

    def _new(
        self,
        kind: TransferKind,
        source: AccountNumber,
        target: AccountNumber,
        amount: Credits,
        actor: str,
        context: TransferContext,
        *,
        key: str | None = None,
    ) -> Transfer:
        if amount <= ZERO:
            raise TransferRefused(f"a {kind.value} is over more than zero credits, got {amount}")
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise TransferRefused(f"an idempotency key has 1 to {LONGEST_KEY} characters, got {len(key)}")
        return Transfer(
            id=NEW,
            kind=kind,
            source=source,
            target=target,
            amount=amount,
            at=self._clock(),
            key=key,
            actor=actor,
            context=context,
        )

    def _once(self, command: Transfer, *wallets: WalletState) -> Transfer:
        return self._repeated(command) or self._record(command, wallets)

    def _repeated(self, command: Transfer) -> Transfer | None:
        existing = self._store.keyed(command.key) if command.key is not None else None
        if existing is not None and not same_command(existing, command):
            raise KeyMismatch(f"the key {command.key!r} belongs to {existing.kind.value} {existing.id}")
        return existing

    def _resolve(
        self, held: Transfer, kind: TransferKind, amount: Credits, actor: str, context: TransferContext
    ) -> Transfer:
        command = self._new(kind, held.source, held.target, amount, actor, context)
        command = replace(command, resolves=held.id, released=held.amount - amount)
        wallets = self._store.lock((held.source,))
        existing = self._store.resolution(held.id)
        if existing is None:
            return self._record(command, wallets)
        if existing.kind is kind and existing.amount == amount:
            return existing
        raise HoldResolved(hold=held.id, kind=existing.kind.value, resolved_by=existing.id)

    def _record(self, command: Transfer, wallets: Sequence[WalletState]) -> Transfer:
        moves = [move(wallet, command) for wallet in wallets]
        for one in moves:
            if one.available < ZERO:
                raise InsufficientCredit(available=one.wallet.available, needed=command.amount)
        recorded = self._store.record(command, moves)
        for one in moves:
            if one.crosses_floor:
                self._store.cross_floor(
                    one.wallet, available=one.available, transfer=recorded.id, at=recorded.at
                )
        return recorded


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise TransferRefused("an adjustment or correction needs a reason")
