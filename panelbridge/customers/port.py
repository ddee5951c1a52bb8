"""What the room of customers needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from panelbridge.customers.events import Event
from panelbridge.customers.models import (
    Consent,
    Contact,
    ContactId,
    Customer,
    CustomerId,
    Filters,
    Found,
    Note,
    NoteId,
    Profile,
)
from panelbridge.customers.search import Search
from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import InstallationId, SubscriptionId, SubscriptionStore


class CustomerStore(Protocol):
    """Identities and profiles. Whoever changes anything of a customer has locked his row."""

    def customer(self, customer: CustomerId) -> Customer | None: ...
    def locked(self, customer: CustomerId) -> Customer | None:
        """The same as it is now; nobody else changes it before this transaction ends."""
        ...

    def of_client(self, installation: InstallationId, client: int) -> Customer | None: ...
    def of_email(self, reseller: ResellerId, email: str) -> Sequence[Customer]:
        """At most two who have this address in their profile, whatever its capitals."""
        ...

    def add(self, customer: Customer, profile: Profile) -> Customer | None:
        """``None`` when the installation's client has a customer already."""
        ...

    def save(self, customer: Customer) -> None: ...
    def profile(self, customer: CustomerId) -> Profile | None:
        """``None`` = erased."""
        ...

    def save_profile(self, customer: CustomerId, profile: Profile) -> None:
        """Also makes him found by it, and by his contacts as they are now."""
        ...

    def erase(self, customer: CustomerId) -> None:
        """No byte of profile, contacts, notes and texts stays in a row or in the index."""
        ...

    def page(self, filters: Filters, search: Search | None, *, after: int, limit: int) -> Sequence[Found]: ...
    def subscriptions(self, customer: CustomerId) -> Sequence[SubscriptionId]: ...
    def customer_of(self, subscription: SubscriptionId, *, locked: bool = False) -> CustomerId | None:
        """Whose it is. ``locked``: and nobody links it elsewhere before this transaction ends."""
        ...

    def link(self, subscription: SubscriptionId, customer: CustomerId | None) -> None: ...
    def absorb(self, lost: CustomerId, kept: CustomerId) -> Mapping[str, int]:
        """Everything of ``lost`` belongs to ``kept``; how many of each kind were moved."""
        ...

    def profiles(self, filters: Filters, *, after: int, limit: int) -> Sequence[tuple[Customer, Profile]]:
        """Those above the number ``after`` who are not erased, by number."""
        ...

    def begin_import(self, reseller: ResellerId, actor: str, at: datetime) -> int:
        """Its number."""
        ...

    def lock_imports(self, reseller: ResellerId) -> None:
        """No other file is read for the reseller before this transaction ends."""
        ...

    def imported(self, reseller: ResellerId, digest: str) -> bool:
        """Whether a line with this digest was read before."""
        ...

    def note_import(self, reseller: ResellerId, digest: str, customer: CustomerId, at: datetime) -> None: ...


class BelongingsStore(Protocol):
    """What hangs on a customer."""

    def contacts(self, customer: CustomerId) -> Sequence[Contact]: ...
    def add_contact(self, contact: Contact) -> Contact: ...
    def remove_contact(self, contact: ContactId) -> None: ...
    def notes(self, customer: CustomerId, *, removed: bool, after: int, limit: int) -> Sequence[Note]:
        """Newest first, those below the number ``after`` (0 = all)."""
        ...

    def note(self, note: NoteId) -> Note | None: ...
    def add_note(self, note: Note) -> Note: ...
    def save_note(self, note: Note) -> None:
        """Pinned, removed: the text stays as it was written."""
        ...

    def purge_notes(self, removed_before: datetime) -> int:
        """Erase the texts of notes that were removed before then."""
        ...

    def tags(self, customers: Collection[CustomerId]) -> Mapping[CustomerId, Sequence[str]]: ...
    def add_tag(self, customer: Customer, name: str, *, actor: str, at: datetime) -> int | None:
        """The tag's id; ``None`` when he has it. A name is one tag of a reseller, however it is spelled."""
        ...

    def remove_tag(self, customer: Customer, name: str) -> int | None:
        """The tag's id; ``None`` when he has it not."""
        ...

    def consents(self, customer: CustomerId) -> Sequence[Consent]:
        """Oldest first."""
        ...

    def add_consent(self, consent: Consent) -> None: ...


class EventStore(Protocol):
    """The timeline."""

    def append(self, event: Event) -> None: ...
    def of_customer(self, customer: CustomerId, *, after: int, limit: int) -> Sequence[Event]:
        """Newest first, those below the number ``after`` (0 = all); of whom he absorbed too."""
        ...

    def of_subscription(self, subscription: SubscriptionId, *, after: int, limit: int) -> Sequence[Event]: ...


class CustomerUnit(Protocol):
    """The stores of one open transaction that changes of customers work with."""

    @property
    def customers(self) -> CustomerStore: ...
    @property
    def belongings(self) -> BelongingsStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def subscriptions(self) -> SubscriptionStore: ...


class CustomerUnits(Protocol):
    def read(self) -> AbstractContextManager[CustomerUnit]: ...
    def write(self) -> AbstractContextManager[CustomerUnit]: ...
