"""Attention: what only a person can decide, with the safe ways out."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from panelbridge.access import Scope
from panelbridge.actions.fields import Answer, Body, Reason
from panelbridge.http.call import Call
from panelbridge.http.routes import Resource
from panelbridge.http.v1.paging import PageQuery, page
from panelbridge.provisioning import AttentionItem, Operation
from panelbridge.provisioning.flow.decisions import dismiss, ways_out
from panelbridge.provisioning.models import AttentionId

resource = Resource(tag="attention")

_MOST = 10_000


class AttentionView(Answer):
    """One thing that waits for a person. ``ways_out`` says what each would do."""

    id: int
    code: str
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


class AttentionPage(Answer):
    """A page of what is open."""

    items: tuple[AttentionView, ...]
    next: int | None


@resource.get("/v1/attention", answer=AttentionPage, query=PageQuery, scope=Scope.ADMIN)
def list_attention(call: Call, query: PageQuery) -> AttentionPage:
    """List what is open. Decide it by the operation, in one of its ways out."""
    found = call.unit.journal.attention(limit=_MOST)
    items, after = page(found, query, lambda item: item.id)
    shown = tuple(AttentionView.of(item, _operation_of(call, item)) for item in items)
    return AttentionPage(items=shown, next=after)


def _operation_of(call: Call, item: AttentionItem) -> Operation | None:
    return call.unit.journal.operation(item.operation_id) if item.operation_id is not None else None


@resource.write(
    "POST",
    "/v1/attention/<int:number>/dismiss",
    scope=Scope.ADMIN,
    body=Dismissal,
    answer=AttentionView,
    problems=(404, 409),
)
def dismiss_attention(call: Call, body: Dismissal, number: int) -> AttentionView:
    """Close an item that no operation waits for; the reason is kept with your name."""
    closed = dismiss(call.unit, AttentionId(number), actor=call.caller.actor, reason=body.reason, at=call.now)
    return AttentionView.of(closed, None)
