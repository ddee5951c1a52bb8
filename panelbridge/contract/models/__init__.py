"""Records of the adapter contract."""

from __future__ import annotations

from panelbridge.contract.models.account import AccountId, AccountRef, Credentials, PanelAccount
from panelbridge.contract.models.account_state import AccountState
from panelbridge.contract.models.connect import ConnectDetail, ConnectKind
from panelbridge.contract.models.lookup import Absent, Found, Lookup, Unknown
from panelbridge.contract.models.order import CreateOrder, PackageChange, Purchase
from panelbridge.contract.models.outcome import Outcome
from panelbridge.contract.models.panel import Connection, Package, PanelBalance
from panelbridge.contract.models.result import VerbResult
from panelbridge.contract.models.term import Term
from panelbridge.contract.models.usage import SignOn, Usage

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
