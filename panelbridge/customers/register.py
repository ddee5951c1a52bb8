"""Adding, changing, linking and merging customers, each with its line of the timeline in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from panelbridge.customers.events import Event, EventKind, Fact
from panelbridge.customers.exceptions import CustomerRefused, not_found
from panelbridge.customers.models import (
    PROFILE_FIELDS,
    Contact,
    ContactId,
    ContactKind,
    Customer,
    CustomerId,
    Origin,
    Profile,
)
from panelbridge.customers.port import CustomerUnit
from panelbridge.subscriptions import Subscription


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who changes something, when, and on which occasion."""

    actor: str
    at: datetime
    cause: str | None = None
    request_id: str | None = None


def tell(
    unit: CustomerUnit,
    author: Author,
    customer: Customer,
    kind: EventKind,
    *,
    subscription: Subscription | None = None,
    before: Mapping[str, Fact] | None = None,
    after: Mapping[str, Fact] | None = None,
    text: str | None = None,
) -> None:
    """Add a line to the timeline of ``customer``."""
    event = Event(
        kind=kind,
        at=author.at,
        reseller_id=customer.reseller_id,
        actor=author.actor,
        customer_id=customer.id,
        subscription_id=subscription.id if subscription is not None else None,
        cause=author.cause,
        request_id=author.request_id,
        before=before or {},
        after=after or {},
        text=text,
    )
    unit.events.append(event)


def locked(unit: CustomerUnit, number: CustomerId) -> Customer:
    """The customer, whom nobody else changes meanwhile. Raises ``CustomerRefused``: merged or erased."""
    found = unit.customers.locked(number)
    if found is None:
        raise not_found(number)
    if found.merged_into is not None:
        raise CustomerRefused(
            "illegal_move",
            f"customer {number} was merged into customer {found.merged_into}",
            advice="Change that one.",
        )
    if found.erased_at is not None:
        raise CustomerRefused(
            "illegal_move", f"the personal data of customer {number} was erased", advice="Add him anew."
        )
    return found


def add_customer(unit: CustomerUnit, author: Author, customer: Customer, profile: Profile) -> Customer:
    """A new customer. Raises ``CustomerRefused`` when his shop's client is one already."""
    made = unit.customers.add(replace(customer, created_at=author.at), profile)
    if made is None:
        raise CustomerRefused(
            "code_taken",
            f"client {customer.client_id} of this installation is a customer already",
            advice="Change that one, or leave the client id out.",
            field="client_id",
        )
    tell(unit, author, made, EventKind.CUSTOMER_ADDED, after={"origin": made.origin.value})
    return made


def edit_customer(
    unit: CustomerUnit,
    author: Author,
    customer: Customer,
    *,
    identity: Mapping[str, Any],
    personal: Mapping[str, str | None],
) -> tuple[Customer, tuple[str, ...]]:
    """Set what is named, leave the rest. The customer as he is now, and which fields changed."""
    check_editable(customer, personal)
    profile = unit.customers.profile(customer.id)
    if profile is None:
        raise LookupError(f"customer {customer.id} has no profile and is not erased")
    changed = [name for name, value in personal.items() if getattr(profile, name) != value]
    moved = [name for name, value in identity.items() if getattr(customer, name) != value]
    if not changed and not moved:
        return customer, ()
    if changed:
        unit.customers.save_profile(
            customer.id, replace(profile, **{name: personal[name] for name in changed})
        )
    now = _revised(unit, replace(customer, **{name: identity[name] for name in moved}))
    names = tuple(sorted([*changed, *moved]))
    tell(unit, author, now, EventKind.CUSTOMER_EDITED, after={"fields": names})
    return now, names


def link_subscription(
    unit: CustomerUnit, author: Author, customer: Customer, subscription: Subscription
) -> bool:
    """It is this customer's; ``False`` = it was. Raises ``CustomerRefused`` for another reseller's."""
    if subscription.reseller_id != customer.reseller_id:
        raise CustomerRefused(
            "illegal_move",
            f"subscription {subscription.id} and customer {customer.id} belong to different resellers",
            advice="Choose a customer of the same reseller.",
        )
    owner = unit.customers.customer_of(subscription.id, locked=True)
    if owner == customer.id:
        return False
    if owner is not None:
        raise CustomerRefused(
            "illegal_move",
            f"subscription {subscription.id} is customer {owner}'s",
            advice="Unlink it there first, or merge the two customers if they are one person.",
        )
    unit.customers.link(subscription.id, customer.id)
    tell(unit, author, _revised(unit, customer), EventKind.SUBSCRIPTION_LINKED, subscription=subscription)
    return True


