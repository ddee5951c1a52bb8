"""The accounts a panel shows us, each with the subscription it belongs to: read page by page, none kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from panelbridge.actions.asking import asking_only
from panelbridge.actions.batches import batches
from panelbridge.actions.context import Context
from panelbridge.actions.fields import View
from panelbridge.actions.panels import panel_to_ask
from panelbridge.contract.models import AccountId, PanelAccount

_BATCH = 500  # accounts whose subscriptions are looked up together


class AccountView(View):
    """An account as the panel shows it, without its password."""

    account: str | None
    username: str | None
    state: str
    expires_at: datetime | None
    never_expires: bool
    package: str | None
    connections: int | None
    subscription: int | None  # none: not ours


def list_accounts(context: Context, code: str) -> Iterator[AccountView]:
    """Every account, or an error: never a silent part. Raises ``Refused`` also between two of them."""
    panel = panel_to_ask(context, code)
    with asking_only():
        listed = context.services.panels.adapter(panel.id).list_accounts()
        for batch in batches(listed, _BATCH):
            ids = [AccountId(account.id) for account in batch if account.id]
            with context.services.units.read() as unit:
                owners = unit.subscriptions.of_accounts(panel.id, ids)
            for account in batch:
                yield _view(account, owners.get(account.id))


def _view(account: PanelAccount, subscription: int | None) -> AccountView:
    return AccountView(
        account=account.id,
        username=account.username,
        state=account.state.value,
        expires_at=account.expires_at,
        never_expires=account.never_expires,
        package=account.package,
        connections=account.connections,
        subscription=subscription,
    )
