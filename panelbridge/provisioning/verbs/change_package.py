"""Change package: the account has that package and those options, now or from the next renewal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.contract.models import PackageChange, PanelAccount, Term, VerbResult
from panelbridge.ledger import Credits
from panelbridge.provisioning.commands import ChangeCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.fence import FenceReading, read_fence
from panelbridge.provisioning.flow.admission import require_account, supersede
from panelbridge.provisioning.flow.intend import Draft, find_offer, lock_subscription, place
from panelbridge.provisioning.keys import end_state_key
from panelbridge.provisioning.models import Asked, Attempt, Fence, Operation, Target
from panelbridge.provisioning.outlook import PRICED, Outlook, at_its_turn, dated, moved, outlook, sold_as
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import connections_after, is_there, quote_change
from panelbridge.provisioning.promise import within_promise
from panelbridge.provisioning.rules import Admission, Reading, VerbRules, adopt_account, fenced_purchase
from panelbridge.subscriptions import Plan, PlanId, PlanTerm, Subscription


class ChangePackageRules(VerbRules[ChangeCommand]):
    verb = Verb.CHANGE_PACKAGE

    def intend(self, unit: Unit, deps: Dependencies, command: ChangeCommand) -> Admission:
        subscription = lock_subscription(unit, command.installation, command.service_id, "change package")
        require_account(unit, subscription, self.verb)
        plan, offer = find_offer(unit, command.installation, command.plan, command.term)
        if plan.panel_id != subscription.panel_id:
            raise Refusal(
                "panel_change",
                f"plan {plan.code!r} is on another panel than this service's account",
                advice="Choose a plan of the same panel; an account cannot move between panels yet.",
                field="plan",
            )
        look = outlook(unit, subscription, deps.clock())
        connections = connections_after(unit, look, plan, offer, command.connections)
        wanted = (plan.id, offer.term, connections)
        waiting = unit.journal.unsettled(subscription.id)
        latest = next((item for item in reversed(waiting) if item.verb is self.verb), None)
        if latest is not None and _sells(latest) == wanted:  # its key names the revision it was wanted at
            return Admission(operation=latest, joined=True)
        supersede(unit, deps, _last_changes(waiting), by=self.verb)  # what it would have cost counts no more
        look = outlook(unit, subscription, deps.clock())
        change = _quoted(unit, deps, look, plan, offer, command.connections)
        others = [
            item
            for item in unit.journal.unsettled(subscription.id)
            if item.verb in (Verb.EXTEND, Verb.CHANGE_PACKAGE) and _sells(item) != wanted
        ]
        key = end_state_key(self.verb, subscription, f"{plan.id}:{offer.term}:{connections or ''}", others)
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=key,
                target=Target(
                    **change.target,
                    asked=Asked(
                        term=str(offer.term), connections=command.connections, sold=sold_as(look.subscription)
                    ),
                ),
                actor=command.actor,
                plan=plan,
                term=offer.term,
                price=change.price,
            ),
        )

    def decide(
        self, unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription
    ) -> Operation:
        asked = operation.target.asked
        plan = unit.plans.plan(operation.plan_id, operation.plan_version)
        offer = plan.term(operation.term) if plan is not None else None
        if asked is None or plan is None or offer is None:
            return operation
        look = at_its_turn(unit, subscription, operation)
        change = _quoted(unit, deps, look, plan, offer, asked.connections)
        return within_promise(operation, look, change.price, plan=plan, term=offer.term, **change.target)

    def prepare(
        self,
        operation: Operation,
        subscription: Subscription,
        capabilities: Capabilities,
        now: datetime,
        grace_hours: int,
    ) -> Operation:
        return dated(operation, subscription, now, grace_hours)

    def nothing_to_do(self, operation: Operation, subscription: Subscription) -> str | None:
        target = operation.target
        as_bought = (
            target.purchase and target.connections is None
        )  # the package says: no reason to buy it again
        same = target.package == subscription.package and (
            as_bought or target.connections == subscription.connections
        )
        return "the account already has this package and these connections" if same else None

    def owes_nothing(self, operation: Operation, subscription: Subscription) -> bool:
        target = operation.target
        return is_there(subscription, operation.plan_id, operation.term, target.package, target.connections)

    def call(
        self,
        adapter: PanelAdapter[Any],
        operation: Operation,
        subscription: Subscription,
        deps: Dependencies,
        fence: Fence | None,
    ) -> VerbResult:
        target = operation.target
        change = PackageChange(
            package=target.package or "",
            connections=target.connections,
            options=target.options,
            purchase=fenced_purchase(operation, target.package or "", deps, fence),
        )
        return adapter.change_package(self.ref(subscription, deps), change)

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        if attempt.fence is not None:
            return _read_purchase(operation, account, attempt.fence, capabilities)
        target = operation.target
        if account.package is None or account.package != target.package:
            return Reading.UNEQUAL
        if target.connections is not None and account.connections not in (None, target.connections):
            return Reading.UNEQUAL
        return Reading.EQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        return adopt_account(moved(operation, subscription, now), account)


@dataclass(frozen=True, kw_only=True)
class _Change:
    price: Credits
    target: dict[str, Any]  # fields of the operation's target


def _quoted(
    unit: Unit, deps: Dependencies, look: Outlook, plan: Plan, offer: PlanTerm, wanted: int | None
) -> _Change:
    """What a change now sends and costs, on what the service has then. Raises ``Refusal``."""
    quote = quote_change(unit, deps.panels, look, plan, offer, wanted)
    if quote.purchase and not plan.allow_purchase:
        raise Refusal(
            "refused",
            "a package change on this panel is a full purchase, and the plan does not allow one",
            advice="Allow purchases on the plan, or change the package at the next renewal.",
        )
    target = {
        "package": offer.package,
        "connections": quote.connections,
        "options": dict(plan.options),
        "add": str(offer.term) if quote.purchase else None,
        "purchase": quote.purchase,
        "allow_restart": plan.allow_restart,
        "note": _note(quote.price, buys=quote.purchase),
    }
    return _Change(price=quote.price, target=target)


def _sells(operation: Operation) -> tuple[PlanId, Term, int | None]:
    return operation.plan_id, operation.term, operation.target.connections


def _last_changes(waiting: Sequence[Operation]) -> list[Operation]:
    """Changes that nothing was promised upon: what was asked for since is priced on those before it."""
    last: list[Operation] = []
    for operation in reversed(waiting):
        if operation.verb is Verb.CHANGE_PACKAGE:
            last.append(operation)
        elif operation.verb in PRICED:
            break
    return last


def _note(price: Credits, *, buys: bool) -> str:
    if buys:
        return f"this panel sells packages only whole: {price} credits for a full term"
    if price.units == 0:
        return "the time that is left costs nothing more, and nothing comes back; renewals cost the new price"
    return f"{price} credits for all the time that is paid and not used yet"


def _read_purchase(
    operation: Operation, account: PanelAccount, fence: Fence, capabilities: Capabilities
) -> Reading:
    slack = timedelta(seconds=capabilities.expiry_granularity)
    where = read_fence(fence, account, slack)
    has_package = account.package == operation.target.package
    if where is FenceReading.UNMOVED:
        return Reading.UNMOVED
    if has_package and (where is FenceReading.MOVED_AS_BOUGHT or operation.target.allow_restart):
        return Reading.EQUAL
    return Reading.ELSEWHERE
