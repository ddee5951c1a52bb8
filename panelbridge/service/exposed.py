"""Panels whose way can be listened to: reported at each start, and by doctor."""

from __future__ import annotations

from collections.abc import Iterator

from panelbridge.contract.exceptions import AdapterLoadError, SettingsInvalid
from panelbridge.contract.exposures import Exposure, exposures
from panelbridge.contract.registry import load_adapter
from panelbridge.contract.settings import read_settings
from panelbridge.service.logs import ServiceLog
from panelbridge.service.services import Services
from panelbridge.subscriptions import Panel

_UNKNOWN = "unread"  # the secrets are not needed to judge the way


def exposures_of(panel: Panel) -> tuple[Exposure, ...]:
    """Of a stored panel; none where its settings cannot be read, which is reported elsewhere."""
    values = {**panel.settings, **dict.fromkeys(panel.secrets, _UNKNOWN)}
    try:
        return exposures(read_settings(load_adapter(panel.backend).settings_model_for(values), values))
    except (AdapterLoadError, SettingsInvalid):
        return ()


def log_exposures(services: Services, log: ServiceLog) -> None:
    """One warning for each, so that nobody can say it was not known."""
    for panel, risk in _all(services):
        log.events.warning(
            "a panel's way is not safe",
            panel=panel.code,
            setting=risk.setting,
            what=risk.what,
            accepted_by=risk.accepted_by if risk.accepted else "nobody",
        )


def _all(services: Services) -> Iterator[tuple[Panel, Exposure]]:
    with services.units.read() as unit:
        panels = list(unit.panels.all())
    for panel in panels:
        for risk in exposures_of(panel):
            yield panel, risk
