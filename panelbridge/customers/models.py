"""Who a customer is to the books (ids and codes), and apart from it what is personal and erasable."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import NewType

from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import InstallationId, SubscriptionId

CustomerId = NewType("CustomerId", int)
ContactId = NewType("ContactId", int)
NoteId = NewType("NoteId", int)


class Origin(StrEnum):
    """Who told of a customer first."""

    WHMCS = "whmcs"  # a shop, which owns his data: here it is a mirror
    NATIVE = "native"  # somebody entered him here
    IMPORT = "import"  # a line of a file


@dataclass(frozen=True, kw_only=True)
class Customer:
    """What everything points to, for ever: ids, codes and dates, nothing that names a person."""

    id: CustomerId
    reseller_id: ResellerId
    created_at: datetime
    origin: Origin = Origin.NATIVE
    installation_id: InstallationId | None = None  # the shop that knows him, by client_id
    client_id: int | None = None
    registered_at: datetime | None = None  # in the shop, or in the books he came from
    country: str | None = None  # ISO 3166, two letters
    locale: str | None = None
    time_zone: str | None = None
    currency: str | None = None  # ISO 4217
    storefront: str | None = None  # code of where he came from
    agent: str | None = None  # code of who looks after him
    merged_into: CustomerId | None = None  # he was entered twice: the other goes on
    erased_at: datetime | None = None
    revision: int = 1  # rises with every change


class _Personal:
    """A record that shows no value when it is printed or logged."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


@dataclass(frozen=True, kw_only=True, repr=False)
class Profile(_Personal):
    """All that names a person, one row. One statement erases it."""

    name: str | None = None
    email: str | None = None
    company: str | None = None
    company_number: str | None = None
    company_email: str | None = None
    tax_id: str | None = None
    vat_number: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None


PROFILE_FIELDS = tuple(field.name for field in fields(Profile))


class ContactKind(StrEnum):
    """How a person can be reached besides the address of his profile."""

    EMAIL = "email"
    PHONE = "phone"
    TELEGRAM = "telegram"
    WHATSAPP = "whatsapp"


@dataclass(frozen=True, kw_only=True, repr=False)
class Contact(_Personal):
    """One more way to reach a customer."""

    id: ContactId
    customer_id: CustomerId
    kind: ContactKind
    value: str
    label: str = ""


@dataclass(frozen=True, kw_only=True, repr=False)
class Note(_Personal):
    """What somebody wrote about a customer, for colleagues."""

    id: NoteId
    customer_id: CustomerId
    subscription_id: SubscriptionId | None
    author: str
    at: datetime
    body: str | None  # None = erased
    pinned: bool = False
    removed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What a customer agreed to, or took back. Only ever added; the newest of a purpose counts."""

    customer_id: CustomerId
    purpose: str  # code, such as marketing
    given: bool
    at: datetime
    source: str  # code of where he said so, such as checkout
    wording_version: str  # which text he was shown


@dataclass(frozen=True, kw_only=True, repr=False)
class Found(_Personal):
    """A line of a list of customers."""

    customer: Customer
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    subscriptions: int


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which customers of a list; ``None`` = whatever it is."""

    reseller_id: ResellerId | None = None
    installation_id: InstallationId | None = None
    country: str | None = None
    storefront: str | None = None
    agent: str | None = None
    tag: str | None = None
    registered_from: datetime | None = None
    registered_before: datetime | None = None
