"""panelbridge: the adapter contract.

Ledger, journal and service live in sub-packages and need ``panelbridge[service]``; this name exports what a
backend or a caller of a backend needs, and nothing more.
"""

from __future__ import annotations

from panelbridge.adapter import PanelAdapter
from panelbridge.capabilities import (
    Capabilities,
    Extend,
    FindBy,
    PackageWrite,
    SerialiseWrites,
    TextRule,
    Verb,
)
from panelbridge.exceptions import (
    AdapterLoadError,
    AuthenticationFailed,
    CapacityExhausted,
    Conflict,
    ContractBroken,
    InsufficientPanelCredit,
    InvalidOrder,
    NotFound,
    OutcomeUnknown,
    PanelError,
    PanelUnreachable,
    PermissionMissing,
    RateLimited,
    SettingsInvalid,
    Unsupported,
)
from panelbridge.models import (
    Absent,
    AccountId,
    AccountRef,
    AccountState,
    Connection,
    CreateOrder,
    Credentials,
    Found,
    Lookup,
    Outcome,
    Package,
    PackageChange,
    PanelAccount,
    PanelBalance,
    Purchase,
    Term,
    Unknown,
    VerbResult,
)
from panelbridge.registry import adapters, load_adapter
from panelbridge.secret import Secret
from panelbridge.settings import PanelSettings, read_settings

__all__ = [
    "Absent",
    "AccountId",
    "AccountRef",
    "AccountState",
    "AdapterLoadError",
    "AuthenticationFailed",
    "Capabilities",
    "CapacityExhausted",
    "Conflict",
    "Connection",
    "ContractBroken",
    "CreateOrder",
    "Credentials",
    "Extend",
    "FindBy",
    "Found",
    "InsufficientPanelCredit",
    "InvalidOrder",
    "Lookup",
    "NotFound",
    "Outcome",
    "OutcomeUnknown",
    "Package",
    "PackageChange",
    "PackageWrite",
    "PanelAccount",
    "PanelAdapter",
    "PanelBalance",
    "PanelError",
    "PanelSettings",
    "PanelUnreachable",
    "PermissionMissing",
    "Purchase",
    "RateLimited",
    "Secret",
    "SerialiseWrites",
    "SettingsInvalid",
    "Term",
    "TextRule",
    "Unknown",
    "Unsupported",
    "Verb",
    "VerbResult",
    "adapters",
    "load_adapter",
    "read_settings",
]
