"""Extend: what was paid for is entitled, and the panel's expiry follows. Renewals count from our books."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, PackageWrite, Verb
from panelbridge.contract.doubt import already_sent
from panelbridge.contract.models import PackageChange, PanelAccount, VerbResult
from panelbridge.provisioning.commands import RenewCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.fence import FenceReading, read_fence
from panelbridge.provisioning.flow.admission import require_account
from panelbridge.provisioning.flow.intend import Draft, lock_subscription, place
from panelbridge.provisioning.keys import create_key, renew_key
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.outlook import dated, moved, with_grace
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.renewals import renewal_at_its_turn, renewal_of
from panelbridge.provisioning.rules import Admission, Reading, VerbRules, adopt_account, fenced_purchase
from panelbridge.subscriptions import Subscription


class ExtendRules(VerbRules[RenewCommand]):
    verb = Verb.EXTEND

    def known(self, unit: Unit, command: RenewCommand) -> Operation | None:
        return unit.journal.by_key(renew_key(command.installation, command.service_id, command.fact))

    def intend(self, unit: Unit, deps: Dependencies, command: RenewCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "renew")
        if command.first_invoice:
            return _paid_by_create(unit, command, subscription)
        key = renew_key(command.installation, command.service_id, command.fact)
        owner = self.known(unit, command)
        if owner is not None:
            return Admission(operation=owner, joined=True)
        require_account(unit, subscription, self.verb)
        capabilities = deps.panels.capabilities(subscription.panel_id)
        renewal = renewal_of(unit, deps, subscription, command)
        plan, length = renewal.plan, renewal.length
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=key,
                target=Target(
                    package=renewal.package,
                    connections=renewal.connections,
                    options=dict(plan.options),
                    add=str(length),
                    purchase=capabilities.extend is Extend.ADD,
                    our_date=capabilities.extend is Extend.NONE,
                    allow_restart=plan.allow_restart,
                    repriced=renewal.rest.units,
                    gift=command.gift,
                    asked=renewal.asked,
                    note=command.note or renewal.note,
                ),
                actor=command.actor,
                plan=plan,
                term=length if command.by is None else subscription.term,
                price=renewal.price + renewal.rest,
            ),
        )

    def decide(
        self, unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription
    ) -> Operation:
        return renewal_at_its_turn(unit, deps, operation, subscription)

    def nothing_to_do(self, operation: Operation, subscription: Subscription) -> str | None:
        if operation.target.our_date and not _moves(operation, subscription):
            return "this panel keeps no expiry: the bridge does"
        return None

    def prepare(
        self,
        operation: Operation,
        subscription: Subscription,
        capabilities: Capabilities,
        now: datetime,
        grace_hours: int,
    ) -> Operation:
        return with_grace(dated(operation, subscription, now, grace_hours), capabilities, grace_hours)

    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        target, ref = operation.target, self.ref(subscription, deps)
        if target.panel_until is None:
            msg = f"operation {operation.id} was never prepared"
            raise RuntimeError(msg)
        purchase = fenced_purchase(operation, target.package or subscription.package, deps, fence)
        if _moves(operation, subscription) and not _sells_by_length(operation, subscription):
            change = PackageChange(
                package=target.package or "",
                connections=target.connections,
                options=target.options,
                purchase=purchase,
            )
            if target.our_date or adapter.capabilities.change_package is PackageWrite.PURCHASE:
                return adapter.change_package(ref, change)
            adapter.change_package(ref, change)
            with already_sent():  # a date refused now is no renewal that had no effect: the package moved
                return adapter.extend(ref, target.panel_until, purchase)
        return adapter.extend(ref, target.panel_until, purchase)

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        slack = timedelta(seconds=capabilities.expiry_granularity)
        if attempt.fence is not None:
            return _FENCED[read_fence(attempt.fence, account, slack)]
        target = operation.target
        if account.package is not None and target.package is not None and account.package != target.package:
            return Reading.UNEQUAL
        if target.our_date:
            return Reading.UNEQUAL if _lacks(target.connections, account.connections) else Reading.EQUAL
        if account.expires_at is None or target.panel_until is None:
            return Reading.UNEQUAL
        return Reading.EQUAL if abs(account.expires_at - target.panel_until) <= slack else Reading.UNEQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        return adopt_account(moved(operation, subscription, now), account)


_FENCED = {
    FenceReading.MOVED_AS_BOUGHT: Reading.EQUAL,
    FenceReading.UNMOVED: Reading.UNMOVED,
    FenceReading.ELSEWHERE: Reading.ELSEWHERE,
}


def _paid_by_create(unit: Unit, command: RenewCommand, subscription: Subscription) -> Admission:
    """The order's first invoice paid for the create; a Renew for it changes nothing."""
    owner = unit.journal.by_key(create_key(command.installation, command.service_id, subscription.generation))
    if owner is None:
        raise Refusal(
            "not_provisioned",
            "the service's first invoice was paid, but it has no account yet",
            advice="Run Create; the first invoice pays for it.",
        )
    return Admission(operation=owner, joined=True)


def _moves(operation: Operation, subscription: Subscription) -> bool:
    """Whether this renewal brings another package, stored for it or of today's plan, or more connections."""
    target = operation.target
    if target.package is None:  # days that are given bring nothing else
        return False
    return target.package != subscription.package or _lacks(target.connections, subscription.connections)


def _lacks(sold: int | None, has: int | None) -> bool:
    """Whether there are fewer connections than were sold; 0 is unlimited, ``None`` is the package's word."""
    return sold is not None and bool(has) and has is not None and has < sold


def _sells_by_length(operation: Operation, subscription: Subscription) -> bool:
    """A purchase of the same plan's package for another length is an extension, not a change."""
    return operation.target.purchase and operation.plan_id == subscription.plan_id
