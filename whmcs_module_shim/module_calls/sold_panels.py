"""Which panels an installation's plans are on, for calls that ask every one of them."""

from __future__ import annotations

from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, Mode, Panel


def sold_panels(services: Services, installation: Installation) -> list[Panel]:
    """The panels behind the reseller's active plans that a key of this mode may reach, by code."""
    with services.units.read() as unit:
        ids = {plan.panel_id for plan in unit.plans.all(installation.reseller_id) if plan.active}
        panels = [unit.panels.panel(panel) for panel in ids]
    reached = [one for one in panels if one and one.practice == (installation.mode is Mode.TEST)]
    return sorted(reached, key=lambda panel: panel.code)
