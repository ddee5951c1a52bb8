"""The people who have subscriptions: identity, personal data apart from it, and one timeline."""

from __future__ import annotations

from panelbridge.customers.events import Event, EventKind, Fact, fact_of
from panelbridge.customers.exceptions import CustomerRefused
from panelbridge.customers.models import (
    PROFILE_FIELDS,
    Consent,
    Contact,
    ContactId,
    ContactKind,
    Customer,
    CustomerId,
    Filters,
    Found,
    Note,
    NoteId,
    Origin,
    Profile,
)
from panelbridge.customers.port import (
    BelongingsStore,
    CustomerStore,
    CustomerUnit,
    CustomerUnits,
    EventStore,
)
from panelbridge.customers.register import Author
from panelbridge.customers.search import Search, search_for

__all__ = [
    "PROFILE_FIELDS",
    "Author",
    "BelongingsStore",
    "Consent",
    "Contact",
    "ContactId",
    "ContactKind",
    "Customer",
    "CustomerId",
    "CustomerRefused",
    "CustomerStore",
    "CustomerUnit",
    "CustomerUnits",
    "Event",
    "EventKind",
    "EventStore",
    "Fact",
    "Filters",
    "Found",
    "Note",
    "NoteId",
    "Origin",
    "Profile",
    "Search",
    "fact_of",
    "search_for",
]
