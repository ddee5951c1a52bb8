"""What the subscriptions room needs from storage. Every call runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from panelbridge.contract.models import AccountId
from panelbridge.ledger import ResellerId
from panelbridge.lifecycle import SubscriptionState
from panelbridge.subscriptions.models import (
    Installation,
    InstallationId,
    Panel,
    PanelId,
    Plan,
    PlanId,
    Reseller,
    Subscription,
    SubscriptionId,
)


class SubscriptionStore(Protocol):
    def reseller(self, reseller: ResellerId) -> Reseller | None: ...
    def resellers(self) -> Sequence[Reseller]: ...
    def add_reseller(self, code: str, name: str, parent: ResellerId | None = None) -> Reseller: ...

    def installation(self, installation: InstallationId) -> Installation | None: ...
    def installations(self) -> Sequence[Installation]: ...
    def add_installation(self, installation: Installation) -> Installation: ...
    def bind_installation(
        self, installation: InstallationId, *, system_url: str | None, module_id: str | None, at: datetime
    ) -> None: ...

    def panel(self, panel: PanelId) -> Panel | None: ...
    def panel_named(self, code: str) -> Panel | None: ...
    def panels(self) -> Sequence[Panel]: ...
    def add_panel(self, panel: Panel) -> Panel: ...
    def save_panel(self, panel: Panel) -> None: ...

    def plan(self, plan: PlanId, version: int | None = None) -> Plan | None: ...
    def plan_named(self, reseller: ResellerId, code: str) -> Plan | None: ...
    def plans(self, reseller: ResellerId | None = None) -> Sequence[Plan]: ...
    def save_plan(self, plan: Plan) -> Plan:
        """Insert ``plan`` as the next version of its code; version and id of the record given are ignored."""
        ...

    def codes(self, plan: PlanId, panel: PanelId) -> tuple[str | None, str | None]:
        """The codes of a plan and of a panel, by which people know them."""
        ...

    def subscription(self, subscription: SubscriptionId) -> Subscription | None: ...
    def of_service(self, installation: InstallationId, service_id: int) -> Subscription | None: ...
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
        reseller: ResellerId | None = None,
        installation: InstallationId | None = None,
        panel: PanelId | None = None,
        state: SubscriptionState | None = None,
        entitled_before: datetime | None = None,
        expiring_within: timedelta | None = None,
        now: datetime | None = None,
        after: SubscriptionId | None = None,
        limit: int = 100,
    ) -> Sequence[Subscription]: ...
