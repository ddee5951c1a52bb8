"""Terminate: the account is proved absent. Never reported done on unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import PanelAccount, VerbResult
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning.commands import TerminateCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.admission import supersede
from panelbridge.provisioning.flow.intend import Draft, lock_subscription, place, plan_of
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission, Reading, VerbRules
from panelbridge.subscriptions import Subscription


class TerminateRules(VerbRules[TerminateCommand]):
    verb = Verb.TERMINATE

    def intend(self, unit: Unit, deps: Dependencies, command: TerminateCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "terminate")
        # One key a generation: once an account is proved absent, saying so again costs nothing.
        key = f"terminate:{subscription.id}:{subscription.generation}"
        owner = unit.journal.by_key(key)
        if owner is not None:
            return Admission(operation=owner, joined=True)
        supersede(unit, deps, unit.journal.unsettled(subscription.id), by=self.verb)
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=key,
                target=Target(),
                actor=command.actor,
                plan=plan_of(unit, subscription),
                term=subscription.term,
            ),
        )

    def nothing_to_do(self, operation: Operation, subscription: Subscription) -> str | None:
        if subscription.account_id is None:
            return "no account was ever made for this service"
        return None

    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        return adapter.terminate(self.ref(subscription, deps))

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        return Reading.UNEQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        return replace(
            subscription,
            state=SubscriptionState.TERMINATED,
            password=None,
            connect=None,
            suspensions=(),
            next_change=None,
            panel_until=None,
        )
