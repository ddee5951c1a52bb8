"""Unsuspend: its owner's reasons are lifted; the account works again when no reason remains."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import PanelAccount, VerbResult
from panelbridge.provisioning.commands import UnsuspendCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.admission import require_account, supersede
from panelbridge.provisioning.flow.intend import Draft, lock_subscription, place, plan_of
from panelbridge.provisioning.keys import end_state_key
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.outlook import lifted, lifts, moved
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission, Reading, VerbRules, adopt_account
from panelbridge.subscriptions import Subscription


class UnsuspendRules(VerbRules[UnsuspendCommand]):
    verb = Verb.UNSUSPEND

    def intend(self, unit: Unit, deps: Dependencies, command: UnsuspendCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "unsuspend")
        require_account(unit, subscription, self.verb)
        target = Target(reason=command.reason, owner=command.owner)
        supersede(unit, deps, _ended(unit, subscription, target), by=self.verb)
        suspending = _ended(unit, subscription, target)  # those that were sent
        wanted = f"{command.owner}:{command.reason.value if command.reason else '*'}"
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=end_state_key(self.verb, subscription, wanted, suspending),
                target=target,
                actor=command.actor,
                plan=plan_of(unit, subscription),
                term=subscription.term,
            ),
        )

    def nothing_to_do(self, operation: Operation, subscription: Subscription) -> str | None:
        remaining = lifted(operation, subscription.suspensions)
        if not remaining:
            return None
        reasons = ", ".join(sorted(item.reason.value for item in remaining))
        return f"the account stays suspended, for it has other reasons: {reasons}"

    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        return adapter.unsuspend(self.ref(subscription, deps))

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        return Reading.UNEQUAL if account.state.is_off else Reading.EQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        return adopt_account(moved(operation, subscription, now), account)


def _ended(unit: Unit, subscription: Subscription, target: Target) -> list[Operation]:
    """What waits to suspend for what is lifted now; other owners and other reasons keep their turn."""
    return [
        item
        for item in unit.journal.unsettled(subscription.id)
        if item.verb is Verb.SUSPEND and lifts(target, item.target)
    ]
