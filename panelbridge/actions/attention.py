"""Attention: cases waiting for a decision, and what can safely be done about each."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Reason, View
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.attention import AttentionId, AttentionItem, SubjectKind
from panelbridge.provisioning import Operation, OperationId
from panelbridge.provisioning.flow.decisions import dismiss, ways_out


class SubjectView(View):
    """What an item is about. The bridge itself has the id 0."""

    kind: SubjectKind
    id: int


class AttentionView(View):
    """One thing that waits for a person. ``ways_out`` says what each would do."""

    id: int
    code: str
    subject: SubjectView
    message: str
    advice: str
    opened_at: datetime
    operation_id: int | None
    subscription_id: int | None
    panel_id: int | None
    ways_out: dict[str, str]

    @classmethod
    def of(cls, item: AttentionItem, operation: Operation | None) -> Self:
        """What is shown of ``item`` and of the operation it is about."""
        return cls(
            id=item.id,
            code=item.code,
            subject=SubjectView(kind=item.subject.kind, id=item.subject.id),
            message=item.message,
            advice=item.advice,
            opened_at=item.opened_at,
            operation_id=item.operation_id,
            subscription_id=item.subscription_id,
            panel_id=item.panel_id,
            ways_out=ways_out(operation, item.code),
        )


class Dismissal(Body):
    """What was done about it."""

    reason: Reason


class AttentionPage(View):
    """A page of what is open."""

    items: tuple[AttentionView, ...]
    next: int | None


def list_attention(context: Context, query: PageQuery) -> AttentionPage:
    """List the open cases. Each is decided by its operation, in one of the ways it names."""
    found = context.unit.attention.items(after=query.after, limit=query.limit + 1)
    items, after = cut(found, query, lambda item: item.id)
    shown = tuple(AttentionView.of(item, _operation_of(context, item)) for item in items)
    return AttentionPage(items=shown, next=after)


def _operation_of(context: Context, item: AttentionItem) -> Operation | None:
    if item.operation_id is None:
        return None
    return context.unit.journal.operation(OperationId(item.operation_id))


def dismiss_attention(context: Context, body: Dismissal, number: int) -> AttentionView:
    """Close an item that no operation waits for; the reason is kept with your name."""
    closed = dismiss(
        context.unit, AttentionId(number), actor=context.caller.actor, reason=body.reason, at=context.now
    )
    return AttentionView.of(closed, None)
