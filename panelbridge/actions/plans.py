"""Plans: what a reseller sells. A plan is its versions; a changed plan is a new version."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Self

from pydantic import Field, field_validator

from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Bool, Code, Count, Line, Query, View
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.panels import panel_named
from panelbridge.actions.problems import Problem
from panelbridge.actions.resellers import own_reseller, reseller_named
from panelbridge.contract.models import Term
from panelbridge.ledger import Credits, ResellerId
from panelbridge.subscriptions import Plan, PlanId, PlanTerm

TermText = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[md]$", description="1m, 12m, 30d")]
Price = Annotated[Credits, Field(description="credits as decimal text")]


class Offer(Body):
    """A term of the plan: its length, the panel package that delivers it, and its price."""

    term: TermText
    package: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    price: Price
    extra_connection: Price | None = Field(
        default=None, description="for each connection above the plan's; 0 = included, null = not sold"
    )

    @field_validator("price", "extra_connection")
    @classmethod
    def _not_negative(cls, value: Credits | None) -> Credits | None:
        if value is not None and value < Credits(0):
            raise ValueError("must be zero or more")
        return value


class WantedPlan(Body):
    """The plan as it shall be."""

    reseller: Code
    title: Line
    panel: Code
    terms: tuple[Offer, ...] = Field(min_length=1, max_length=50, strict=False)
    connections: Annotated[Count, Field(ge=1, le=9999)] | None = Field(
        default=None, description="null: what the package says"
    )
    options: dict[Annotated[str, Field(max_length=64)], Line] = Field(default_factory=dict)
    queue_without_credit: Bool = False
    allow_purchase: Bool = False
    allow_restart: Bool = False
    grace_hours: Annotated[Count, Field(le=24 * 60)] = 48
    active: Bool = True

    @field_validator("terms")
    @classmethod
    def _each_term_once(cls, value: tuple[Offer, ...]) -> tuple[Offer, ...]:
        lengths = [offer.term for offer in value]
        if len(set(lengths)) != len(lengths):
            raise ValueError("offers the same term twice")
        return value


class PlanQuery(PageQuery):
    """Whose plans."""

    reseller: Code | None = Field(default=None, description="an operator's key may leave it out in lists")


class OwnerQuery(Query):
    """Whose plan."""

    reseller: Code | None = Field(default=None, description="needed with an operator's key")


class OfferView(View):
    """A term of a plan."""

    term: str
    package: str
    price: Credits
    extra_connection: Credits | None


class PlanView(View):
    """The present version of a plan."""

    id: int
    reseller_id: int
    code: str
    version: int
    title: str
    panel_id: int
    terms: tuple[OfferView, ...]
    connections: int | None
    options: dict[str, str]
    queue_without_credit: bool
    allow_purchase: bool
    allow_restart: bool
    grace_hours: int
    active: bool

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """What is shown of ``plan``."""
        offers = tuple(
            OfferView(
                term=str(offer.term),
                package=offer.package,
                price=offer.price,
                extra_connection=offer.extra_connection,
            )
            for offer in plan.terms
        )
        return cls(
            id=plan.id,
            reseller_id=plan.reseller_id,
            code=plan.code,
            version=plan.version,
            title=plan.title,
            panel_id=plan.panel_id,
            terms=offers,
            connections=plan.connections,
            options=dict(plan.options),
            queue_without_credit=plan.queue_without_credit,
            allow_purchase=plan.allow_purchase,
            allow_restart=plan.allow_restart,
            grace_hours=plan.grace_hours,
            active=plan.active,
        )


class PlanPage(View):
    """A page of plans."""

    items: tuple[PlanView, ...]
    next: int | None


def list_plans(context: Context, query: PlanQuery) -> PlanPage:
    """List plans in their present version."""
    named = reseller_named(context, query.reseller).id if query.reseller is not None else None
    owner = context.caller.reseller(named)
    found = context.unit.plans.page(query.after, query.limit + 1, owner)
    items, after = cut(found, query, lambda plan: plan.id)
    return PlanPage(items=tuple(PlanView.of(plan) for plan in items), next=after)


def show_plan(context: Context, query: OwnerQuery, code: str) -> PlanView:
    """Show the present version of a plan."""
    plan = context.unit.plans.named(own_reseller(context, query.reseller).id, code)
    if plan is None:
        raise Problem("not_found", f"There is no plan {code}.")
    return PlanView.of(plan)


def put_plan(context: Context, body: WantedPlan, code: str) -> PlanView:
    """Make the plan so: a new version, unless the present one is so already."""
    _check_code(code)
    store = context.unit.plans
    reseller = reseller_named(context, body.reseller)
    wanted = _wanted(context, body, code, reseller_id=reseller.id)
    present = store.lock_named(reseller.id, code)
    if present is not None and present == replace(wanted, id=present.id, version=present.version):
        return PlanView.of(present)
    return PlanView.of(store.save(wanted))


def _check_code(code: str) -> None:
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", code) is None:
        raise Problem("invalid_request", "code: small letters, digits, dot, dash.", field="code")


def _wanted(context: Context, body: WantedPlan, code: str, *, reseller_id: ResellerId) -> Plan:
    offers = tuple(
        PlanTerm(
            term=Term.parse(offer.term),
            package=offer.package,
            price=offer.price,
            extra_connection=offer.extra_connection,
        )
        for offer in body.terms
    )
    return Plan(
        id=PlanId(0),
        reseller_id=reseller_id,
        code=code,
        version=0,
        title=body.title,
        panel_id=panel_named(context, body.panel).id,
        terms=offers,
        connections=body.connections,
        options=body.options,
        queue_without_credit=body.queue_without_credit,
        allow_purchase=body.allow_purchase,
        allow_restart=body.allow_restart,
        grace_hours=body.grace_hours,
        active=body.active,
    )
