"""Subscriptions: what ties a service to a panel account. Every write names an end state."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, SecretStr

from panelbridge.actions.acting import Acted, SubscriptionView, acted, visible_subscription
from panelbridge.actions.connect_view import connect_view
from panelbridge.actions.context import Context
from panelbridge.actions.fields import Body, Bool, Code, Count, Id, Line, Reason, Remark, View
from panelbridge.actions.installations import installation_named
from panelbridge.actions.paging import PageQuery, cut
from panelbridge.actions.plans import TermText
from panelbridge.actions.problems import Problem
from panelbridge.contract.models import Term
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning import (
    ChangeCommand,
    Command,
    CreateCommand,
    RenewCommand,
    ResetCommand,
    SuspendCommand,
    TerminateCommand,
    UnsuspendCommand,
    known_facts,
)
from panelbridge.subscriptions import Installation, Subscription, SubscriptionId, expiry_place

Connections = Annotated[Count, Field(ge=1, le=9999)]
_HOURS = {"h": 1, "d": 24}


class SubscriptionQuery(PageQuery):
    """Which subscriptions."""

    state: SubscriptionState | None = Field(default=None, strict=False)
    expiring_within: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,3}[hd]$")] | None = Field(
        default=None, description="12h, 7d: entitled for at most so much longer, the soonest hour first"
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


class SubscriptionPage(View):
    """A page of subscriptions."""

    items: tuple[SubscriptionView, ...]
    next: int | None


def list_subscriptions(context: Context, query: SubscriptionQuery) -> SubscriptionPage:
    """List subscriptions, by state, by how soon they expire, by installation and panel."""
    own = context.caller.installation
    if query.installation is not None:
        own = installation_named(context, query.installation)
    panel = context.unit.panels.named(query.panel) if query.panel is not None else None
    if query.panel is not None and panel is None:
        raise Problem("not_found", f"There is no panel {query.panel}.")
    which: Any = {
        "installation": own.id if own is not None else None,
        "panel": panel.id if panel is not None else None,
        "state": query.state,
        "limit": query.limit + 1,
    }
    store = context.unit.subscriptions
    if query.expiring_within is None:
        found = store.search(after=SubscriptionId(query.after), **which)
        items, after = cut(found, query, lambda item: item.id)
    else:
        within = _duration(query.expiring_within)
        found = store.expiring(context.now, within, after=query.after, **which)
        items, after = cut(found, query, expiry_place)
    shown = tuple(SubscriptionView.of(context.unit, item) for item in items)
    return SubscriptionPage(items=shown, next=after)


def show_subscription(context: Context, number: int) -> SubscriptionView:
    """Show one subscription, as the books know it."""
    found, _ = visible_subscription(context, context.unit, number)
    connect = connect_view(context.services, found, with_password=False)
    return SubscriptionView.of(context.unit, found, connect=connect)


class UsageDay(View):
    """One day of an account's use. ``null`` is not known: the panel does not tell, or told nothing."""

    day: date
    taken_at: datetime
    last_seen: datetime | None
    never_seen: bool
    connections: int | None = Field(description="in use when the sample was taken")
    network: str | None = Field(description="keyed hash of the last address's network: equal for equal ones")
    player: str | None


class UsageDays(View):
    """At most ninety days, the newest first."""

    items: tuple[UsageDay, ...]


def show_usage(context: Context, number: int) -> UsageDays:
    """What the account was seen to use, one sample a day."""
    found, _ = visible_subscription(context, context.unit, number)
    samples = context.unit.usage.of(found.id)
    fields = tuple(UsageDay.model_fields)
    return UsageDays(
        items=tuple(UsageDay(**{name: getattr(one, name) for name in fields}) for one in samples)
    )


def refuse_spent_create(context: Context, body: Order) -> None:
    """A create's key names one account: when that is gone, the key makes no second one."""
    own = context.caller.installation
    shop = installation_named(context, body.installation) if body.installation is not None else own
    found = context.unit.subscriptions.of_service(shop.id, body.service_id) if shop is not None else None
    if found is not None and found.state is SubscriptionState.TERMINATED:
        raise Problem(
            "key_spent",
            f"This key created the account of service {body.service_id}, which was terminated since.",
            field="Idempotency-Key",
        )


