"""*Writes off*: nothing leaves the bridge until a person has looked; and who notices that it must be so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from panelbridge.attention import THE_BRIDGE, AttentionId, AttentionItem
from panelbridge.provisioning import WriteStop
from panelbridge.service.services import ServiceUnit, ServiceUnits
from panelbridge.storage.witness import Witness

ATTENTION = "writes_off"
_ADVICE = "Compare what is there with the books. `panelbridge writes on` then says what waits, and asks."
_log = logging.getLogger(__name__)


def stop_effects(unit: ServiceUnit, stop: WriteStop) -> None:
    """Nothing leaves any more, and a person is told, once."""
    if unit.effects.stop(stop):
        _log.error("writes off [%s]: %s", stop.code, stop.message)
    unit.attention.raise_item(
        AttentionItem(
            id=AttentionId(0),
            code=ATTENTION,
            subject=THE_BRIDGE,
            message=stop.message,
            advice=_ADVICE,
            opened_at=stop.since,
        )
    )


def lift_stop(unit: ServiceUnit, actor: str, at: datetime) -> bool:
    """A person has looked: effects are let out again. False when nothing was stopped."""
    if unit.effects.lock() is None:
        return False
    unit.effects.lift(actor, at)
    for item in unit.attention.items(code=ATTENTION):
        unit.attention.resolve(item.id, resolution="writes on", actor=actor, at=at)
    return True


def watch_books(units: ServiceUnits, witness: Witness) -> None:
    """As the books are opened: those that are behind their witness, or are copies of others, stop."""
    stop = witness.compare()
    if stop is None:
        try:
            witness.begin_for_old_books()
        except OSError as error:  # said again before each call, which is then not sent
            _log.error("the witness cannot be written: %s", error.strerror)
        return
    with units.read() as unit:
        known = unit.effects.stopped()
    if known is None or (known.highest_operation or 0) < (stop.highest_operation or 0):
        with units.write() as unit:
            stop_effects(unit, stop)


def describe_witness(witness: Witness) -> str | None:
    """What it says now; host and boot are shown and judge nothing."""
    record = witness.last()
    if record is None:
        return None
    return (
        f"{record.seen.sequence} calls, operation {record.seen.operation}, "
        f"seen {record.at} on {record.host} (boot {record.boot[:8]})"
    )


class KnownOperations:
    """What shops say they were told: a bridge that never gave out such an id is a copy of an older one."""

    def __init__(self, units: ServiceUnits, clock: Callable[[], datetime]) -> None:
        self._units = units
        self._clock = clock
        self._given_out = 0  # at least up to here; it only grows
        self._lock = threading.Lock()

    def check(self, operation: int, shop: str) -> None:
        """``shop`` knows of ``operation``: writes stop when these books do not."""
        if operation <= self._given_out:
            return
        with self._units.read() as unit:
            given_out, known = unit.effects.highest_operation(), unit.effects.stopped()
        with self._lock:
            self._given_out = max(self._given_out, given_out)
        if operation <= given_out or (known is not None and (known.highest_operation or 0) >= operation):
            return
        message = (
            f"shop {shop} was told of operation {operation}, and these books end at {given_out}: "
            "they are a copy of an older state"
        )
        stop = WriteStop(
            code="told_behind", message=message, since=self._clock(), highest_operation=operation
        )
        with self._units.write() as unit:
            stop_effects(unit, stop)
