"""Samples of use on SQLAlchemy Core, over one open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, select

from panelbridge.lifecycle import SubscriptionState
from panelbridge.storage.engine.upserts import InsertNew
from panelbridge.storage.subscriptions.tables import subscriptions
from panelbridge.storage.usage.tables import usage_samples
from panelbridge.subscriptions import PanelId, SubscriptionId
from panelbridge.usage import UsageSample

_KEEP = InsertNew(usage_samples, {column.name: bindparam(column.name) for column in usage_samples.c})


class SqlUsageStore:
    """Implements ``panelbridge.usage.UsageStore``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lacking(self, panel: PanelId, day: date, limit: int) -> Sequence[SubscriptionId]:
        today = and_(
            usage_samples.c.subscription_id == subscriptions.c.id, usage_samples.c.day == day.isoformat()
        )
        query = (
            select(subscriptions.c.id)
            .outerjoin(usage_samples, today)
            .where(
                subscriptions.c.panel_id == panel,
                subscriptions.c.state == SubscriptionState.ACTIVE.value,
                subscriptions.c.account_id.is_not(None),
                usage_samples.c.day.is_(None),
            )
            .order_by(subscriptions.c.id)
            .limit(limit)
        )
        return [SubscriptionId(row[0]) for row in self._connection.execute(query)]

    def keep(self, samples: Iterable[UsageSample]) -> None:
        # Everywhere in one order, so that two who keep the same samples do not wait for each other.
        for sample in sorted(samples, key=lambda one: (one.subscription_id, one.day)):
            _KEEP.run(self._connection, _values(sample))

    def of(self, subscription: SubscriptionId, limit: int = 90) -> Sequence[UsageSample]:
        query = (
            select(usage_samples)
            .where(usage_samples.c.subscription_id == subscription)
            .order_by(usage_samples.c.day.desc())
            .limit(limit)
        )
        return [_sample(row) for row in self._connection.execute(query)]

    def forget_before(self, day: date) -> int:
        old = delete(usage_samples).where(usage_samples.c.day < day.isoformat())
        return self._connection.execute(old).rowcount


def _values(sample: UsageSample) -> dict[str, Any]:
    return {
        "subscription_id": sample.subscription_id,
        "day": sample.day.isoformat(),
        "generation": sample.generation,
        "taken_at": sample.taken_at,
        "last_seen": sample.last_seen,
        "never_seen": sample.never_seen,
        "connections": sample.connections,
        "network": sample.network,
        "player": sample.player,
    }


def _sample(row: Row[Any]) -> UsageSample:
    return UsageSample(
        subscription_id=SubscriptionId(row.subscription_id),
        day=date.fromisoformat(row.day),
        generation=row.generation,
        taken_at=row.taken_at,
        last_seen=row.last_seen,
        never_seen=row.never_seen,
        connections=row.connections,
        network=row.network,
        player=row.player,
    )
