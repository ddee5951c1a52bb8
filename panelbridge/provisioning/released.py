"""Names a person released stay watched: an account that turns up after all was made without a charge."""

from __future__ import annotations

import logging
from datetime import timedelta

from panelbridge.capabilities import FindBy
from panelbridge.models import Found
from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.port import Units
from panelbridge.provisioning.settle import raise_attention
from panelbridge.transport import deadline

_WATCHED = timedelta(days=7)
_log = logging.getLogger(__name__)


def watch_released(units: Units, desk: Desk) -> int:
    """Look every watched name up once; returns how many accounts turned up."""
    with units.read() as unit:
        watched = unit.journal.released(desk.clock() - _WATCHED)
    turned_up = [operation for operation in watched if _exists(desk, operation)]
    for operation in turned_up:
        with units.write() as unit:
            raise_attention(
                unit,
                desk,
                operation,
                "account_without_charge",
                f"the account of released operation {operation.id} exists at the panel and was never charged",
                "Delete it at the panel, or create the service anew and adopt it.",
            )
    return len(turned_up)


def _exists(desk: Desk, operation: Operation) -> bool:
    try:
        adapter = desk.panels.adapter(operation.panel_id)
        if FindBy.USERNAME not in adapter.capabilities.find_by:
            return False
        with deadline(desk.limits.lookup):
            return isinstance(adapter.find(username=operation.username), Found)
    except Exception as error:  # noqa: BLE001 - one panel that cannot be asked hides no name of another
        _log.warning("released name of operation %s: %s", operation.id, type(error).__name__)
        return False
