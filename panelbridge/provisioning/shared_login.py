"""Accounts of one customer that share a login: a password is known to all of them, or to none."""

from __future__ import annotations

from dataclasses import replace

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.secret import Secret, readable
from panelbridge.lifecycle import SubscriptionState
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
        _tell_others(unit, before, moved)
    return moved


def _tell_others(unit: Unit, before: Subscription, moved: Subscription) -> None:
    """The login is locked (``lock_to_settle``), and only who has it comes to the others' rows from here."""
    for listed in unit.subscriptions.sharing_login(before):
        other = unit.subscriptions.lock(listed.id)
        if other is not None and other.username == before.username and _lives(other):
            unit.subscriptions.save(replace(other, username=moved.username, password=moved.password))


def _lives(subscription: Subscription) -> bool:
    return subscription.account_id is not None and subscription.state is not SubscriptionState.TERMINATED


def _known_password(unit: Unit, subscription: Subscription) -> Secret | None:
    others = unit.subscriptions.sharing_login(subscription)
    texts = (readable(other.password) for other in others)
    return next((Secret(text) for text in texts if text is not None), None)
