"""What WHMCS asks for: one file per function. ``params`` and ``answer`` are the wire."""

from __future__ import annotations

from whmcs_module_shim.module_calls.answer import AccountView, ModuleAnswer, OperationView, Result
from whmcs_module_shim.module_calls.params import (
    CallPart,
    CommonRequest,
    InvoiceItem,
    ModuleRequest,
    ServiceRequest,
)
from whmcs_module_shim.module_calls.registry import (
    FunctionRegistry,
    Kind,
    ModuleFunction,
    functions,
    module_function,
)

__all__ = [
    "AccountView",
    "CallPart",
    "CommonRequest",
    "FunctionRegistry",
    "InvoiceItem",
    "Kind",
    "ModuleAnswer",
    "ModuleFunction",
    "ModuleRequest",
    "OperationView",
    "Result",
    "ServiceRequest",
    "functions",
    "module_function",
]
