"""States of a subscription and the one table of allowed moves."""

from __future__ import annotations

from enum import StrEnum


class SubscriptionState(StrEnum):
    PENDING = "pending"  # ordered; no account at the panel yet
    REFUSED = "refused"  # ordered, and the order was refused; no account at the panel
    ACTIVE = "active"  # the account exists and may be used
    SUSPENDED = "suspended"  # the account exists and may not be used; reasons say why
    TERMINATED = "terminated"  # the account is proved absent


# What a verb needs the subscription to be in. Terminate is allowed from everywhere: it names an end state.
_ALLOWED: dict[str, frozenset[SubscriptionState]] = {
    "create": frozenset({SubscriptionState.PENDING, SubscriptionState.REFUSED}),
    "extend": frozenset({SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED}),
    "suspend": frozenset({SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED}),
    "unsuspend": frozenset({SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED}),
    "reset_credentials": frozenset({SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED}),
    "change_package": frozenset({SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED}),
    "terminate": frozenset(SubscriptionState),
}


class IllegalMove(ValueError):
    """A verb that the subscription's state does not allow; the message says why and what would be allowed."""


def check_move(verb: str, state: SubscriptionState) -> None:
    """Raises ``IllegalMove`` when ``verb`` is not allowed in ``state``."""
    allowed = _ALLOWED[verb]
    if state not in allowed:
        names = ", ".join(sorted(item.value for item in allowed))
        raise IllegalMove(
            f"{verb} is not possible while the subscription is {state.value}; possible: {names}"
        )
