"""The timeline on SQLAlchemy Core. Rows are only added; the database refuses everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select

from panelbridge.customers import CustomerId, Event, EventKind
from panelbridge.ledger import ResellerId
from panelbridge.storage.customers.tables import customers, event_texts, events
from panelbridge.storage.subscriptions.rows import new_id
from panelbridge.subscriptions import SubscriptionId


class SqlEventStore:
    """Implements ``panelbridge.customers.EventStore`` inside an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, event: Event) -> None:
        values = {name: value for name, value in vars(event).items() if name not in ("id", "text")}
        number = new_id(
            self._connection,
            events,
            values | {"kind": event.kind.value, "before": dict(event.before), "after": dict(event.after)},
        )
        if event.text is not None:
            self._connection.execute(insert(event_texts), {"event_id": number, "text": event.text})

    def of_customer(self, customer: CustomerId, *, after: int, limit: int) -> Sequence[Event]:
        absorbed = select(customers.c.id).where(customers.c.merged_into == customer)
        his = [customer, *self._connection.execute(absorbed).scalars()]
        return self._page(events.c.customer_id.in_(his), after, limit)

    def of_subscription(self, subscription: SubscriptionId, *, after: int, limit: int) -> Sequence[Event]:
        return self._page(events.c.subscription_id == subscription, after, limit)

    def _page(self, whose: ColumnElement[bool], after: int, limit: int) -> Sequence[Event]:
        query = select(events, event_texts.c.text).outerjoin(
            event_texts, event_texts.c.event_id == events.c.id
        )
        query = query.where(whose)
        if after:
            query = query.where(events.c.id < after)
        newest = query.order_by(events.c.id.desc()).limit(limit)
        return [_event(row) for row in self._connection.execute(newest)]


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        kind=EventKind(row.kind),
        at=row.at,
        reseller_id=ResellerId(row.reseller_id),
        actor=row.actor,
        customer_id=None if row.customer_id is None else CustomerId(row.customer_id),
        subscription_id=None if row.subscription_id is None else SubscriptionId(row.subscription_id),
        cause=row.cause,
        request_id=row.request_id,
        before=_facts(row.before),
        after=_facts(row.after),
        text=row.text,
    )


def _facts(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
