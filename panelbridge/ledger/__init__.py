"""Credits, wallets, transfers: books that cannot lie. Knows no panel, no storage, no billing system."""

from __future__ import annotations

from panelbridge.ledger.chain import ChainKeyMissing, ChainKeys
from panelbridge.ledger.credits import Credits, CreditsInvalid
from panelbridge.ledger.exceptions import (
    HoldResolved,
    InsufficientCredit,
    KeyMismatch,
    LedgerBroken,
    LedgerError,
    TransferRefused,
    WalletMissing,
)
from panelbridge.ledger.ledger import Ledger
from panelbridge.ledger.models import (
    ZERO,
    AccountNumber,
    FloorCrossing,
    HistoryFilter,
    HistoryLine,
    Period,
    ResellerId,
    Transfer,
    TransferContext,
    TransferId,
    TransferKind,
    WalletState,
)
from panelbridge.ledger.port import LedgerStore
from panelbridge.ledger.verification import Problem, VerifyReport

__all__ = [
    "ZERO",
    "AccountNumber",
    "ChainKeyMissing",
    "ChainKeys",
    "Credits",
    "CreditsInvalid",
    "FloorCrossing",
    "HistoryFilter",
    "HistoryLine",
    "HoldResolved",
    "InsufficientCredit",
    "KeyMismatch",
    "Ledger",
    "LedgerBroken",
    "LedgerError",
    "LedgerStore",
    "Period",
    "Problem",
    "ResellerId",
    "Transfer",
    "TransferContext",
    "TransferId",
    "TransferKind",
    "TransferRefused",
    "VerifyReport",
    "WalletMissing",
    "WalletState",
]
