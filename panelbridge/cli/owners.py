"""Which reseller and which installation a command means: the one named, else the only one there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelbridge.actions.refused import Refused

if TYPE_CHECKING:
    from panelbridge.cli.bridge import Bridge
    from panelbridge.subscriptions import Installation, Reseller


def reseller_meant(bridge: Bridge, code: str | None) -> Reseller:
    """Raises ``not_found``, and ``Refused`` when one must be named."""
    from panelbridge.actions.resellers import reseller_named

    if code is not None:
        return bridge.read(reseller_named, code=code)
    with bridge.services.units.read() as unit:
        known = unit.resellers.all()
    if len(known) == 1:
        return known[0]
    if not known:
        raise Refused("not_found", "there is no reseller yet", advice="Run `panelbridge init`.")
    raise Refused(
        "invalid_request",
        "several resellers exist; choose one with --reseller",
        advice=f"They are: {', '.join(item.code for item in known)}.",
    )


def reseller_codes(bridge: Bridge) -> dict[int, str]:
    """Codes by id."""
    with bridge.services.units.read() as unit:
        return {int(item.id): item.code for item in unit.resellers.all()}


def installations_by_id(bridge: Bridge) -> dict[int, Installation]:
    """Installations by id."""
    with bridge.services.units.read() as unit:
        return {int(item.id): item for item in unit.installations.all()}
