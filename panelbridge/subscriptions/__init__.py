"""Resellers, installations, panels, plans and subscriptions: who sells what, and to which service it belongs."""

from __future__ import annotations

from panelbridge.subscriptions.models import (
    Installation,
    InstallationId,
    Mode,
    Panel,
    PanelId,
    Plan,
    PlanId,
    PlanTerm,
    Reseller,
    ResellerId,
    Subscription,
    SubscriptionId,
    Suspension,
)
from panelbridge.subscriptions.port import SubscriptionStore

__all__ = [
    "Installation",
    "InstallationId",
    "Mode",
    "Panel",
    "PanelId",
    "Plan",
    "PlanId",
    "PlanTerm",
    "Reseller",
    "ResellerId",
    "Subscription",
    "SubscriptionId",
    "SubscriptionStore",
    "Suspension",
]
