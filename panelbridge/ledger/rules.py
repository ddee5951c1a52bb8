"""What a transfer does to a wallet. The guards in the database hold the same arithmetic."""

from __future__ import annotations

from dataclasses import fields, replace

from panelbridge.ledger.accounts import AccountNumber
from panelbridge.ledger.credits import Credits
from panelbridge.ledger.transfers import Transfer, TransferContext, TransferKind
from panelbridge.ledger.wallets import Move, WalletState

PENDING = frozenset({TransferKind.HOLD, TransferKind.VOID})
CORRECTABLE = frozenset(
    {
        TransferKind.POST,
        TransferKind.CHARGE,
        TransferKind.TOP_UP,
        TransferKind.ADJUSTMENT,
        TransferKind.TRANSFER,
    }
)


def balance_change(transfer: Transfer, wallet: AccountNumber) -> int:
    """Units the wallet's balance moves by. Holds and voids move none."""
    if transfer.kind in PENDING:
        return 0
    arrives = transfer.amount.units if transfer.target == wallet else 0
    leaves = transfer.amount.units if transfer.source == wallet else 0
    return arrives - leaves


def held_change(transfer: Transfer, wallet: AccountNumber) -> int:
    """Units the wallet's reserved part moves by."""
    if transfer.source != wallet:
        return 0
    if transfer.kind is TransferKind.HOLD:
        return transfer.amount.units
    if transfer.kind in {TransferKind.VOID, TransferKind.POST}:
        return -(transfer.amount.units + transfer.released.units)
    return 0


def move(wallet: WalletState, transfer: Transfer) -> Move:
    """The wallet after ``transfer``."""
    return Move(
        wallet=wallet,
        balance=Credits(wallet.balance.units + balance_change(transfer, wallet.id)),
        held=Credits(wallet.held.units + held_change(transfer, wallet.id)),
    )


def same_command(existing: Transfer, command: Transfer) -> bool:
    """Whether a repeated key asks for what was done: same kind, ends, amount and subject."""
    return (
        existing.kind is command.kind
        and (existing.source, existing.target) == (command.source, command.target)
        and existing.amount == command.amount
        and existing.corrects == command.corrects
        and existing.context.subscription == command.context.subscription
        and existing.context.operation == command.context.operation
    )


def inherit(context: TransferContext | None, held: TransferContext) -> TransferContext:
    """``context`` with what it leaves empty taken from the hold's."""
    if context is None:
        return held
    gaps = {
        field.name: getattr(held, field.name)
        for field in fields(TransferContext)
        if getattr(context, field.name) in {None, ""}
    }
    return replace(context, **gaps)
