"""Why a subscription is suspended. Reasons form a set; service resumes when the set is empty."""

from __future__ import annotations

from enum import StrEnum


class SuspensionReason(StrEnum):
    """Each has an owner; payment lifts only *overdue*."""

    OVERDUE = "overdue"  # billing, unpaid invoice
    MANUAL = "manual"  # a person in the billing system
    ABUSE = "abuse"
    FRAUD = "fraud"
    CHARGEBACK = "chargeback"
    EXPIRED = "expired"  # the paid time has passed, on a panel that keeps no date; a renewal lifts it
