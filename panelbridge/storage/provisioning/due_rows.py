"""Which rows of the journal may run, as statements: in their turn, and each panel's oldest first."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, select, text

from panelbridge.provisioning.flow.turns import OVERTAKEN, OVERTAKING, PANEL_CREDIT
from panelbridge.provisioning.models import UNSETTLED, OperationState
from panelbridge.storage.engine.schema import BigInt, Instant
from panelbridge.storage.provisioning.tables import operations

# As in the partial indexes, so that they are used: a bound value would not show the planner.
UNSETTLED_ROWS = text("operations.state IN ('queued', 'ready', 'sent', 'attention')")
RUNNABLE = text("operations.state IN ('ready', 'sent')")  # as in the partial index, so that it is used
_MOST_WAITING = 1000  # of a panel, told of at once; more say the same

_READY = operations.c.state == OperationState.READY.value
_SENT = operations.c.state == OperationState.SENT.value


def _due_rows() -> Select[tuple[object, ...]]:
    """Of ``now``, ``ahead``, ``closed``, ``per_panel`` and ``most``: see ``JournalStore.due``."""
    come = or_(
        operations.c.due_at <= bindparam("now", type_=Instant()),
        operations.c.due_set_at > bindparam("ahead", type_=Instant()),
    )
    open_panel = operations.c.panel_id.not_in(bindparam("closed", type_=BigInt, expanding=True))
    place = func.row_number().over(
        partition_by=operations.c.panel_id, order_by=(operations.c.due_at, operations.c.id)
    )
    may_run = and_(RUNNABLE, come, or_(_SENT, and_(open_panel, _in_turn())))
    found = select(operations.c.id, place.label("place")).where(may_run).subquery()
    return (
        select(operations)
        .join(found, found.c.id == operations.c.id)
        .where(found.c.place <= bindparam("per_panel", type_=Integer))
        .order_by(found.c.place, operations.c.due_at, operations.c.id)
        .limit(bindparam("most", type_=Integer))
    )


def _rows_in_vain() -> Select[tuple[object, ...]]:
    """Of ``before``, ``tries`` and ``long_before``: see ``JournalStore.waiting``."""
    before = bindparam("before", type_=Instant())
    in_vain = (operations.c.failing_since <= before) & (
        operations.c.failures >= bindparam("tries", type_=Integer)
    )
    in_vain |= operations.c.failing_since <= bindparam("long_before", type_=Instant())
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


DUE_ROWS = _due_rows()  # made once: a scan comes every second, and at each ring
ROWS_IN_VAIN = _rows_in_vain()
