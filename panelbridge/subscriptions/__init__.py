"""Resellers, installations, panels, plans and subscriptions: who sells what, for which service."""

from __future__ import annotations

from panelbridge.ledger import ResellerId
from panelbridge.subscriptions.installations import Installation, InstallationId, InstallationStore, Mode
from panelbridge.subscriptions.panels import Panel, PanelId, PanelStore
from panelbridge.subscriptions.plans import Plan, PlanId, PlanStore, PlanTerm
from panelbridge.subscriptions.resellers import Reseller, ResellerStore
from panelbridge.subscriptions.subscriptions import (
    NextChange,
    Subscription,
    SubscriptionId,
    SubscriptionStore,
    Suspension,
    expiry_place,
    hour_of,
    place_of,
)

__all__ = [
    "Installation",
    "InstallationId",
    "InstallationStore",
    "Mode",
    "NextChange",
    "Panel",
    "PanelId",
    "PanelStore",
    "Plan",
    "PlanId",
    "PlanStore",
    "PlanTerm",
    "Reseller",
    "ResellerId",
    "ResellerStore",
    "Subscription",
    "SubscriptionId",
    "SubscriptionStore",
    "Suspension",
    "expiry_place",
    "hour_of",
    "place_of",
]
