"""The ledger's refusals.

LedgerError              a movement that was not made; nothing changed
 |- InsufficientCredit   the wallet's available credit does not cover it
 |- LedgerBroken         the books contradict themselves: nothing more is booked on this wallet
 |- WalletMissing        this reseller has no wallet yet
 |- TransferRefused      zero, negative, or a transfer that cannot be resolved or corrected so
 |- HoldResolved         the hold was posted or voided already, and not by this very request
 |- KeyMismatch          the same idempotency key came with other fields

Contention is none of these: storage raises its own ``StorageBusy``.
"""

from __future__ import annotations

from typing import ClassVar

from panelbridge.ledger.credits import Credits


class LedgerError(Exception):
    """A movement that was not made. ``retry_safe``: repeating cannot double anything, here always true."""

    code: ClassVar[str] = "ledger_error"
    advice: ClassVar[str] = "Correct what the message names and repeat."
    retry_safe: ClassVar[bool] = True

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InsufficientCredit(LedgerError):
    """The wallet's available credit (balance - held + overdraft) does not cover the amount."""

    code = "insufficient_credit"
    advice = "Top up the reseller's credits, then repeat."

    def __init__(self, *, available: Credits, needed: Credits) -> None:
        super().__init__(f"{needed} credits are needed and {available} are available")
        self.available = available
        self.needed = needed


class LedgerBroken(LedgerError):
    """The books contradict themselves. Money stops moving on this wallet until a person has looked."""

    code = "ledger_broken"
    advice = "Run `panelbridge ledger verify`; restore the last good backup when it names a changed row."


class WalletMissing(LedgerError):
    """The reseller has no wallet."""

    code = "wallet_missing"
    advice = "Open a wallet for the reseller first."


class TransferRefused(LedgerError):
    """Zero or negative, or a transfer that cannot be resolved or corrected in this way."""

    code = "transfer_refused"


class HoldResolved(LedgerError):
    """The hold was resolved already, by ``resolved_by``."""

    code = "hold_resolved"
    advice = "Read what resolved the hold; a correction is a new, linked transfer."

    def __init__(self, *, hold: int, kind: str, resolved_by: int) -> None:
        super().__init__(f"hold {hold} was resolved already by {kind} {resolved_by}")
        self.hold = hold
        self.kind = kind
        self.resolved_by = resolved_by


class KeyMismatch(LedgerError):
    """The idempotency key belongs to a transfer with other fields."""

    code = "key_mismatch"
    advice = "Use a new key for a new movement; repeat the old one with its own fields."
