"""What a panel says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panelbridge.contract.models.term import Term


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The answer of ``test_connection``: what works, and what is missing."""

    version: str | None  # None = the panel does not say
    identity: str  # who the panel says we are, never the credential
    missing_permissions: tuple[str, ...] = ()  # in the words of the panel
    clock_skew: float | None = None  # seconds, panel minus us; None = the panel does not tell its time
    balance: PanelBalance | None = None  # None = it has none, or none that we may read
    warnings: tuple[str, ...] = ()  # for people; the panel can be used all the same


@dataclass(frozen=True, kw_only=True)
class PanelBalance:
    """Our credit at the panel, in the panel's own unit, as it printed it."""

    amount: Decimal
    unit: str = "credits"


@dataclass(frozen=True, kw_only=True)
class Package:
    """What a panel can sell."""

    id: str  # the panel's own
    name: str
    term: Term | None = None  # length it buys; None = the panel takes any date
    connections: int | None = None  # simultaneous; 0 = unlimited, None = not part of it
    price: Decimal | None = None  # in the panel's own credit
    trial: bool = False  # a test, free or short
    devices: frozenset[str] = frozenset({"line"})  # line, mag, enigma
    unreadable: bool = False  # listed, and its row holds what cannot be read (its id, where that is empty)
