"""Which rows of the journal may run, as statements: in their turn, and each panel's oldest first."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text

from panelbridge.provisioning.models import UNSETTLED, OperationState
from panelbridge.provisioning.turns import OVERTAKEN, OVERTAKING, PANEL_CREDIT
from panelbridge.storage.journal_tables import operations
from panelbridge.subscriptions import PanelId

RUNNABLE = text("operations.state IN ('ready', 'sent')")  # as in the partial index, so that it is used
_MOST_WAITING = 1000  # of a panel, told of at once; more say the same

_READY = operations.c.state == OperationState.READY.value
_SENT = operations.c.state == OperationState.SENT.value


def due_rows(
    now: datetime,
    limit: int,
    tolerance: timedelta,
    *,
    per_panel: int | None = None,
    closed: Collection[PanelId] = (),
) -> Select[Any]:
    """The columns of what may run at ``now``: see ``JournalStore.due``."""
    come = or_(operations.c.due_at <= now, operations.c.due_set_at > now + tolerance)
    may_be_sent = and_(operations.c.panel_id.not_in(closed), _in_turn()) if closed else _in_turn()
    place = func.row_number().over(
        partition_by=operations.c.panel_id, order_by=(operations.c.due_at, operations.c.id)
    )
    found = (
        select(operations.c.id, place.label("place"))
        .where(RUNNABLE, come, or_(_SENT, may_be_sent))
        .subquery()
    )
    query = select(operations).join(found, found.c.id == operations.c.id)
    if per_panel is not None:
        query = query.where(found.c.place <= per_panel)
    return query.order_by(found.c.place, operations.c.due_at, operations.c.id).limit(limit)


def rows_in_vain(before: datetime, tries: int, long_before: datetime) -> Select[Any]:
    """The columns of what is tried, or waits to be sent, in vain: see ``JournalStore.waiting``."""
    in_vain = (operations.c.failing_since <= before) & (operations.c.failures >= tries)
    in_vain |= operations.c.failing_since <= long_before
    unsent = _READY & (operations.c.due_at <= before)
    place = func.row_number().over(partition_by=operations.c.panel_id, order_by=operations.c.id)
    found = (
        select(operations.c.id, place.label("place"))
        .where(RUNNABLE, in_vain | unsent, or_(_SENT, _in_turn()))
        .subquery()
    )
    query = select(operations).join(found, found.c.id == operations.c.id)
    return query.where(found.c.place <= _MOST_WAITING).order_by(operations.c.id)


def _in_turn() -> ColumnElement[bool]:
    """Nothing of its subscription is under way or before a person, and it stands behind nothing earlier.

    ``turns.stands_behind`` says the same of one pair.
    """
    ahead = operations.alias("ahead")
    under_way = ahead.c.state.in_((OperationState.SENT.value, OperationState.ATTENTION.value))
    for_credit = or_(ahead.c.state == OperationState.QUEUED.value, ahead.c.code == PANEL_CREDIT)
    overtaken = and_(
        operations.c.verb.in_(sorted(OVERTAKING)), ahead.c.verb.in_(sorted(OVERTAKEN)), for_credit
    )
    earlier = and_(ahead.c.id < operations.c.id, ~overtaken)
    blocking = select(ahead.c.id).where(
        ahead.c.subscription_id == operations.c.subscription_id,
        ahead.c.id != operations.c.id,
        ahead.c.state.in_(sorted(UNSETTLED)),
        or_(under_way, earlier),
    )
    return ~blocking.exists()
