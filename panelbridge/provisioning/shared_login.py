"""Accounts of one customer that share a login: a password is known to all of them, or to none."""

from __future__ import annotations

from dataclasses import replace

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.secret import Secret, readable
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import Subscription


def share_login(unit: Unit, done: Operation, before: Subscription, moved: Subscription) -> Subscription:
    """``moved``, with the password of the login it came to; a reset is told to the customer's others."""
    if before.customer is None:
        return moved
    if done.verb is Verb.CREATE and moved.password is None:
        return replace(moved, password=_known_password(unit, moved))
    if done.verb is Verb.RESET_CREDENTIALS:
        for other in unit.subscriptions.sharing_login(before):
            unit.subscriptions.save(replace(other, username=moved.username, password=moved.password))
    return moved


def _known_password(unit: Unit, subscription: Subscription) -> Secret | None:
    others = unit.subscriptions.sharing_login(subscription)
    texts = (readable(other.password) for other in others)
    return next((Secret(text) for text in texts if text is not None), None)
