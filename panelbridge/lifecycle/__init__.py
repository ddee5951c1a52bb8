"""Pure rules of dates and money: dates and money in, decisions out. No clock is read here."""

from __future__ import annotations

from panelbridge.lifecycle.proration import PaidPeriod, after_change, change_charge
from panelbridge.lifecycle.states import IllegalMove, SubscriptionState, check_move
from panelbridge.lifecycle.suspension import SuspensionReason
from panelbridge.lifecycle.terms import Anchor, add_term, renewal_start

__all__ = [
    "Anchor",
    "IllegalMove",
    "PaidPeriod",
    "SubscriptionState",
    "SuspensionReason",
    "add_term",
    "after_change",
    "change_charge",
    "check_move",
    "renewal_start",
]
