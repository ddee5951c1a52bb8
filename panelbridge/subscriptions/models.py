"""Records of what is sold, by whom, from which panel, and to which service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from panelbridge.contract.models import AccountId, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import Credits, ResellerId
from panelbridge.lifecycle import Anchor, SubscriptionState, SuspensionReason

InstallationId = NewType("InstallationId", int)
PanelId = NewType("PanelId", int)
PlanId = NewType("PlanId", int)
SubscriptionId = NewType("SubscriptionId", int)


class Mode(StrEnum):
    """Live reaches real panels only, test reaches practice panels only."""

    LIVE = "live"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Reseller:
    id: ResellerId
    code: str
    name: str
    parent_id: ResellerId | None = None


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One billing system of a reseller, bound to its system URL and a random id its module keeps."""

    id: InstallationId
    reseller_id: ResellerId
    code: str
    mode: Mode
    system_url: str | None = None  # None until first use
    module_id: str | None = None
    bound_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    id: PanelId
    code: str
    backend: str
    settings: Mapping[str, object] = field(repr=False)  # without secrets
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    practice: bool = False
    writes_enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class PlanTerm:
    """A length, the panel package that delivers it, and its price in our credits."""

    term: Term
    package: str
    price: Credits
    extra_connection: (
        Credits | None
    )  # per connection above the plan's, for this term; None = not sold, 0 = included


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One immutable version of a plan."""

    id: PlanId
    reseller_id: ResellerId
    code: str
    version: int
    title: str
    panel_id: PanelId
    terms: tuple[PlanTerm, ...]
    connections: int | None = None  # None = what the package says
    options: Mapping[str, str] = field(default_factory=dict)
    queue_without_credit: bool = False  # wait for a top-up instead of refusing
    allow_purchase: bool = False  # a package change may be a purchase at the full price
    allow_restart: bool = False  # such a purchase may restart the term
    grace_hours: int = 48
    active: bool = True

    def term(self, term: Term) -> PlanTerm | None:
        """The offer for ``term``, or ``None`` when this plan does not sell it."""
        return next((offer for offer in self.terms if offer.term == term), None)


@dataclass(frozen=True, kw_only=True)
class Suspension:
    reason: SuspensionReason
    owner: str
    note: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Ties a service of a billing system to one panel account."""

    id: SubscriptionId
    installation_id: InstallationId
    service_id: int
    reseller_id: ResellerId
    panel_id: PanelId
    plan_id: PlanId
    plan_version: int
    term: Term
    state: SubscriptionState
    generation: int  # rises when a terminated service is created anew
    revision: int  # rises with every settled operation
    created_at: datetime
    package: str
    anchor: Anchor | None = None
    period_from: datetime | None = None  # start of the period that entitled_until ends
    entitled_until: datetime | None = None
    panel_until: datetime | None = None  # as read from the panel
    account_id: AccountId | None = None
    adopted_reference: str | None = None  # the mark an adopted account bears; "" = none, None = ours
    customer: str | None = None  # his id in billing; kept where his accounts share one login at the panel
    username: str | None = None
    password: Secret | None = None
    connect: Secret | None = None  # what the panel told with the account of how to connect (connecting.py)
    connections: int | None = None
    mac: str | None = None
    suspensions: tuple[Suspension, ...] = ()
    next_change: NextChange | None = None
    cancelled_at: datetime | None = None  # a cancellation was asked for in the billing system

    @property
    def reasons(self) -> frozenset[SuspensionReason]:
        return frozenset(item.reason for item in self.suspensions)


@dataclass(frozen=True, kw_only=True)
class NextChange:
    """A package change stored for the next renewal; visible and withdrawable until then."""

    plan_id: PlanId
    plan_version: int
    term: Term
    connections: int | None
    asked_by: str
    asked_at: datetime
