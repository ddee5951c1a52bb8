"""Resellers, installations, panels, plans and subscriptions: who sells what, for which service."""

from __future__ import annotations

from panelbridge.ledger import ResellerId
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
