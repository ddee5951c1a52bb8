"""Watches: what nobody asked about and a person must still hear of, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.ledger import FloorCrossing, ResellerId
from panelbridge.provisioning import Operation, OperationId
from panelbridge.service.services import ServiceUnit, ServiceUnits

_OLD_HOLD = timedelta(hours=24)
# A fall can become visible after one with a higher id, whose transaction was shorter.
_LATE = timedelta(minutes=10)
_LOW = "credits_low"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Runs every ``seconds``; safe to repeat."""

    name: str
    seconds: float
    run: Callable[[], object]


class Watches:
    """Looks at books and journal, and raises attention."""

    def __init__(self, units: ServiceUnits, clock: Callable[[], datetime]) -> None:
        self._units = units
        self._clock = clock
        self._seen_crossing = 0  # up to here, and these beyond
        self._recent: dict[int, datetime] = {}

    def all(self) -> tuple[Watch, ...]:
        return (
            Watch(name="watch floors", seconds=10.0, run=self.watch_floors),
            Watch(name="watch old holds", seconds=600.0, run=self.watch_holds),
            Watch(name="counts of operations", seconds=60.0, run=self.add_counts_up),
            Watch(name="log chain heads", seconds=86_400.0, run=self.log_heads),
        )

    def watch_floors(self) -> None:
        """Each fall below a wallet's floor is logged and put before a person once; a top-up settles it."""
        with self._units.write() as unit:
            for fall in self._new_falls(unit):
                wallet = unit.ledger.wallet(fall.reseller)
                if wallet.floor is None or wallet.available >= wallet.floor or _was_reported(unit, fall):
                    continue
                _log.warning(
                    "credits below floor",
                    reseller=fall.reseller,
                    available=str(wallet.available),
                    floor=str(fall.floor),
                )
                unit.attention.raise_item(
                    AttentionItem(
                        id=AttentionId(0),
                        code=_LOW,
                        subject=_reseller(fall.reseller),
                        message=f"reseller {fall.reseller} has {wallet.available} credits,"
                        f" the floor is {fall.floor}",
                        advice="Top up; orders wait or are refused when nothing is left.",
                        opened_at=self._clock(),
                    )
                )
            self._settle_floors(unit)

    def _new_falls(self, unit: ServiceUnit) -> list[FloorCrossing]:
        after, new, old = self._seen_crossing, list[FloorCrossing](), self._clock() - _LATE
        while page := unit.ledger.floor_crossings(after):
            after = page[-1].id
            new += [fall for fall in page if fall.id not in self._recent]
            self._recent |= {fall.id: fall.at for fall in page}
        self._seen_crossing = max(
            (number for number, at in self._recent.items() if at < old), default=self._seen_crossing
        )
        self._recent = {number: at for number, at in self._recent.items() if number > self._seen_crossing}
        return new

    def _settle_floors(self, unit: ServiceUnit) -> None:
        for item in unit.attention.items(code=_LOW):
            wallet = unit.ledger.wallet(ResellerId(item.subject.id))
            if wallet.floor is None or wallet.available >= wallet.floor:
                unit.attention.resolve(item.id, resolution="topped up", actor="panelbridge", at=self._clock())

    def watch_holds(self) -> None:
        """A hold never times out; one older than a day is put before a person."""
        now = self._clock()
        with self._units.read() as unit:
            holds = unit.ledger.open_holds(before=now - _OLD_HOLD)
            owners = {wallet.id: wallet.reseller for wallet in unit.ledger.wallets()} if holds else {}
        for hold in holds:
            with self._units.write() as unit:
                operation = hold.context.operation
                found = unit.journal.operation(OperationId(operation)) if operation is not None else None
                unit.attention.raise_item(
                    AttentionItem(
                        id=AttentionId(0),
                        code="old_hold",
                        subject=_subscription_of(found) or _reseller(owners[hold.source]),
                        message=f"{hold.amount} credits have been held since {hold.at:%Y-%m-%d %H:%M} UTC",
                        advice="See the operation; retry it, or release the hold when nothing happened.",
                        opened_at=now,
                        operation_id=found.id if found is not None else None,
                    )
                )

    def add_counts_up(self) -> None:
        """What /metrics shows of settled operations stays a few rows."""
        with self._units.write() as unit:
            unit.journal.add_counts_up()

    def log_heads(self) -> None:
        """The heads of all chains, so that a cut-off end can be proved later."""
        with self._units.read() as unit:
            for wallet in unit.ledger.wallets():
                _log.info("chain head", reseller=wallet.reseller, sequence=wallet.sequence, tail=wallet.tail)


def _was_reported(unit: ServiceUnit, fall: FloorCrossing) -> bool:
    """Whether this very fall was raised before: by another process, or before this one was started."""
    items = unit.attention.items(code=_LOW, subject=_reseller(fall.reseller), open_only=False)
    return any(item.opened_at >= fall.at for item in items)


def _reseller(reseller: ResellerId) -> Subject:
    return Subject(kind=SubjectKind.RESELLER, id=reseller)


def _subscription_of(operation: Operation | None) -> Subject | None:
    if operation is None:
        return None
    return Subject(kind=SubjectKind.SUBSCRIPTION, id=operation.subscription_id)
