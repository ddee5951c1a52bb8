"""Reset credentials: these credentials work, the old ones do not."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import Credentials, PanelAccount, VerbResult
from panelbridge.provisioning.commands import ResetCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.admission import require_account
from panelbridge.provisioning.flow.intend import Draft, lock_subscription, place, plan_of
from panelbridge.provisioning.keys import end_state_key
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.passwords import password_for
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Admission, Reading, VerbRules, adopt_account
from panelbridge.subscriptions import Subscription


class ResetRules(VerbRules[ResetCommand]):
    verb = Verb.RESET_CREDENTIALS

    def intend(self, unit: Unit, deps: Dependencies, command: ResetCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "reset credentials")
        require_account(unit, subscription, self.verb)
        rule = deps.panels.capabilities(subscription.panel_id).password
        if command.password is not None:
            breach = rule.breach(command.password.get_secret_value())
            if breach is not None:
                raise Refusal(
                    "password_rule",
                    f"the password {breach}",
                    advice="Choose another password; nothing was changed.",
                    field="password",
                    customer=f"Please choose a password of {rule.in_words}.",
                )
        fingerprint = deps.fingerprint(command.password.get_secret_value()) if command.password else None
        target = Target(username=command.username, fingerprint=fingerprint)
        # A one-shot token is a fact of its own: replaying the form must not make a second password.
        wanted = (
            f"token:{command.token}"
            if command.token
            else f"set:{command.username or ''}:{fingerprint or 'generated'}"
        )
        key = (
            f"{self.verb.value}:{subscription.id}:{wanted}"
            if command.token
            else end_state_key(self.verb, subscription, wanted, _others(unit, subscription, target))
        )
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=key,
                target=target,
                actor=command.actor,
                plan=plan_of(unit, subscription),
                term=subscription.term,
                username=command.username or subscription.username,
                password=command.password or password_for(rule),
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
        return adapter.reset_credentials(self.ref(subscription, deps), _wanted(operation, subscription))

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        if account.password is None or operation.password is None:
            return Reading.UNEQUAL  # unreadable: setting it once more converges
        shown, sent = account.password.get_secret_value(), operation.password.get_secret_value()
        same = hmac.compare_digest(shown.encode(), sent.encode())
        return Reading.EQUAL if same else Reading.UNEQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        wanted = _wanted(operation, subscription)
        changed = replace(subscription, username=wanted.username, password=wanted.password)
        return adopt_account(changed, account)


def _wanted(operation: Operation, subscription: Subscription) -> Credentials:
    name = operation.target.username or subscription.username
    if name is None or operation.password is None:
        msg = f"operation {operation.id} has no credentials to set"
        raise RuntimeError(msg)
    return Credentials(username=name, password=operation.password)


def _others(unit: Unit, subscription: Subscription, target: Target) -> list[Operation]:
    """Resets under way to other credentials."""
    return [
        item
        for item in unit.journal.unsettled(subscription.id)
        if item.verb is Verb.RESET_CREDENTIALS and item.target != target
    ]
