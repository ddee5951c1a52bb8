"""Subscriptions: each ties a service of a billing system to one panel account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType, Protocol

from panelbridge.contract.models import AccountId, Term
from panelbridge.contract.secret import Secret
from panelbridge.ledger import ResellerId
from panelbridge.lifecycle import Anchor, SubscriptionState, SuspensionReason
from panelbridge.subscriptions.installations import InstallationId
from panelbridge.subscriptions.panels import PanelId
from panelbridge.subscriptions.plans import PlanId

SubscriptionId = NewType("SubscriptionId", int)


@dataclass(frozen=True, kw_only=True)
class Suspension:
    reason: SuspensionReason
    owner: str  # billing, operator, or the bridge itself: only he lifts it
    note: str
    at: datetime  # UTC


@dataclass(frozen=True, kw_only=True)
class NextChange:
    """A package change stored for the next renewal; visible and withdrawable until then."""

    plan_id: PlanId
    plan_version: int
    term: Term
    connections: int | None  # None = those of the plan
    asked_by: str  # the actor
    asked_at: datetime  # UTC


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Ties a service of a billing system to one panel account."""

    id: SubscriptionId
    installation_id: InstallationId
    service_id: int  # billing's own id
    reseller_id: ResellerId
    panel_id: PanelId
    plan_id: PlanId
    plan_version: int
    term: Term
    state: SubscriptionState
    generation: int  # rises when a terminated service is created anew
    revision: int  # rises with every settled operation
    created_at: datetime
    package: str  # the panel's id of it
    anchor: Anchor | None = None  # start of the run of paid months; None = never paid
    period_from: datetime | None = None  # start of the period that entitled_until ends
    entitled_until: datetime | None = None  # UTC; what was paid for
    panel_until: datetime | None = None  # as read from the panel
    account_id: AccountId | None = None  # the panel's own id; None = no account yet
    adopted_reference: str | None = None  # the mark an adopted account bears; "" = none, None = ours
    customer: str | None = None  # his id in billing; kept where his accounts share one login at the panel
    username: str | None = None  # None = no account yet
    password: Secret | None = None  # sealed at rest
    connect: Secret | None = None  # what the panel said with the account of how to connect (connecting.py)
    connections: int | None = None  # simultaneous; None = the package's
    mac: str | None = None  # upper-case colon form, where the account is a device
    suspensions: tuple[Suspension, ...] = ()  # usable when empty
    next_change: NextChange | None = None
    cancelled_at: datetime | None = None  # a cancellation was asked for in the billing system

    @property
    def reasons(self) -> frozenset[SuspensionReason]:
        return frozenset(item.reason for item in self.suspensions)


_NUMBER_BITS = 33  # with an hour of until 2089 in front: every JSON reader keeps such a number exactly
_HOUR = 3600


def hour_of(moment: datetime) -> int:
    """Hours since 1970."""
    return int(moment.timestamp()) // _HOUR


def expiry_place(subscription: Subscription) -> int:
    """Where it stands among those that expire, as one number: by the hour, in the same hour by its own."""
    hour = 0 if subscription.entitled_until is None else hour_of(subscription.entitled_until)
    return (hour << _NUMBER_BITS) | subscription.id


def place_of(place: int) -> tuple[int, int]:
    """Hour and number of ``place``."""
    return place >> _NUMBER_BITS, place & ((1 << _NUMBER_BITS) - 1)


class SubscriptionStore(Protocol):
    """Every call runs in the caller's transaction."""

    def subscription(self, subscription: SubscriptionId) -> Subscription | None: ...
    def of_service(self, installation: InstallationId, service_id: int) -> Subscription | None: ...
    def lock(self, subscription: SubscriptionId) -> Subscription | None:
        """As it is now, and as nobody else changes it until this transaction ends.

        Taken before anything is decided on it, on its operations or on their attempts. One transaction
        locks one subscription.
        """
        ...

    def lock_of_service(self, installation: InstallationId, service_id: int) -> Subscription | None:
        """The same, of a service; where it has none yet, nobody else makes one meanwhile."""
        ...

    def lock_of_operation(self, operation: int) -> Subscription | None:
        """The same, of the subscription that the operation belongs to."""
        ...

    def lock_account(self, panels: Sequence[PanelId], account: AccountId) -> None:
        """Nobody else gives that account of those records to a subscription meanwhile."""
        ...

    def lock_login(self, subscription: Subscription) -> None:
        """Nobody else learns or changes the password of the login that its customer has on its panel."""
        ...

    def cancelled(self, installation: InstallationId) -> Sequence[int]:
        """Service ids of the living subscriptions that are to be cancelled."""
        ...

    def of_account(self, panel: PanelId, account: AccountId) -> Subscription | None:
        """The living subscription that has the account of that record."""
        ...

    def holder(
        self, panels: Sequence[PanelId], account: AccountId, username: str, *, but: SubscriptionId
    ) -> Subscription | None:
        """The living subscription, other than ``but``, that has the account on one of the records."""
        ...

    def sharing_login(self, subscription: Subscription) -> Sequence[Subscription]:
        """The same customer's other living subscriptions on that panel, with the same login name."""
        ...

    def account_ids(self, panel: PanelId, limit: int = 1000) -> Sequence[AccountId]:
        """Ids of the panel's accounts that the books hold, those of the newest subscriptions first."""
        ...

    def insert(self, subscription: Subscription) -> Subscription: ...
    def save(self, subscription: Subscription) -> None: ...
    def search(
        self,
        *,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        entitled_before: datetime | None = None,
        after: SubscriptionId | None = None,
        limit: int = 100,
    ) -> Sequence[Subscription]:
        """By number."""
        ...

    def expiring(
        self,
        now: datetime,
        within: timedelta,
        *,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Subscription]:
        """Entitled for at most so much longer, the soonest hour first; ``after``: a ``expiry_place``."""
        ...

    def of_accounts(
        self, panel: PanelId, accounts: Sequence[AccountId]
    ) -> Mapping[AccountId, SubscriptionId]:
        """Whose the panel's accounts are: the living subscription's, else one that has ended."""
        ...

    def highest_service(self, installation: InstallationId) -> int:
        """The highest service id of the installation, 0 while there is none."""
        ...
