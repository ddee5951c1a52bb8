"""Adopting: a panel's account becomes the one of a service that waits for a person.

Whoever holds a shop's key can name any account of the panel, other people's too. So either the operator
says it, or the account proves by our own mark that this very order made it. Nobody takes one that another
service has, on whichever record of the panel.
"""

from __future__ import annotations

from dataclasses import replace

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import AccountId, PanelAccount
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.keys import reference
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.ownership import Ownership, judge_ownership
from panelbridge.provisioning.port import Unit
from panelbridge.subscriptions import PanelId, Subscription
from panelbridge.subscriptions.addresses import same_panel


def check_takes(operation: Operation, subscription: Subscription, account: AccountId) -> None:
    """Only a create takes an account; another verb has one. Raises ``Refusal``."""
    if operation.verb is Verb.TERMINATE or (
        operation.verb is not Verb.CREATE and account != subscription.account_id
    ):
        raise Refusal(
            "illegal_move",
            f"operation {operation.id} is no create: its service has its account, and takes no other one",
            advice="Mark it done when you saw its effect, or release it.",
        )


def check_free(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    account: PanelAccount,
    *,
    needs_proof: bool,
) -> None:
    """Raises ``Refusal``: for want of proof in the same words whoever has the account."""
    holder = holder_of(unit, operation.panel_id, account, but=subscription)
    proved = account.reference == reference(deps.bridge, subscription)
    if needs_proof and (holder is not None or not proved):
        raise Refusal(
            "forbidden_scope",
            f"account {account.id} does not show that this order made it",
            advice="The operator looks at it and adopts it: panelbridge attention adopt.",
            field="account_id",
        )
    if holder is not None:
        raise Refusal(
            "account_managed",
            f"account {account.id} is the one of subscription {holder.id} (service {holder.service_id})",
            advice="One account is one service's. Name another account, or end that subscription first.",
            field="account_id",
        )


def holder_of(
    unit: Unit, panel_id: PanelId, account: PanelAccount, *, but: Subscription
) -> Subscription | None:
    """Who has the account, on any record of the same panel."""
    panel = unit.panels.panel(panel_id)
    records = [panel_id]
    if panel is not None:
        records = [item.id for item in unit.panels.all() if same_panel(item, panel)]
    unit.subscriptions.lock_account(records, account.id)
    name = account.username if account.customer is None else ""  # a shared login has several accounts
    return unit.subscriptions.holder(records, account.id, name, but=but.id)


def take_over(
    operation: Operation, subscription: Subscription, deps: Dependencies, account: PanelAccount
) -> tuple[Operation, Subscription]:
    """Both, as they are once the account is this service's.

    What bears another mark than ours, or none, is ours by its id from then on; and unless the rest shows
    that we made it, the password we chose is not the one it has.
    """
    ours = reference(deps.bridge, subscription)
    if account.reference == ours:
        return operation, subscription
    if judge_ownership(operation, ours, account, name_sent_elsewhere=False) is not Ownership.OURS:
        operation = replace(operation, password=None)
    return operation, replace(subscription, adopted_reference=account.reference or "")
