"""panelbridge: the adapter contract.

Ledger, journal and service live in sub-packages and need ``panelbridge[service]``; this name exports what a
backend or a caller of a backend needs, and nothing more.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from panelbridge.contract.adapter import PanelAdapter
    from panelbridge.contract.capabilities import (
        Capabilities,
        Connections,
        Extend,
        FindBy,
        OrderFact,
        PackageWrite,
        SerialiseWrites,
        TextRule,
        Verb,
    )
    from panelbridge.contract.exceptions import (
        AdapterLoadError,
        AuthenticationFailed,
        CapacityExhausted,
        Conflict,
        ContractBroken,
        InsufficientPanelCredit,
        InvalidOrder,
        NotFound,
        OutcomeUnknown,
        PanelBusy,
        PanelError,
        PanelRefused,
        PanelUnreachable,
        PermissionMissing,
        RateLimited,
        SettingsInvalid,
        Unsupported,
    )
    from panelbridge.contract.models import (
        Absent,
        AccountId,
        AccountRef,
        AccountState,
        ConnectDetail,
        Connection,
        ConnectKind,
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
        SignOn,
        Term,
        Unknown,
        Usage,
        VerbResult,
    )
    from panelbridge.contract.registry import adapters, load_adapter
    from panelbridge.contract.secret import Secret
    from panelbridge.contract.settings import PanelSettings, read_settings

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
    "ConnectDetail",
    "ConnectKind",
    "Connection",
    "Connections",
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
    "OrderFact",
    "Outcome",
    "OutcomeUnknown",
    "Package",
    "PackageChange",
    "PackageWrite",
    "PanelAccount",
    "PanelAdapter",
    "PanelBalance",
    "PanelBusy",
    "PanelError",
    "PanelRefused",
    "PanelSettings",
    "PanelUnreachable",
    "PermissionMissing",
    "Purchase",
    "RateLimited",
    "Secret",
    "SerialiseWrites",
    "SettingsInvalid",
    "SignOn",
    "Term",
    "TextRule",
    "Unknown",
    "Unsupported",
    "Usage",
    "Verb",
    "VerbResult",
    "adapters",
    "load_adapter",
    "read_settings",
]

# Where they are; the adapter's module loads the others.
_MODULES = ("adapter", "capabilities", "exceptions", "models", "registry", "secret", "settings")


def __getattr__(name: str) -> object:
    """Each name is loaded when it is first used: a command's --help needs none of them, nor the time."""
    if name in __all__:
        for module in _MODULES:
            found = vars(import_module(f"panelbridge.contract.{module}")).get(name)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
