"""Transfers: one movement of credits each, and what it was for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from panelbridge.ledger.accounts import ZERO, AccountNumber
from panelbridge.ledger.credits import Credits

TransferId = NewType("TransferId", int)


class TransferKind(StrEnum):
    """What a transfer does to the wallets at its ends."""

    HOLD = "hold"  # pending: reserves, moves nothing
    POST = "post"  # resolves a hold: moves its amount, releases the rest
    VOID = "void"  # resolves a hold: releases all of it
    CHARGE = "charge"  # moves at once, without a hold
    TOP_UP = "top_up"
    ADJUSTMENT = "adjustment"
    CORRECTION = "correction"  # moves back (part of) an earlier transfer, linked to it
    TRANSFER = "transfer"  # between two wallets


@dataclass(frozen=True, kw_only=True)
class Period:
    """The time a posting pays for: ``start`` included, ``until`` not."""

    start: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class TransferContext:
    """What a transfer is for. All of it but ``reason`` and ``note`` is chained."""

    subscription: int | None = None
    operation: int | None = None
    plan: str | None = None  # its code
    term: str | None = None  # as text, such as 1m
    reason: str = ""  # free text, erasable
    period_from: datetime | None = None  # UTC; the time it pays for
    period_to: datetime | None = None  # UTC; not included
    expiry_before: datetime | None = None  # UTC; at the panel; None = not known
    expiry_after: datetime | None = None  # UTC
    note: str | None = None  # free text, erasable


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One movement: one row, from, to, amount. Never changed, never deleted."""

    id: TransferId  # 0 until recorded
    kind: TransferKind
    source: AccountNumber
    target: AccountNumber
    amount: Credits  # always above zero
    released: Credits = ZERO  # what a partial post gave back to the wallet
    at: datetime  # UTC
    key: str | None = None  # idempotency; None = nothing repeats it
    resolves: TransferId | None = None  # the hold that it posts or voids
    corrects: TransferId | None = None  # the transfer that it takes back
    actor: str | None  # None once erased
    context: TransferContext = field(default_factory=TransferContext)
