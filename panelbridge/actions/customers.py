"""Customers: the people who have subscriptions. Looking, adding, changing, linking, merging."""

from __future__ import annotations

from panelbridge.actions.acting import SubscriptionView, visible_subscription
from panelbridge.actions.context import Context
from panelbridge.actions.customer_forms import (
    CustomerChange,
    CustomerFilters,
    CustomerQuery,
    EventQuery,
    LinkedSubscription,
    Merging,
    NewCustomer,
    midnight,
)
from panelbridge.actions.customer_views import (
    CustomerChanged,
    CustomerPage,
    CustomerRow,
    CustomerView,
    EventPage,
    EventView,
)
from panelbridge.actions.installations import installation_named
from panelbridge.actions.paging import cut
from panelbridge.actions.problems import Problem
from panelbridge.actions.resellers import own_reseller, reseller_named
from panelbridge.customers import (
    Author,
    Customer,
    CustomerId,
    Filters,
    Profile,
    register,
    search_for,
)
from panelbridge.subscriptions import Installation

_SHOWN_SUBSCRIPTIONS = 100


def author_of(context: Context) -> Author:
    """Who is written into the timeline."""
    return Author(actor=context.caller.actor, at=context.now, request_id=context.caller.request_id)


def visible_customer(context: Context, number: int) -> Customer:
    """The customer when the caller may see him. Raises ``not_found``."""
    return _seen(context, context.unit.customers.customer(CustomerId(number)), number)


def customer_to_change(context: Context, number: int) -> Customer:
    """The same, locked. Raises ``not_found``; ``illegal_move`` for one who was merged or erased."""
    visible_customer(context, number)
    return register.locked(context.unit, CustomerId(number))


def list_customers(context: Context, query: CustomerQuery) -> CustomerPage:
    """List customers, or find them by part of a name, address, number, login or device."""
    unit = context.unit
    search = search_for(query.search) if query.search is not None else None
    found = unit.customers.page(filters_of(context, query), search, after=query.after, limit=query.limit + 1)
    items, after = cut(found, query, lambda item: item.customer.id)
    tags = unit.belongings.tags([item.customer.id for item in items])
    rows = tuple(CustomerRow.of(item, tags.get(item.customer.id, ())) for item in items)
    return CustomerPage(items=rows, next=after)


def show_customer(context: Context, number: int) -> CustomerView:
    """Show one customer with contacts, tags, consents and subscriptions."""
    one = visible_customer(context, number)
    unit, kept = context.unit, context.unit.belongings
    sold = unit.customers.subscriptions(one.id)
    first = [unit.subscriptions.subscription(item) for item in sold[:_SHOWN_SUBSCRIPTIONS]]
    return CustomerView.of(
        one,
        unit.customers.profile(one.id),
        contacts=kept.contacts(one.id),
        tags=kept.tags([one.id]).get(one.id, ()),
        consents=kept.consents(one.id),
        subscriptions=[SubscriptionView.of(unit, item) for item in first if item is not None],
        count=len(sold),
    )


def show_timeline(context: Context, query: EventQuery, number: int) -> EventPage:
    """Show what happened to a customer, the newest first."""
    one = visible_customer(context, number)
    found = context.unit.events.of_customer(one.id, after=query.after, limit=query.limit + 1)
    events, after = cut(found, query, lambda event: event.id)
    return EventPage(items=tuple(EventView.of(event) for event in events), next=after)


def add_customer(context: Context, body: NewCustomer) -> CustomerChanged:
    """Add a customer."""
    shop = shop_of(context, body.installation)
    if shop is None and body.client_id is not None:
        raise Problem(
            "invalid_request", "client_id: name the installation that knows the client.", field="installation"
        )
    reseller = shop.reseller_id if shop is not None else own_reseller(context, body.reseller).id
    wanted = Customer(
        id=CustomerId(0),
        reseller_id=reseller,
        created_at=context.now,
        installation_id=shop.id if shop is not None else None,
        client_id=body.client_id,
        **body.identity(),
    )
    made = register.add_customer(context.unit, author_of(context), wanted, Profile(**body.personal()))
    return CustomerChanged(id=made.id, revision=made.revision, changed=("customer",))


def change_customer(context: Context, body: CustomerChange, number: int) -> CustomerChanged:
    """Change what is named of a customer, and leave the rest."""
    one = customer_to_change(context, number)
    now, changed = register.edit_customer(
        context.unit, author_of(context), one, identity=body.identity(), personal=body.personal()
    )
    return CustomerChanged(id=now.id, revision=now.revision, changed=changed)


def link_subscription(context: Context, body: LinkedSubscription, number: int) -> CustomerChanged:
    """Say that a subscription is this customer's."""
    one = customer_to_change(context, number)
    subscription, _ = visible_subscription(context, context.unit, body.subscription_id)
    moved = register.link_subscription(context.unit, author_of(context), one, subscription)
    return _changed(context, one, "subscription" if moved else None)


def unlink_subscription(context: Context, number: int, subscription: int) -> CustomerChanged:
    """Say that a subscription is not this customer's."""
    one = customer_to_change(context, number)
    found, _ = visible_subscription(context, context.unit, subscription)
    moved = register.unlink_subscription(context.unit, author_of(context), one, found)
    return _changed(context, one, "subscription" if moved else None)


def merge_customers(context: Context, body: Merging, number: int) -> CustomerChanged:
    """Merge another customer into this one: they are one person."""
    visible_customer(context, number)
    visible_customer(context, body.other_id)
    moved = register.merge_customers(
        context.unit, author_of(context), lost=CustomerId(body.other_id), kept=CustomerId(number)
    )
    one = visible_customer(context, number)
    names = tuple(name for name, count in moved.items() if count)
    return CustomerChanged(id=one.id, revision=one.revision, changed=("customer", *names))


def _changed(context: Context, one: Customer, what: str | None) -> CustomerChanged:
    now = visible_customer(context, one.id)
    return CustomerChanged(id=now.id, revision=now.revision, changed=(what,) if what else ())


def _seen(context: Context, found: Customer | None, number: int) -> Customer:
    own = context.caller.installation
    if found is None or (own is not None and own.id != found.installation_id):
        raise Problem("not_found", f"There is no customer {number}.")
    return found


def shop_of(context: Context, code: str | None) -> Installation | None:
    """The shop named, else the key's own; ``None``: the operator named none. Raises ``not_found``."""
    return context.caller.installation if code is None else installation_named(context, code)


def filters_of(context: Context, query: CustomerFilters) -> Filters:
    """What a list or an export is narrowed to: a shop's key sees its own. Raises ``not_found``."""
    shop = context.caller.installation
    if query.installation is not None:
        shop = installation_named(context, query.installation)
    reseller = reseller_named(context, query.reseller).id if query.reseller is not None else None
    return Filters(
        reseller_id=reseller,
        installation_id=shop.id if shop is not None else None,
        country=query.country,
        storefront=query.storefront,
        agent=query.agent,
        tag=query.tag,
        registered_from=midnight(query.registered_from),
        registered_before=midnight(query.registered_before),
    )
