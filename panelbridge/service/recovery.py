"""A panel that was down answers again: what waited for it is due at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from panelbridge.provisioning.flow.turns import panel_is_back
from panelbridge.provisioning.port import Units
from panelbridge.subscriptions import PanelId

_log = logging.getLogger(__name__)


def waker(units: Units, clock: Callable[[], datetime]) -> Callable[[PanelId], None]:
    """What a panel's breaker runs as it closes. It raises nothing: the probe goes on."""

    def wake(panel: PanelId) -> None:
        try:
            count = panel_is_back(units, panel, clock())
        except Exception as error:  # noqa: BLE001 - what waits runs all the same, when its back-off ends
            _log.warning("panel %s is back; what waits keeps its time: %s", panel, type(error).__name__)
        else:
            _log.info("panel %s is back: %s operations are due", panel, count)

    return wake
