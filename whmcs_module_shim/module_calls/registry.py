"""The functions the WHMCS module may call. A file in this folder registers one by decorating it.

@module_function("SuspendAccount", kind=Kind.MUTATES, request=SuspendRequest)
def suspend_account(services: Services, caller: Caller, request: SuspendRequest) -> ModuleAnswer:
    \"\"\"Make the account unusable, keeping it.\"\"\"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, TypeVar

from panelbridge.access import Scope
from panelbridge.actions.caller import Caller
from panelbridge.service.services import Services
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import CommonRequest

RequestT = TypeVar("RequestT", bound=CommonRequest)
Run = Callable[[Services, Caller, RequestT], ModuleAnswer]


class Kind(StrEnum):
    """Mutating and notifying calls are refused from a shop the installation is not bound to."""

    MUTATES = "mutates"
    READS = "reads"
    NOTIFIES = "notifies"


@dataclass(frozen=True, kw_only=True)
class ModuleFunction:
    """One function: what it takes, which scope it needs, and what runs it."""

    name: str  # as in POST /v1/whmcs/<name>
    kind: Kind
    scope: Scope
    request: type[CommonRequest]
    run: Callable[[Services, Caller, Any], ModuleAnswer]
    summary: str


class FunctionRegistry:
    """Functions by name. The product's own is the module's ``module_function`` and ``functions``."""

    def __init__(self) -> None:
        self._functions: dict[str, ModuleFunction] = {}

    def function(
        self, name: str, *, kind: Kind, request: type[RequestT], scope: Scope | None = None
    ) -> Callable[[Run[RequestT]], Run[RequestT]]:
        """Register the function ``name``; its scope is read for what reads, else provision, unless given.

        Raises ``RuntimeError`` when two claim one name.
        """

        def register(run: Run[RequestT]) -> Run[RequestT]:
            known = self._functions.get(name)
            if known is not None:
                raise RuntimeError(f"{name} is registered by {known.run.__module__} and {run.__module__}")
            self._functions[name] = ModuleFunction(
                name=name,
                kind=kind,
                scope=scope or (Scope.READ if kind is Kind.READS else Scope.PROVISION),
                request=request,
                run=run,
                summary=(run.__doc__ or name).strip().splitlines()[0].rstrip("."),
            )
            return run

        return register

    def by_name(self) -> Mapping[str, ModuleFunction]:
        """What is registered, sorted by name."""
        return {name: self._functions[name] for name in sorted(self._functions)}


_PRODUCT = FunctionRegistry()
_NOT_FUNCTIONS = frozenset({"answer", "params", "registry", "sold_panels"})

module_function = _PRODUCT.function


def functions() -> Mapping[str, ModuleFunction]:
    """Every function of the product; imports the files of this folder on first use."""
    package = __name__.rpartition(".")[0]
    for module in iter_modules(import_module(package).__path__):
        if module.name not in _NOT_FUNCTIONS:
            import_module(f"{package}.{module.name}")
    return _PRODUCT.by_name()
