"""Records of the adapter contract."""

from __future__ import annotations

from panelbridge.models.account import AccountId, AccountRef, AccountState, Credentials, PanelAccount
from panelbridge.models.connect import ConnectDetail, ConnectKind
from panelbridge.models.lookup import Absent, Found, Lookup, Unknown
from panelbridge.models.order import CreateOrder, PackageChange, Purchase
from panelbridge.models.outcome import Outcome
from panelbridge.models.panel import Connection, Package, PanelBalance
from panelbridge.models.result import VerbResult
from panelbridge.models.term import Term
from panelbridge.models.usage import SignOn, Usage

__all__ = [
    "Absent",
    "AccountId",
    "AccountRef",
    "AccountState",
    "ConnectDetail",
    "ConnectKind",
    "Connection",
    "CreateOrder",
    "Credentials",
    "Found",
    "Lookup",
    "Outcome",
    "Package",
    "PackageChange",
    "PanelAccount",
    "PanelBalance",
    "Purchase",
    "SignOn",
    "Term",
    "Unknown",
    "Usage",
    "VerbResult",
]
