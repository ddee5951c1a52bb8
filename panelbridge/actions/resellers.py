"""Resellers: who owns credits, plans and installations."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Code, Line, View
from panelbridge.actions.paging import PageQuery, cut, only
from panelbridge.actions.problems import Problem
from panelbridge.ledger import Credits, ResellerId
from panelbridge.subscriptions import Reseller


class NewReseller(Body):
    """A reseller to be added; its wallet is opened with it."""

    code: Code
    name: Line
    parent: Code | None = Field(default=None, description="code of the reseller above it")
    overdraft: Credits = Credits(0)
    floor: Credits | None = Field(default=None, description="an alert is due when less is available")


class ResellerView(View):
    """A reseller."""

    id: int
    code: str
    name: str
    parent_id: int | None

    @classmethod
    def of(cls, reseller: Reseller) -> Self:
        """What is shown of ``reseller``."""
        return cls(id=reseller.id, code=reseller.code, name=reseller.name, parent_id=reseller.parent_id)


class ResellerPage(View):
    """A page of resellers."""

    items: tuple[ResellerView, ...]
    next: int | None


def reseller_named(context: Context, code: str) -> Reseller:
    """The reseller ``code`` when the caller may see it. Raises ``not_found``."""
    found = context.unit.resellers.named(code)
    if found is None or context.caller.reseller(None) not in (None, found.id):
        raise Problem("not_found", f"There is no reseller {code}.")
    return found


def own_reseller(context: Context, named: str | None) -> Reseller:
    """The reseller meant: the one named, else the key's own. Raises ``invalid_request``, ``not_found``."""
    if named is not None:
        return reseller_named(context, named)
    own = context.caller.reseller(None)
    found = context.unit.resellers.reseller(own) if own is not None else None
    if found is None:
        raise Problem(
            "invalid_request", "reseller: the operator's key must name a reseller.", field="reseller"
        )
    return found


def list_resellers(context: Context, query: PageQuery) -> ResellerPage:
    """List resellers; an installation's key sees its own."""
    own = context.caller.reseller(None)
    store = context.unit.resellers
    found = store.page(query.after, query.limit + 1) if own is None else only(store.reseller(own), query)
    items, after = cut(found, query, lambda item: item.id)
    return ResellerPage(items=tuple(ResellerView.of(item) for item in items), next=after)


def show_reseller(context: Context, code: str) -> ResellerView:
    """Show one reseller."""
    return ResellerView.of(reseller_named(context, code))


def add_reseller(context: Context, body: NewReseller) -> ResellerView:
    """Add a reseller and open its wallet."""
    store = context.unit.resellers
    if store.named(body.code) is not None:
        raise Problem("code_taken", f"There is a reseller {body.code} already.", field="code")
    if body.overdraft < Credits(0):
        raise Problem("invalid_request", "overdraft: must be zero or more.", field="overdraft")
    parent: ResellerId | None = reseller_named(context, body.parent).id if body.parent is not None else None
    reseller = store.add(body.code, body.name, parent)
    context.unit.ledger.open_wallet(reseller.id, overdraft=body.overdraft, floor=body.floor)
    return ResellerView.of(reseller)
