"""Subscriptions: what ties a service to a panel account. Every write names an end state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from panelbridge.access import Scope
from panelbridge.actions.connect_view import connect_view
from panelbridge.actions.fields import Answer, Body, Bool, Code, Count, Id, Line, Reason, Remark
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import Term
from panelbridge.http.call import Call
from panelbridge.http.routes import Effect, Reply, Resource
from panelbridge.http.v1.acting import Acted, SubscriptionView, told, visible_subscription
from panelbridge.http.v1.installations import installation_named
from panelbridge.http.v1.paging import PageQuery, cut
from panelbridge.http.v1.plans import TermText
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning import (
    ChangeWish,
    CreateWish,
    RenewWish,
    ResetWish,
    SuspendWish,
    TerminateWish,
    UnsuspendWish,
    Wish,
    known_facts,
)
from panelbridge.subscriptions import Installation, Subscription, SubscriptionId

resource = Resource(tag="subscriptions")

Connections = Annotated[Count, Field(ge=1, le=9999)]
_HOURS = {"h": 1, "d": 24}


class SubscriptionQuery(PageQuery):
    """Which subscriptions."""

    state: SubscriptionState | None = Field(default=None, strict=False)
    expiring_within: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hd]$")] | None = Field(
        default=None, description="12h, 7d: entitled for at most so much longer"
    )
    installation: Code | None = None
    panel: Code | None = None


class Order(Body):
    """An account to be created for a service."""

    installation: Code | None = Field(default=None, description="needed with an operator's key")
    service_id: Id
    plan: Code
    term: TermText
    connections: Connections | None = None
    username: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")] | None = None
    mac: Annotated[str, Field(max_length=17)] | None = None
    domain: Line | None = Field(default=None, description="of the service, where the panel needs one")
    email: Line | None = Field(default=None, description="of the customer, where the panel needs one")
    customer: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None,
        description="your own id of the customer, the same in all of his orders: where a panel has one login "
        "for all that a customer bought, his later orders join it instead of being refused for his e-mail",
    )


class Extension(Body):
    """How much longer. ``by`` null: one term, at the plan's price."""

    by: TermText | None = None
    note: Reason
    gift: Bool = Field(default=False, description="costs no credits; needs an operator's key, and by")


class Suspend(Body):
    """Why. The reason stays until it is lifted, whatever else is paid."""

    reason: SuspensionReason = Field(default=SuspensionReason.MANUAL, strict=False)
    note: Remark = ""


class Unsuspend(Body):
    """Which reason to lift; null: all that this caller set."""

    reason: SuspensionReason | None = Field(default=None, strict=False)
    owner: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9:_-]+$")] | None = Field(
        default=None, description="whose reasons (an operator's key may lift another's)"
    )


class Reset(Body):
    """Which password shall work; null: one made by the panel's rules."""

    password: Annotated[SecretStr, Field(min_length=1, max_length=200)] | None = None


class Change(Body):
    """The plan it shall have now. For the next renewal: PUT next-change."""

    plan: Code
    term: TermText | None = None
    connections: Connections | None = None


class SubscriptionPage(Answer):
    """A page of subscriptions."""

    items: tuple[SubscriptionView, ...]
    next: int | None


@resource.get("/v1/subscriptions", answer=SubscriptionPage, query=SubscriptionQuery, problems=(404,))
def list_subscriptions(call: Call, query: SubscriptionQuery) -> SubscriptionPage:
    """List subscriptions, by state, by how soon they expire, by installation and panel."""
    store = call.unit.subscriptions
    own = call.caller.installation
    if query.installation is not None:
        own = installation_named(call, query.installation)
    panel = store.panel_named(query.panel) if query.panel is not None else None
    if query.panel is not None and panel is None:
        raise Problem("not_found", f"There is no panel {query.panel}.")
    found = store.search(
        installation=own.id if own is not None else None,
        panel=panel.id if panel is not None else None,
        state=query.state,
        expiring_within=_duration(query.expiring_within),
        now=call.now,
        after=SubscriptionId(query.after),
        limit=query.limit + 1,
    )
    items, after = cut(found, query, lambda item: item.id)
    shown = tuple(SubscriptionView.of(call.unit, item) for item in items)
    return SubscriptionPage(items=shown, next=after)


@resource.get("/v1/subscriptions/<int:number>", answer=SubscriptionView)
def show_subscription(call: Call, number: int) -> SubscriptionView:
    """Show one subscription, as the books know it."""
    found, _ = visible_subscription(call, call.unit, number)
    connect = connect_view(call.services, found, with_password=False)
    return SubscriptionView.of(call.unit, found, connect=connect)


class UsageDay(Answer):
    """One day of an account's use. ``null`` is not known: the panel does not tell, or told nothing."""

    day: date
    taken_at: datetime
    last_seen: datetime | None
    never_seen: bool
    connections: int | None = Field(description="in use when the sample was taken")
    network: str | None = Field(description="keyed hash of the last address's network: equal for equal ones")
    player: str | None


class UsageDays(Answer):
    """At most ninety days, the newest first."""

    items: tuple[UsageDay, ...]


@resource.get("/v1/subscriptions/<int:number>/usage", answer=UsageDays)
def show_usage(call: Call, number: int) -> UsageDays:
    """What the account was seen to use, one sample a day."""
    found, _ = visible_subscription(call, call.unit, number)
    samples = call.unit.usage.of(found.id)
    fields = tuple(UsageDay.model_fields)
    return UsageDays(
        items=tuple(UsageDay(**{name: getattr(one, name) for name in fields}) for one in samples)
    )


