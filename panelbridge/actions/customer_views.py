"""What is shown of customers. No answer to a change holds anything personal: such answers are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Self

from pydantic import Field

from panelbridge.actions.acting import SubscriptionView
from panelbridge.actions.fields import View
from panelbridge.customers import Consent, Contact, Customer, Event, Fact, Found, Note, Profile


class CustomerRow(View):
    """A line of the list."""

    id: int
    name: str | None = Field(repr=False)
    email: str | None = Field(repr=False)
    phone: str | None = Field(repr=False)
    company: str | None = Field(repr=False)
    reseller_id: int
    installation_id: int | None
    client_id: int | None
    origin: str
    registered_on: date | None
    country: str | None
    storefront: str | None
    agent: str | None
    subscriptions: int = Field(description="how many are the customer's")
    tags: tuple[str, ...]
    erased_at: datetime | None

    @classmethod
    def of(cls, found: Found, tags: Sequence[str]) -> Self:
        """What is shown of ``found``."""
        one = found.customer
        return cls(
            id=one.id,
            name=found.name,
            email=found.email,
            phone=found.phone,
            company=found.company,
            reseller_id=one.reseller_id,
            installation_id=one.installation_id,
            client_id=one.client_id,
            origin=one.origin.value,
            registered_on=_day(one.registered_at),
            country=one.country,
            storefront=one.storefront,
            agent=one.agent,
            subscriptions=found.subscriptions,
            tags=tuple(tags),
            erased_at=one.erased_at,
        )


class CustomerPage(View):
    """A page of customers."""

    items: tuple[CustomerRow, ...]
    next: int | None


class ProfileView(View):
    """All that names a person."""

    name: str | None = Field(repr=False)
    email: str | None = Field(repr=False)
    phone: str | None = Field(repr=False)
    company: str | None = Field(repr=False)
    company_number: str | None = Field(repr=False)
    company_email: str | None = Field(repr=False)
    tax_id: str | None = Field(repr=False)
    vat_number: str | None = Field(repr=False)
    address: str | None = Field(repr=False)
    city: str | None = Field(repr=False)
    region: str | None = Field(repr=False)
    postcode: str | None = Field(repr=False)

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """What is shown of ``profile``."""
        return cls(**vars(profile))


class ContactView(View):
    """One more way to reach a customer."""

    id: int
    kind: str
    value: str = Field(repr=False)
    label: str = Field(repr=False)

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """What is shown of ``contact``."""
        return cls(id=contact.id, kind=contact.kind.value, value=contact.value, label=contact.label)


class ConsentView(View):
    """What a customer said about one purpose, and when."""

    purpose: str
    given: bool
    at: datetime
    source: str
    wording_version: str

    @classmethod
    def of(cls, consent: Consent) -> Self:
        """What is shown of ``consent``."""
        return cls(**{name: getattr(consent, name) for name in cls.model_fields})


class CustomerView(View):
    """A customer with all that hangs on him but notes and timeline."""

    id: int
    reseller_id: int
    installation_id: int | None
    client_id: int | None
    origin: str
    owned_by: str = Field(description="where the profile is edited: here, or in WHMCS")
    created_at: datetime
    registered_on: date | None
    country: str | None
    locale: str | None
    time_zone: str | None
    currency: str | None
    storefront: str | None
    agent: str | None
    merged_into: int | None = Field(description="this customer was entered twice: look at that one")
    erased_at: datetime | None
    revision: int
    profile: ProfileView | None = Field(description="null: erased, or merged into another")
    contacts: tuple[ContactView, ...]
    tags: tuple[str, ...]
    consents: tuple[ConsentView, ...] = Field(description="the newest word on each purpose")
    subscriptions: tuple[SubscriptionView, ...] = Field(description="the first hundred, by number")
    subscription_count: int

    @classmethod
    def of(
        cls,
        one: Customer,
        profile: Profile | None,
        *,
        contacts: Sequence[Contact],
        tags: Sequence[str],
        consents: Sequence[Consent],
        subscriptions: Sequence[SubscriptionView],
        count: int,
    ) -> Self:
        """What is shown of ``one``."""
        newest = {consent.purpose: consent for consent in consents}
        return cls(
            id=one.id,
            reseller_id=one.reseller_id,
            installation_id=one.installation_id,
            client_id=one.client_id,
            origin=one.origin.value,
            owned_by="WHMCS" if one.origin.value == "whmcs" else "panelbridge",
            created_at=one.created_at,
            registered_on=_day(one.registered_at),
            country=one.country,
            locale=one.locale,
            time_zone=one.time_zone,
            currency=one.currency,
            storefront=one.storefront,
            agent=one.agent,
            merged_into=one.merged_into,
            erased_at=one.erased_at,
            revision=one.revision,
            profile=None if profile is None else ProfileView.of(profile),
            contacts=tuple(ContactView.of(contact) for contact in contacts),
            tags=tuple(tags),
            consents=tuple(ConsentView.of(consent) for consent in newest.values()),
            subscriptions=tuple(subscriptions),
            subscription_count=count,
        )


class CustomerChanged(View):
    """What came of a change. It names nobody: GET shows the customer as he is now."""

    id: int
    revision: int
    changed: tuple[str, ...] = Field(description="names of what is otherwise now; empty: nothing was to do")
    number: int | None = Field(default=None, description="of the note or contact")


class NoteView(View):
    """What somebody wrote about a customer."""

    id: int
    subscription_id: int | None
    author: str
    at: datetime
    body: str | None = Field(repr=False, description="null: erased")
    pinned: bool
    removed_at: datetime | None

    @classmethod
    def of(cls, note: Note) -> Self:
        """What is shown of ``note``."""
        return cls(**{name: getattr(note, name) for name in cls.model_fields})


class NotePage(View):
    """A page of notes, the newest first; the pinned ones of all pages beside them."""

    items: tuple[NoteView, ...]
    next: int | None


class EventView(View):
    """A line of the timeline."""

    id: int
    at: datetime
    kind: str
    actor: str
    cause: str | None
    request_id: str | None
    customer_id: int | None
    subscription_id: int | None
    before: dict[str, Fact]
    after: dict[str, Fact]
    text: str | None = Field(repr=False, description="a person's words; null: none, or erased")

    @classmethod
    def of(cls, event: Event) -> Self:
        """What is shown of ``event``."""
        values: dict[str, Any] = {name: getattr(event, name) for name in cls.model_fields}
        return cls(**{**values, "kind": event.kind.value})


class EventPage(View):
    """A page of a timeline, the newest first."""

    items: tuple[EventView, ...]
    next: int | None


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
