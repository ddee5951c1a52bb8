"""A line of the timeline: codes, whole numbers and dates. What people wrote lies beside it, erasable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from panelbridge.customers.models import CustomerId
from panelbridge.ledger import ResellerId
from panelbridge.subscriptions import SubscriptionId

Fact = int | bool | str | tuple[str, ...] | None
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,99}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class EventKind(StrEnum):
    """What happened. A new kind of cause adds its own."""

    CUSTOMER_ADDED = "customer_added"
    CUSTOMER_IMPORTED = "customer_imported"  # after: until when he has paid, as the file said
    CUSTOMER_EDITED = "customer_edited"  # after: names of the fields, never their values
    CUSTOMER_MERGED = "customer_merged"  # this one goes on in another, or another in this
    CUSTOMER_ERASED = "customer_erased"
    SUBSCRIPTION_LINKED = "subscription_linked"
    SUBSCRIPTION_UNLINKED = "subscription_unlinked"
    CONTACT_ADDED = "contact_added"
    CONTACT_REMOVED = "contact_removed"
    NOTE_ADDED = "note_added"
    NOTE_CHANGED = "note_changed"  # pinned, unpinned, removed, put back
    TAGS_CHANGED = "tags_changed"
    CONSENT_RECORDED = "consent_recorded"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Appended in the transaction of its cause, and never changed."""

    kind: EventKind
    at: datetime
    reseller_id: ResellerId
    actor: str  # key:…, cli:…, staff:7, whmcs, policy, panel
    customer_id: CustomerId | None = None
    subscription_id: SubscriptionId | None = None
    cause: str | None = None  # operation:9, payment:2, import:4
    request_id: str | None = None
    before: Mapping[str, Fact] = field(default_factory=dict)
    after: Mapping[str, Fact] = field(default_factory=dict)
    text: str | None = field(default=None, repr=False)  # a person's words; erasable
    id: int = 0

    def __post_init__(self) -> None:
        for facts in (self.before, self.after):
            for name, value in facts.items():
                if not _NAME.fullmatch(name) or not _is_fact(value):
                    raise ValueError(f"an event holds codes, whole numbers and dates only: {name} is none")


def fact_of(moment: date | datetime | None) -> str | None:
    """A date as an event holds it."""
    return None if moment is None else moment.isoformat()


def _is_fact(value: object) -> bool:
    if isinstance(value, tuple):
        return all(isinstance(one, str) and _CODE.fullmatch(one) for one in value)
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    return value is None or isinstance(value, int)
