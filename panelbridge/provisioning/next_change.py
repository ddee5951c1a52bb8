"""A package change for the next period: stored, visible, withdrawable, applied by the next renewal."""

from __future__ import annotations

from dataclasses import replace

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning.commands import ChangeCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.admission import require_account
from panelbridge.provisioning.flow.intend import find_offer, lock_subscription
from panelbridge.provisioning.port import Units
from panelbridge.subscriptions import Installation, NextChange, Subscription


def store_change(units: Units, deps: Dependencies, command: ChangeCommand) -> Subscription:
    """The next renewal buys ``command``; a repeat replaces what was stored. Raises ``Refusal``."""
    with units.write() as unit:
        subscription = lock_subscription(unit, command.installation, command.service_id, "change package")
        require_account(unit, subscription, Verb.CHANGE_PACKAGE)
        if any(item.verb is Verb.TERMINATE for item in unit.journal.unsettled(subscription.id)):
            raise Refusal(
                "illegal_move",
                "the account is being terminated, so no renewal comes that could bring a change",
                advice="Create the service anew if it shall come back.",
            )
        plan, offer = find_offer(unit, command.installation, command.plan, command.term)
        if plan.panel_id != subscription.panel_id:
            raise Refusal(
                "panel_change",
                f"plan {plan.code!r} is on another panel than this service's account",
                advice="Choose a plan of the same panel.",
                field="plan",
            )
        change = NextChange(
            plan_id=plan.id,
            plan_version=plan.version,
            term=offer.term,
            connections=command.connections or plan.connections,
            asked_by=command.actor,
            asked_at=deps.clock(),
        )
        stored = replace(subscription, next_change=change)
        unit.subscriptions.save(stored)
        return stored


def withdraw_change(units: Units, installation: Installation, service_id: int) -> Subscription:
    """No change is stored for the next renewal. Raises ``Refusal`` for an unknown service."""
    with units.write() as unit:
        subscription = lock_subscription(unit, installation, service_id, "withdraw change")
        kept = replace(subscription, next_change=None)
        unit.subscriptions.save(kept)
        return kept