def _create_spent(call: Call, body: Order) -> None:
    """A create's key names one account: when that is gone, the key makes no second one."""
    own = call.caller.installation
    shop = installation_named(call, body.installation) if body.installation is not None else own
    found = call.unit.subscriptions.of_service(shop.id, body.service_id) if shop is not None else None
    if found is not None and found.state is SubscriptionState.TERMINATED:
        raise Problem(
            "key_spent",
            f"This key created the account of service {body.service_id}, which was terminated since.",
            field="Idempotency-Key",
        )


def _acts(
    path: str, *, body: type[Body] | None = None, spent: Callable[..., None] | None = None
) -> Callable[..., Callable[..., Reply]]:
    return resource.write(
        "POST",
        path,
        scope=Scope.PROVISION,
        body=body,
        answer=Acted,
        also=(202,),
        effect=Effect.ACTS,
        problems=(402, 404, 422),
        spent=spent,
    )


@_acts("/v1/subscriptions", body=Order, spent=_create_spent)
def create_subscription(call: Call, body: Order) -> Reply:
    """Create the account of a service; a repeat finds it."""
    installation = _ordering(call, body.installation)
    wish = CreateWish(
        installation=installation,
        service_id=body.service_id,
        actor=call.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term),
        connections=body.connections,
        username=body.username,
        mac=body.mac,
        customer=body.customer,
        facts=known_facts(body.domain, body.email),
        reopens=True,
    )
    answer = call.services.provisioner.submit(wish, budget=call.caller.budget)
    return told(call, answer, with_password=True)


@_acts("/v1/subscriptions/<int:number>/extend", body=Extension)
def extend_subscription(call: Call, body: Extension, number: int) -> Reply:
    """Extend once for each Idempotency-Key."""
    subscription, installation = _named(call, number)
    if body.gift and not call.caller.is_operator:
        raise Problem("forbidden_scope", "Only an operator's key gives time away.", field="gift")
    if body.gift and body.by is None:
        raise Problem("invalid_request", "by: a gift names its length, such as 3d.", field="by")
    wish = RenewWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        fact=f"token:{call.services.fingerprint(call.ledger_key)}",
        by=Term.parse(body.by) if body.by is not None else None,
        note=body.note,
        gift=body.gift,
    )
    return _submit(call, wish)


@_acts("/v1/subscriptions/<int:number>/suspend", body=Suspend)
def suspend_subscription(call: Call, body: Suspend, number: int) -> Reply:
    """Make the account unusable, keeping it."""
    subscription, installation = _named(call, number)
    wish = SuspendWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        reason=body.reason,
        owner=_owner(call),
        note=body.note,
    )
    return _submit(call, wish)


@_acts("/v1/subscriptions/<int:number>/unsuspend", body=Unsuspend)
def unsuspend_subscription(call: Call, body: Unsuspend, number: int) -> Reply:
    """Lift reasons; the account works again when none remains."""
    if body.owner not in (None, _owner(call)) and not call.caller.is_operator:
        raise Problem(
            "forbidden_scope", "Only an operator's key may lift what somebody else set.", field="owner"
        )
    subscription, installation = _named(call, number)
    wish = UnsuspendWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        owner=body.owner or _owner(call),
        reason=body.reason,
    )
    return _submit(call, wish)


@_acts("/v1/subscriptions/<int:number>/reset", body=Reset)
def reset_subscription(call: Call, body: Reset, number: int) -> Reply:
    """Make new credentials work and the old ones not."""
    subscription, installation = _named(call, number)
    wish = ResetWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        password=body.password,
        token=call.services.fingerprint(call.ledger_key),
    )
    return _submit(call, wish, with_password=True)


@_acts("/v1/subscriptions/<int:number>/change-package", body=Change)
def change_subscription(call: Call, body: Change, number: int) -> Reply:
    """Give the account another plan, now."""
    subscription, installation = _named(call, number)
    return _submit(call, _change(call, body, subscription, installation))


@_acts("/v1/subscriptions/<int:number>/terminate")
def terminate_subscription(call: Call, number: int) -> Reply:
    """Make the account proved absent."""
    subscription, installation = _named(call, number)
    wish = TerminateWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
    )
    return _submit(call, wish)


def _change(call: Call, body: Change, subscription: Subscription, installation: Installation) -> ChangeWish:
    return ChangeWish(
        installation=installation,
        service_id=subscription.service_id,
        actor=call.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term) if body.term is not None else subscription.term,
        connections=body.connections,
    )


def _submit(call: Call, wish: Wish, *, with_password: bool = False) -> Reply:
    answer = call.services.provisioner.submit(wish, budget=call.caller.budget)
    return told(call, answer, with_password=with_password)


def _named(call: Call, number: int) -> tuple[Subscription, Installation]:
    with call.services.units.read() as unit:
        return visible_subscription(call, unit, number)


def _ordering(call: Call, code: str | None) -> Installation:
    if code is None:
        if call.caller.installation is None:
            raise Problem(
                "invalid_request",
                "installation: the operator's key must name an installation.",
                field="installation",
            )
        return call.caller.installation
    with call.services.units.read() as unit:
        return installation_named(replace(call, open_unit=unit), code)


def _owner(call: Call) -> str:
    return "operator" if call.caller.is_operator else "api"


def _duration(text: str | None) -> timedelta | None:
    return timedelta(hours=int(text[:-1]) * _HOURS[text[-1]]) if text is not None else None
