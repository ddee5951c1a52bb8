"""How a customer connects: what the panel said with the account, and what its adapter makes of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.exceptions import AdapterLoadError, PanelError, SettingsInvalid
from panelbridge.contract.models import AccountId, AccountState, ConnectDetail, ConnectKind, PanelAccount
from panelbridge.contract.secret import Secret, readable
from panelbridge.lifecycle import SubscriptionState
from panelbridge.subscriptions.panels import PanelId
from panelbridge.subscriptions.subscriptions import Subscription


class Adapters(Protocol):
    """Where a panel's adapter is."""

    def adapter(self, panel: PanelId) -> PanelAdapter[Any]: ...


def kept(details: Iterable[ConnectDetail]) -> Secret | None:
    """Details as one secret text to keep; ``None`` for none."""
    rows = [
        {
            "kind": item.kind.value,
            "label": item.label,
            "value": item.value.get_secret_value(),
            "secret": item.secret,
        }
        for item in details
    ]
    return Secret(json.dumps(rows)) if rows else None


def reported(secret: Secret | None) -> tuple[ConnectDetail, ...]:
    """The details of such a text; none where it cannot be opened."""
    text = readable(secret)
    return tuple(
        ConnectDetail(
            kind=ConnectKind(row["kind"]),
            label=row["label"],
            value=Secret(row["value"]),
            secret=row["secret"],
        )
        for row in json.loads(text or "[]")
    )


def connect_details(adapters: Adapters, subscription: Subscription) -> tuple[ConnectDetail, ...]:
    """How to connect to the subscription's account. No call to the panel; none while there is no account."""
    if subscription.account_id is None or subscription.state is SubscriptionState.TERMINATED:
        return ()
    account = account_of(subscription, subscription.account_id)
    try:
        return adapters.adapter(subscription.panel_id).connect(account)
    except (PanelError, AdapterLoadError, SettingsInvalid):  # a page with the rest is better than none
        return account.connect


def account_of(subscription: Subscription, account_id: AccountId) -> PanelAccount:
    """The account as the books know it, with the password that works."""
    suspended = subscription.state is SubscriptionState.SUSPENDED
    return PanelAccount(
        id=account_id,
        username=subscription.username or "",
        state=AccountState.SUSPENDED if suspended else AccountState.ACTIVE,
        expires_at=subscription.panel_until,
        password=subscription.password if readable(subscription.password) is not None else None,
        package=subscription.package,
        connections=subscription.connections,
        mac=subscription.mac,
        connect=reported(subscription.connect),
    )