def create_subscription(context: Context, body: Order) -> Acted:
    """Create the account of a service; a repeat finds it."""
    installation = _ordering(context, body.installation)
    command = CreateCommand(
        installation=installation,
        service_id=body.service_id,
        actor=context.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term),
        connections=body.connections,
        username=body.username,
        mac=body.mac,
        customer=body.customer,
        facts=known_facts(body.domain, body.email),
        reopens=True,
    )
    answer = context.services.provisioner.submit(command, budget=context.caller.budget)
    return acted(context, answer, with_password=True)


def extend_subscription(context: Context, body: Extension, number: int) -> Acted:
    """Extend once for each Idempotency-Key."""
    subscription, installation = _named(context, number)
    if body.gift and not context.caller.is_operator:
        raise Problem("forbidden_scope", "Only an operator's key gives time away.", field="gift")
    if body.gift and body.by is None:
        raise Problem("invalid_request", "by: a gift names its length, such as 3d.", field="by")
    command = RenewCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        fact=f"token:{context.services.fingerprint(context.ledger_key)}",
        by=Term.parse(body.by) if body.by is not None else None,
        note=body.note,
        gift=body.gift,
    )
    return _submit(context, command)


def suspend_subscription(context: Context, body: Suspend, number: int) -> Acted:
    """Make the account unusable, keeping it."""
    subscription, installation = _named(context, number)
    command = SuspendCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        reason=body.reason,
        owner=_owner(context),
        note=body.note,
    )
    return _submit(context, command)


def unsuspend_subscription(context: Context, body: Unsuspend, number: int) -> Acted:
    """Lift reasons; the account works again when none remains."""
    if body.owner not in (None, _owner(context)) and not context.caller.is_operator:
        raise Problem(
            "forbidden_scope", "Only an operator's key may lift what somebody else set.", field="owner"
        )
    subscription, installation = _named(context, number)
    command = UnsuspendCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        owner=body.owner or _owner(context),
        reason=body.reason,
    )
    return _submit(context, command)


def reset_subscription(context: Context, body: Reset, number: int) -> Acted:
    """Make new credentials work and the old ones not."""
    subscription, installation = _named(context, number)
    command = ResetCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        password=body.password,
        token=context.services.fingerprint(context.ledger_key),
    )
    return _submit(context, command, with_password=True)


def change_subscription(context: Context, body: Change, number: int) -> Acted:
    """Give the account another plan, now."""
    subscription, installation = _named(context, number)
    return _submit(context, _change(context, body, subscription, installation))


def terminate_subscription(context: Context, number: int) -> Acted:
    """Make the account proved absent."""
    subscription, installation = _named(context, number)
    command = TerminateCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
    )
    return _submit(context, command)


def _change(
    context: Context, body: Change, subscription: Subscription, installation: Installation
) -> ChangeCommand:
    return ChangeCommand(
        installation=installation,
        service_id=subscription.service_id,
        actor=context.caller.actor,
        plan=body.plan,
        term=Term.parse(body.term) if body.term is not None else subscription.term,
        connections=body.connections,
    )


def _submit(context: Context, command: Command, *, with_password: bool = False) -> Acted:
    answer = context.services.provisioner.submit(command, budget=context.caller.budget)
    return acted(context, answer, with_password=with_password)


def _named(context: Context, number: int) -> tuple[Subscription, Installation]:
    with context.services.units.read() as unit:
        return visible_subscription(context, unit, number)


def _ordering(context: Context, code: str | None) -> Installation:
    if code is None:
        if context.caller.installation is None:
            raise Problem(
                "invalid_request",
                "installation: the operator's key must name an installation.",
                field="installation",
            )
        return context.caller.installation
    with context.services.units.read() as unit:
        return installation_named(replace(context, open_unit=unit), code)


def _owner(context: Context) -> str:
    return "operator" if context.caller.is_operator else "api"


def _duration(text: str) -> timedelta:
    return timedelta(hours=int(text[:-1]) * _HOURS[text[-1]])