def unlink_subscription(
    unit: CustomerUnit, author: Author, customer: Customer, subscription: Subscription
) -> bool:
    """It is not this customer's; ``False`` = it was not."""
    if unit.customers.customer_of(subscription.id, locked=True) != customer.id:
        return False
    unit.customers.link(subscription.id, None)
    tell(unit, author, _revised(unit, customer), EventKind.SUBSCRIPTION_UNLINKED, subscription=subscription)
    return True


def merge_customers(
    unit: CustomerUnit, author: Author, *, lost: CustomerId, kept: CustomerId
) -> Mapping[str, int]:
    """``lost`` and ``kept`` are one person: all goes on in ``kept``, whose profile counts.

    What was moved, counted. The number of ``lost`` leads to ``kept`` for ever. Raises ``CustomerRefused``.
    """
    if lost == kept:
        raise CustomerRefused(
            "illegal_move", f"customer {kept} is the same as {lost}", advice="Name two customers."
        )
    first, second = (locked(unit, number) for number in sorted((lost, kept)))
    gone, stays = (first, second) if first.id == lost else (second, first)
    if gone.reseller_id != stays.reseller_id:
        raise CustomerRefused(
            "illegal_move",
            f"customers {lost} and {kept} belong to different resellers",
            advice="Only customers of one reseller are merged.",
        )
    if gone.origin is Origin.WHMCS:
        raise CustomerRefused(
            "illegal_move",
            f"customer {lost} is a client of a shop, which goes on telling of him",
            advice="Merge the two clients in WHMCS; or keep this one and merge the other into him.",
        )
    profile = _joined_profile(unit, gone, stays)
    moved = unit.customers.absorb(gone.id, stays.id)
    unit.customers.save_profile(stays.id, profile)  # he is found by what came to him
    _revised(unit, replace(gone, merged_into=stays.id))
    into, absorbed = {"into": int(stays.id)}, {"absorbed": int(gone.id)} | dict(moved)
    tell(unit, author, gone, EventKind.CUSTOMER_MERGED, after=into)
    tell(unit, author, _revised(unit, stays), EventKind.CUSTOMER_MERGED, after=absorbed)
    return moved


def erase_customer(unit: CustomerUnit, author: Author, customer: Customer) -> None:
    """His profile, contacts, notes and what was written about him are gone; ids, codes and dates stay.

    Whether he may be erased now is decided by whoever calls this.
    """
    unit.customers.erase(customer.id)
    gone = _revised(unit, replace(customer, erased_at=author.at))
    tell(unit, author, gone, EventKind.CUSTOMER_ERASED)


def _joined_profile(unit: CustomerUnit, gone: Customer, stays: Customer) -> Profile:
    """What one profile lacks is filled from the other, whose address and telephone become contacts."""
    lost, kept = (unit.customers.profile(one.id) or Profile() for one in (gone, stays))
    if stays.origin is not Origin.WHMCS:
        kept = Profile(**{name: getattr(kept, name) or getattr(lost, name) for name in PROFILE_FIELDS})
    reached = {(one.kind, one.value) for one in unit.belongings.contacts(gone.id)}
    for kind, value, known in (
        (ContactKind.EMAIL, lost.email, kept.email),
        (ContactKind.PHONE, lost.phone, kept.phone),
    ):
        if value and value != known and (kind, value) not in reached:
            contact = Contact(id=ContactId(0), customer_id=gone.id, kind=kind, value=value)
            unit.belongings.add_contact(contact)
    return kept


def check_editable(customer: Customer, personal: Mapping[str, str | None]) -> None:
    """Raises ``CustomerRefused`` when fields of his profile are set that WHMCS owns."""
    if personal and customer.origin is Origin.WHMCS:
        raise CustomerRefused(
            "illegal_move",
            f"WHMCS owns the profile of customer {customer.id}; here it is a mirror",
            advice="Change it in WHMCS, under the client's profile.",
            field=next(iter(personal)),
        )


def _revised(unit: CustomerUnit, customer: Customer) -> Customer:
    now = replace(customer, revision=customer.revision + 1)
    unit.customers.save(now)
    return now
