"""Pure rules of dates and money: dates and money in, decisions out. No clock is read here."""

from __future__ import annotations

from panelbridge.lifecycle.proration import upgrade_price
from panelbridge.lifecycle.states import IllegalMove, SubscriptionState, check_move
from panelbridge.lifecycle.suspension import SuspensionReason
from panelbridge.lifecycle.terms import Anchor, add_term, renewal_start

__all__ = [
    "Anchor",
    "IllegalMove",
    "SubscriptionState",
    "SuspensionReason",
    "add_term",
    "check_move",
    "renewal_start",
    "upgrade_price",
]
