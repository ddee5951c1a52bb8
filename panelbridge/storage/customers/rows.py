"""Rows of customers and their records."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from panelbridge.customers import (
    PROFILE_FIELDS,
    Contact,
    ContactId,
    ContactKind,
    Customer,
    CustomerId,
    Found,
    Note,
    NoteId,
    Origin,
    Profile,
)
from panelbridge.customers.folding import find_text, fold
from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import InstallationId, SubscriptionId


def customer_of(row: Row[Any]) -> Customer:
    return Customer(
        id=CustomerId(row.id),
        reseller_id=ResellerId(row.reseller_id),
        installation_id=None if row.installation_id is None else InstallationId(row.installation_id),
        client_id=row.client_id,
        origin=Origin(row.origin),
        created_at=row.created_at,
        registered_at=row.registered_at,
        country=row.country,
        locale=row.locale,
        time_zone=row.time_zone,
        currency=row.currency,
        storefront=row.storefront,
        agent=row.agent,
        merged_into=None if row.merged_into is None else CustomerId(row.merged_into),
        erased_at=row.erased_at,
        revision=row.revision,
    )


def customer_values(customer: Customer) -> dict[str, Any]:
    values = {name: value for name, value in vars(customer).items() if name != "id"}
    return values | {"origin": customer.origin.value}


def profile_of(row: Row[Any]) -> Profile:
    return Profile(**{name: getattr(row, name) for name in PROFILE_FIELDS})


def profile_values(profile: Profile, contacts: list[Contact]) -> dict[str, Any]:
    """The profile, and all by which he is found: his contacts too."""
    phones = [one.value for one in contacts if one.kind in (ContactKind.PHONE, ContactKind.WHATSAPP)]
    others = [one.value for one in contacts if one.kind in (ContactKind.EMAIL, ContactKind.TELEGRAM)]
    texts = (profile.name, profile.email, profile.company, profile.company_email, *others)
    return vars(profile) | {
        "name_folded": fold(profile.name) if profile.name else None,
        "email_folded": fold(profile.email) if profile.email else None,
        "find_text": find_text(texts, (profile.phone, *phones)),
    }


def found_of(row: Row[Any]) -> Found:
    return Found(
        customer=customer_of(row),
        name=row.name,
        email=row.email,
        phone=row.phone,
        company=row.company,
        subscriptions=row.subscriptions,
    )


def contact_of(row: Row[Any]) -> Contact:
    return Contact(
        id=ContactId(row.id),
        customer_id=CustomerId(row.customer_id),
        kind=ContactKind(row.kind),
        value=row.value,
        label=row.label,
    )


def note_of(row: Row[Any]) -> Note:
    return Note(
        id=NoteId(row.id),
        customer_id=CustomerId(row.customer_id),
        subscription_id=None if row.subscription_id is None else SubscriptionId(row.subscription_id),
        author=row.author,
        at=row.at,
        body=row.body,
        pinned=row.pinned,
        removed_at=row.removed_at,
    )
