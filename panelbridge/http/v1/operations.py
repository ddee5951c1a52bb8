"""Operations of the journal, and the ways out of those that wait for a person."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panelbridge.access import Scope
from panelbridge.actions.fields import Answer, Body, Id, Reason
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import AccountId
from panelbridge.http.call import Call
from panelbridge.http.routes import Effect, Reply, Resource
from panelbridge.http.v1.acting import Acted, OperationDetail, told
from panelbridge.http.v1.paging import PageQuery, cut
from panelbridge.provisioning import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import SubscriptionId

resource = Resource(tag="operations")


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


class OperationPage(Answer):
    """A page of operations, in order of admission."""

    items: tuple[OperationDetail, ...]
    next: int | None


@resource.get("/v1/operations", answer=OperationPage, query=OperationQuery)
def list_operations(call: Call, query: OperationQuery) -> OperationPage:
    """List operations, by state and subscription."""
    own = call.caller.installation
    found = call.unit.journal.search(
        installation=own.id if own is not None else None,
        subscription=SubscriptionId(query.subscription) if query.subscription is not None else None,
        state=query.state,
        after=OperationId(query.after),
        limit=query.limit + 1,
    )
    items, after = cut(found, query, lambda item: item.id)
    return OperationPage(items=tuple(OperationDetail.of(item) for item in items), next=after)


@resource.get("/v1/operations/<int:number>", answer=OperationDetail)
def show_operation(call: Call, number: int) -> OperationDetail:
    """Show one operation."""
    return OperationDetail.of(_visible(call, call.unit, number))


@resource.write(
    "POST",
    "/v1/operations/<int:number>/retry",
    scope=Scope.PROVISION,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
def retry_operation(call: Call, number: int) -> Reply:
    """Ask the panel again and go on; charges and makes nothing that is there already."""
    operation = _checked(call, number)
    answer = call.services.provisioner.retry(operation, actor=call.caller.actor, budget=call.caller.budget)
    return told(call, answer)


@resource.write(
    "POST",
    "/v1/operations/<int:number>/adopt",
    scope=Scope.PROVISION,
    body=AdoptedAccount,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
def adopt_operation(call: Call, body: AdoptedAccount, number: int) -> Reply:
    """Take the panel account named as this service's; the held credits are spent.

    A key without the scope admin: only an account that bears the mark of this very order.
    """
    operation = _checked(call, number)
    answer = call.services.provisioner.adopt(
        operation,
        AccountId(body.account_id),
        actor=call.caller.actor,
        needs_proof=not call.caller.key.allows(Scope.ADMIN),
    )
    return told(call, answer)


@resource.write(
    "POST",
    "/v1/operations/<int:number>/mark-done",
    scope=Scope.ADMIN,
    body=Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
def mark_operation_done(call: Call, body: Claim, number: int) -> Reply:
    """Claim that the effect is there; the held credits are spent."""
    operation = _checked(call, number)
    answer = call.services.provisioner.mark_done(operation, actor=call.caller.actor, reason=body.reason)
    return told(call, answer)


@resource.write(
    "POST",
    "/v1/operations/<int:number>/release",
    scope=Scope.ADMIN,
    body=Claim,
    answer=OperationDetail,
    effect=Effect.ACTS,
)
def release_operation(call: Call, body: Claim, number: int) -> OperationDetail:
    """Claim that nothing happened; the held credits are free again and the name stays watched."""
    operation = _checked(call, number)
    answer = call.services.provisioner.release(operation, actor=call.caller.actor, reason=body.reason)
    return OperationDetail.of(answer.operation)


@resource.write(
    "POST",
    "/v1/operations/<int:number>/buy-from-here",
    scope=Scope.ADMIN,
    body=Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
def buy_operation_from_here(call: Call, body: Claim, number: int) -> Reply:
    """Claim that the expiry's move was none of ours and that nothing was bought; it is bought from there."""
    operation = _checked(call, number)
    answer = call.services.provisioner.buy_from_here(operation, actor=call.caller.actor, reason=body.reason)
    return told(call, answer)


@resource.write(
    "POST",
    "/v1/operations/<int:number>/book-missing",
    scope=Scope.ADMIN,
    body=Claim,
    answer=Acted,
    also=(202,),
    effect=Effect.ACTS,
)
def book_missing_operation(call: Call, body: Claim, number: int) -> Reply:
    """Claim that the expiry's move was an earlier renewal: it is charged, then this one is bought."""
    operation = _checked(call, number)
    answer = call.services.provisioner.book_missing(operation, actor=call.caller.actor, reason=body.reason)
    return told(call, answer)


def _visible(call: Call, unit: Unit, number: int) -> Operation:
    own = call.caller.installation
    found = unit.journal.operation(OperationId(number))
    if found is None or (own is not None and own.id != found.installation_id):
        raise Problem("not_found", f"There is no operation {number}.")
    return found


def _checked(call: Call, number: int) -> OperationId:
    with call.services.units.read() as unit:
        return _visible(call, unit, number).id
