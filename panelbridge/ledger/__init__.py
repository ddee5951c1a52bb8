"""Credits, wallets, transfers: books that cannot lie. Knows no panel, no storage, no billing system."""

from __future__ import annotations

from panelbridge.ledger.accounts import ZERO, AccountNumber, ResellerId
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
from panelbridge.ledger.history import HistoryFilter, HistoryLine
from panelbridge.ledger.ledger import Ledger
from panelbridge.ledger.port import LedgerStore
from panelbridge.ledger.transfers import Period, Transfer, TransferContext, TransferId, TransferKind
from panelbridge.ledger.verification import Problem, VerifyReport
from panelbridge.ledger.wallets import FloorCrossing, WalletState

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
