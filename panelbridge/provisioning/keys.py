"""Idempotency keys, made inside Intend and nowhere else.

Two kinds. *Business fact*: once done, always ``already``. *End state*: verb, target and the subscription's
revision, so that the same request next year is a new operation and a double click is not.
"""

from __future__ import annotations

from collections.abc import Iterable

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.models import Operation
from panelbridge.subscriptions import Installation, Subscription


def create_key(installation: Installation, service_id: int, generation: int) -> str:
    return f"create:{installation.id}:{service_id}:{generation}"


def renew_key(installation: Installation, service_id: int, fact: str) -> str:
    """``fact`` is ``item:<invoice item id>`` or ``token:<one-shot token>``."""
    return f"renew:{installation.id}:{service_id}:{fact}"


def end_state_key(
    verb: Verb, subscription: Subscription, target: str, contradicted: Iterable[Operation] = ()
) -> str:
    """``contradicted``: what waits and wants another end. Of A, B, A the last is a request of its own."""
    key = f"{verb.value}:{subscription.id}:{subscription.generation}:{subscription.revision}:{target}"
    newest = max((operation.id for operation in contradicted), default=None)
    return key if newest is None else f"{key}:after:{newest}"


def panel_key(bridge: str, operation: Operation) -> str:
    """For panels with idempotency keys of their own: one an operation, the same in each of its attempts.

    A refused operation is followed by another one, so a panel never meets a key it has refused.
    """
    return f"{bridge}:{operation.subscription_id}:{operation.id}"


def customer_reference(bridge: str, subscription: Subscription) -> str | None:
    """The customer as a panel may know him: bridge : customer : installation : his id there.

    Two shops' customer 7 are two customers. ``None`` where billing named nobody, or no panel asks.
    """
    if subscription.customer is None:
        return None
    return f"{bridge}:customer:{subscription.installation_id}:{subscription.customer}"


def reference(bridge: str, subscription: Subscription) -> str:
    """What the panel keeps as our mark: bridge : subscription : generation."""
    return f"{bridge}:{subscription.id}:{subscription.generation}"
