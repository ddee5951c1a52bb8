"""A service the bridge never heard of: nothing is there, unless billing shows that something was."""

from __future__ import annotations

from panelbridge.actions.problems import Problem
from panelbridge.provisioning import Refusal
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import ServiceRequest

_HAD_AN_ACCOUNT = frozenset({"Active", "Suspended"})


def nothing_there(request: ServiceRequest, refusal: Refusal, done: str) -> ModuleAnswer:
    """Success with the text ``done``, for there is nothing to act on.

    Raises ``service_unknown`` where billing has a running service with a user name: a bridge restored from an
    older copy does not know the account, and the panel may well have it.
    """
    if refusal.code == "service_unknown" and request.username and request.status in _HAD_AN_ACCOUNT:
        raise Problem(
            "service_unknown",
            f"The bridge has no record of service {request.serviceid}, which billing shows as "
            f"{request.status} with a user name. Whether the panel has its account is not known.",
            advice="Look for the account at the panel. If there is none, set the service's status by hand.",
        ) from None
    return ModuleAnswer(message=done)
