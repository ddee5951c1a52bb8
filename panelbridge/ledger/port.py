"""What the ledger needs from storage. Every call runs in the caller's open transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from panelbridge.ledger.accounts import AccountNumber, ResellerId
from panelbridge.ledger.chain import ChainKeys, Link
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.history import HistoryFilter, HistoryLine
from panelbridge.ledger.transfers import Transfer, TransferId
from panelbridge.ledger.wallets import FloorCrossing, Move, WalletState


@dataclass(frozen=True, kw_only=True)
class ChainedTransfer:
    """A stored link with the transfer it stands for."""

    place: Link
    link: str
    transfer: Transfer
    salt: bytes | None  # None once the free text was erased


class LedgerStore(Protocol):
    @property
    def keys(self) -> ChainKeys: ...

    def open_wallet(
        self, reseller: ResellerId, *, overdraft: Credits, floor: Credits | None, at: datetime
    ) -> None:
        """Insert an empty wallet unless the reseller has one."""
        ...

    def wallet(self, reseller: ResellerId) -> WalletState | None: ...
    def wallets(self) -> Sequence[WalletState]: ...
    def take(self, reseller: ResellerId) -> None:
        """Nobody else moves the reseller's wallet until this transaction ends."""
        ...

    def wallets_after(self, reseller: int, limit: int) -> Sequence[WalletState]:
        """The first wallets of resellers above that one, by reseller."""
        ...

    def lock_of(self, reseller: ResellerId) -> WalletState | None:
        """The reseller's wallet, locked. ``LedgerBroken`` when it contradicts the last link of its chain."""
        ...

    def lock(self, accounts: Sequence[AccountNumber]) -> Sequence[WalletState]:
        """Those of ``accounts`` that are wallets, locked in order of their id; else as ``lock_of``."""
        ...

    def set_limits(self, wallet: WalletState, *, overdraft: Credits, floor: Credits | None) -> None: ...

    def transfer(self, transfer: TransferId) -> Transfer | None: ...
    def keyed(self, key: str) -> Transfer | None: ...
    def resolution(self, hold: TransferId) -> Transfer | None:
        """The post or void that resolved ``hold``."""
        ...

    def corrected(self, transfer: TransferId) -> Credits:
        """How much of ``transfer`` corrections have moved back so far."""
        ...

    def open_holds(self, before: datetime, limit: int) -> Sequence[Transfer]: ...

    def record(self, transfer: Transfer, moves: Sequence[Move]) -> Transfer:
        """Insert the transfer, link it into the chain of every wallet in ``moves``, move those wallets."""
        ...

    def cross_floor(
        self, wallet: WalletState, *, available: Credits, transfer: TransferId | None, at: datetime
    ) -> None: ...
    def floor_crossings(self, since: int, limit: int) -> Sequence[FloorCrossing]: ...

    def history(self, wanted: HistoryFilter) -> Sequence[HistoryLine]: ...
    def erase_text(self, transfer: TransferId) -> None: ...

    def chain(self, wallet: WalletState) -> Iterator[ChainedTransfer]: ...
    def unlinked(self) -> Sequence[TransferId]:
        """Transfers that miss from the chain of a wallet they touch, or hang in one they do not touch."""
        ...

    def broken_guards(self) -> Sequence[str] | None:
        """Names of guards that let a forbidden write through; ``None`` in a read transaction."""
        ...
