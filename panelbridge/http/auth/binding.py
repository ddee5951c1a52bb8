"""An installation belongs to one shop: bound at first use to its system URL and its module's random id.

A staging copy of a shop has the same key and the same services. It may read; it must not terminate live
customers, so its mutating calls are refused until an admin rebinds.
"""

from __future__ import annotations

from panelbridge.access import Scope
from panelbridge.actions.caller import Caller
from panelbridge.actions.problems import Problem
from panelbridge.http.auth.verifier import KeyVerifier
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation


def check_binding(services: Services, verifier: KeyVerifier, caller: Caller, *, mutating: bool) -> None:
    """Bind at first use; afterwards raise ``installation_mismatch`` for a mutating call from elsewhere."""
    installation = caller.require_installation()
    if caller.system_url is None or caller.module_id is None:
        if mutating:
            missing = "Panelbridge-System-Url" if caller.system_url is None else "Panelbridge-Installation"
            raise Problem("invalid_request", f"The header {missing} is missing.", field=missing)
        return
    if _matches(installation, caller):
        return
    unbound = installation.system_url is None and installation.module_id is None
    if unbound and caller.key.allows(Scope.PROVISION):  # a key that only reads decides nothing for the shop
        installation = _bind(services, installation, caller)
        verifier.forget()
        if _matches(installation, caller):
            return
    if mutating:
        raise _mismatch(installation, caller)


def refuse_elsewhere(caller: Caller) -> None:
    """For callers who need not say where they are: raises ``installation_mismatch`` when it is elsewhere."""
    bound = caller.installation
    if bound is None or bound.system_url is None or (caller.system_url is None and caller.module_id is None):
        return
    if not _matches(bound, caller):
        raise _mismatch(bound, caller)


def _mismatch(installation: Installation, caller: Caller) -> Problem:
    return Problem(
        "installation_mismatch",
        f"Installation {installation.code} is bound to another shop ({installation.system_url}); "
        f"this call came from {caller.system_url}. Nothing was changed.",
    )


def is_bound_here(caller: Caller) -> bool:
    """Whether the caller is the shop its installation is bound to."""
    return caller.installation is not None and _matches(caller.installation, caller)


def _matches(installation: Installation, caller: Caller) -> bool:
    return (
        caller.system_url is not None
        and installation.module_id == caller.module_id
        and installation.system_url == caller.system_url
    )


def _bind(services: Services, installation: Installation, caller: Caller) -> Installation:
    """First come, first bound: the row is read again inside the write transaction."""
    with services.units.write() as unit:
        stored = unit.installations.lock(installation.id)
        if stored is None:
            raise Problem("unauthorized", "The installation of this key is gone.")
        if stored.system_url is None and stored.module_id is None:
            unit.installations.bind(
                stored.id,
                system_url=caller.system_url,
                module_id=caller.module_id,
                at=services.clock(),
            )
            stored = unit.installations.installation(stored.id) or stored
        return stored
