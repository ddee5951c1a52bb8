"""Suspend: the account cannot be used, and one more reason says why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import PanelAccount, VerbResult
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning.commands import SuspendCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.admission import require_account, supersede
from panelbridge.provisioning.flow.intend import Draft, lock_subscription, place, plan_of
from panelbridge.provisioning.keys import end_state_key
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.outlook import lifted, lifts, moved, suspended
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission, Reading, VerbRules, adopt_account
from panelbridge.subscriptions import Subscription


class SuspendRules(VerbRules[SuspendCommand]):
    verb = Verb.SUSPEND

    def intend(self, unit: Unit, deps: Dependencies, command: SuspendCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "suspend")
        require_account(unit, subscription, self.verb)
        target = Target(reason=command.reason, owner=command.owner, note=command.note)
        supersede(unit, deps, _made_vain(unit, subscription, target), by=self.verb)
        lifting = [
            item
            for item in unit.journal.unsettled(subscription.id)
            if item.verb is Verb.UNSUSPEND and lifts(item.target, target)
        ]
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=end_state_key(
                    self.verb, subscription, f"{command.owner}:{command.reason.value}", lifting
                ),
                target=target,
                actor=command.actor,
                plan=plan_of(unit, subscription),
                term=subscription.term,
            ),
        )

    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        reason = operation.target.reason or SuspensionReason.MANUAL
        return adapter.suspend(self.ref(subscription, deps), reason.value)

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        return Reading.EQUAL if account.state.is_off else Reading.UNEQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        return adopt_account(moved(operation, subscription, now), account)


def _made_vain(unit: Unit, subscription: Subscription, target: Target) -> list[Operation]:
    """What waits to lift just the reason that is set now. What lifts others as well keeps its turn."""
    vain: list[Operation] = []
    reasons = subscription.suspensions
    for waiting in unit.journal.unsettled(subscription.id):
        if waiting.verb is Verb.SUSPEND:
            reasons = suspended(waiting, reasons, waiting.admitted_at)
        elif waiting.verb is Verb.UNSUSPEND:
            remaining = lifted(waiting, reasons)
            gone = [item for item in reasons if item not in remaining]
            if lifts(waiting.target, target) and all(item.reason is target.reason for item in gone):
                vain.append(waiting)
            reasons = remaining
    return vain
