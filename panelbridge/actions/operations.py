"""Operations of the journal, and the decisions on those that wait for one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.acting import Acted, OperationDetail, acted
from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Id, Reason, View
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import AccountId
from panelbridge.provisioning import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import SubscriptionId


class OperationQuery(PageQuery):
    """Which operations."""

    state: OperationState | None = Field(default=None, strict=False)
    subscription: Id | None = None


class AdoptedAccount(Body):
    """The panel's id of the account that is this service's."""

    account_id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Claim(Body):
    """What the person saw."""

    reason: Reason


class OperationPage(View):
    """A page of operations, in order of admission."""

    items: tuple[OperationDetail, ...]
    next: int | None


def list_operations(context: Context, query: OperationQuery) -> OperationPage:
    """List operations, by state and subscription."""
    own = context.caller.installation
    found = context.unit.journal.search(
        installation=own.id if own is not None else None,
        subscription=SubscriptionId(query.subscription) if query.subscription is not None else None,
        state=query.state,
        after=OperationId(query.after),
        limit=query.limit + 1,
    )
    items, after = cut(found, query, lambda item: item.id)
    return OperationPage(items=tuple(OperationDetail.of(item) for item in items), next=after)


def show_operation(context: Context, number: int) -> OperationDetail:
    """Show one operation."""
    return OperationDetail.of(_visible(context, context.unit, number))


def retry_operation(context: Context, number: int) -> Acted:
    """Ask the panel again and go on; charges and makes nothing that is there already."""
    operation = _checked(context, number)
    answer = context.services.provisioner.retry(
        operation, actor=context.caller.actor, budget=context.caller.budget
    )
    return acted(context, answer)


def adopt_operation(context: Context, body: AdoptedAccount, number: int) -> Acted:
    """Take the panel account named as this service's; the held credits are spent.

    A key without the scope admin: only an account that bears the mark of this very order.
    """
    operation = _checked(context, number)
    answer = context.services.provisioner.adopt(
        operation,
        AccountId(body.account_id),
        actor=context.caller.actor,
        needs_proof=not context.caller.key.allows(Scope.ADMIN),
    )
    return acted(context, answer)


def mark_operation_done(context: Context, body: Claim, number: int) -> Acted:
    """Claim that the effect is there; the held credits are spent."""
    operation = _checked(context, number)
    answer = context.services.provisioner.mark_done(operation, actor=context.caller.actor, reason=body.reason)
    return acted(context, answer)


def release_operation(context: Context, body: Claim, number: int) -> OperationDetail:
    """Claim that nothing happened; the held credits are free again and the name stays watched."""
    operation = _checked(context, number)
    answer = context.services.provisioner.release(operation, actor=context.caller.actor, reason=body.reason)
    return OperationDetail.of(answer.operation)


def buy_operation_from_here(context: Context, body: Claim, number: int) -> Acted:
    """Claim that the expiry's move was none of ours and that nothing was bought; it is bought from there."""
    operation = _checked(context, number)
    answer = context.services.provisioner.buy_from_here(
        operation, actor=context.caller.actor, reason=body.reason
    )
    return acted(context, answer)


def book_missing_operation(context: Context, body: Claim, number: int) -> Acted:
    """Claim that the expiry's move was an earlier renewal: it is charged, then this one is bought."""
    operation = _checked(context, number)
    answer = context.services.provisioner.book_missing(
        operation, actor=context.caller.actor, reason=body.reason
    )
    return acted(context, answer)


def _visible(context: Context, unit: Unit, number: int) -> Operation:
    own = context.caller.installation
    found = unit.journal.operation(OperationId(number))
    if found is None or (own is not None and own.id != found.installation_id):
        raise Problem("not_found", f"There is no operation {number}.")
    return found


def _checked(context: Context, number: int) -> OperationId:
    with context.services.units.read() as unit:
        return _visible(context, unit, number).id
