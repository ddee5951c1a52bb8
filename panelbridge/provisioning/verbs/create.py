"""Create: an account with the journaled name, password, package, expiry and reference exists and works."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from panelbridge.contract.adapter import PanelAdapter
from panelbridge.contract.capabilities import Capabilities, Extend, OrderFact, TextRule, Verb
from panelbridge.contract.models import CreateOrder, Credentials, PanelAccount, VerbResult
from panelbridge.contract.secret import LOGIN_ALPHABET, Secret, random_text
from panelbridge.lifecycle import SubscriptionState
from panelbridge.provisioning.commands import CreateCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.admission import supersede
from panelbridge.provisioning.flow.intend import Draft, find_offer, place
from panelbridge.provisioning.keys import create_key, customer_reference, panel_key, reference
from panelbridge.provisioning.models import Attempt, Fence, Operation, Target
from panelbridge.provisioning.outlook import dated, moved, with_grace
from panelbridge.provisioning.passwords import LENGTH, password_for
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import term_price
from panelbridge.provisioning.rules import Admission, Reading, VerbRules
from panelbridge.subscriptions import Plan, PlanTerm, Subscription, SubscriptionId
from panelbridge.subscriptions.connecting import kept

_RANDOM_TAIL = 8
_LETTERS = "".join(letter for letter in LOGIN_ALPHABET if letter.isalpha())
_DRAWS = 50


class CreateRules(VerbRules[CreateCommand]):
    verb = Verb.CREATE

    def known(self, unit: Unit, command: CreateCommand) -> Operation | None:
        known = unit.subscriptions.of_service(command.installation.id, command.service_id)
        owner = self._owner(unit, command, known)
        # While a terminate waits, what is there is not what is wanted: admission decides.
        return None if owner is not None and _ending(unit, owner.subscription_id) else owner

    def _owner(self, unit: Unit, command: CreateCommand, known: Subscription | None) -> Operation | None:
        if known is None or known.state is SubscriptionState.TERMINATED:
            return None
        return unit.journal.by_key(create_key(command.installation, command.service_id, known.generation))

    def intend(self, unit: Unit, deps: Dependencies, command: CreateCommand) -> Admission:
        known = unit.subscriptions.lock_of_service(command.installation.id, command.service_id)
        if known is not None:
            _stop_ending(unit, deps, command, known)
        owner = self._owner(unit, command, known)
        if owner is not None:
            return Admission(operation=owner, joined=True)
        if known is not None and known.state is SubscriptionState.TERMINATED and not command.reopens:
            raise Refusal(
                "illegal_move",
                f"service {command.service_id} was terminated, and billing shows it neither Pending nor "
                "Active",
                advice="Set the service to Pending in billing if it shall come back, then run Create.",
            )
        plan, offer = find_offer(unit, command.installation, command.plan, command.term)
        capabilities = deps.panels.capabilities(plan.panel_id)
        customer = command.customer if capabilities.shared_login else None  # kept only where it is needed
        subscription = _admit_subscription(unit, deps, command, known, plan, offer, customer)
        connections = command.connections or plan.connections
        return place(
            unit,
            deps,
            Draft(
                verb=self.verb,
                subscription=subscription,
                key=create_key(command.installation, command.service_id, subscription.generation),
                target=Target(
                    package=offer.package,
                    connections=connections,
                    options=_facts(command, capabilities) | dict(plan.options) | command.options,
                    mac=checked_mac(command.mac, capabilities),
                    chosen_name=bool(command.username),
                    add=str(offer.term),
                ),
                actor=command.actor,
                plan=plan,
                term=offer.term,
                price=term_price(plan, offer, connections),
                username=_login_name(command, capabilities.username),
                password=password_for(capabilities.password),
                unowned=subscription.generation == 1,  # it was new, or its key was asked for above
            ),
        )

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
        target = operation.target
        if operation.username is None or operation.password is None or target.panel_until is None:
            msg = f"operation {operation.id} was never prepared"
            raise RuntimeError(msg)
        return adapter.create(
            CreateOrder(
                credentials=Credentials(username=operation.username, password=operation.password),
                package=target.package or "",
                until=target.panel_until,
                reference=reference(deps.bridge, subscription),
                connections=target.connections,
                mac=target.mac,
                options=target.options,
                key=panel_key(deps.bridge, operation),
                customer=customer_reference(deps.bridge, subscription),
            )
        )

    def read(
        self, operation: Operation, account: PanelAccount, attempt: Attempt, capabilities: Capabilities
    ) -> Reading:
        if account.unfinished:
            return Reading.UNEQUAL  # made half: its repeat sends the rest
        if capabilities.extend is Extend.ADD:
            return Reading.EQUAL  # the package decides date and options; what it made is adopted
        target = operation.target.panel_until
        slack = timedelta(seconds=capabilities.expiry_granularity)
        if account.expires_at is not None and target is not None and abs(account.expires_at - target) > slack:
            return Reading.UNEQUAL
        if account.package is not None and account.package != operation.target.package:
            return Reading.UNEQUAL
        if None not in (account.connections, operation.target.connections) and (
            account.connections != operation.target.connections
        ):
            return Reading.UNEQUAL
        return Reading.EQUAL

    def apply(
        self, operation: Operation, subscription: Subscription, account: PanelAccount | None, now: datetime
    ) -> Subscription:
        if account is None:
            msg = f"operation {operation.id}: a create cannot be done without an account"
            raise RuntimeError(msg)
        target = operation.target
        return replace(
            moved(operation, subscription, now),
            package=account.package or target.package or "",
            panel_until=account.expires_at,
            account_id=account.id,
            username=account.username,
            password=account.password or _chosen_password(operation, account),
            connect=kept(account.connect),
            connections=account.connections if account.connections is not None else target.connections,
            mac=target.mac,
        )


def _chosen_password(operation: Operation, account: PanelAccount) -> Secret | None:
    """The password we chose, unless the account came to a login that its customer had already."""
    had_one = account.customer is not None and account.username != operation.username
    return None if had_one else operation.password


def _ending(unit: Unit, subscription: SubscriptionId) -> list[Operation]:
    return [item for item in unit.journal.unsettled(subscription) if item.verb is Verb.TERMINATE]


def _stop_ending(unit: Unit, deps: Dependencies, command: CreateCommand, known: Subscription) -> None:
    """The newest request wins while the terminate before it was not sent. Raises ``Refusal`` once it was."""
    if command.reopens:
        supersede(unit, deps, _ending(unit, known.id), by=Verb.CREATE)
    if _ending(unit, known.id):
        raise Refusal(
            "illegal_move",
            f"the account of service {command.service_id} is being terminated",
            advice="Repeat the create once the terminate is settled: it makes the account anew.",
        )


def _admit_subscription(
    unit: Unit,
    deps: Dependencies,
    command: CreateCommand,
    known: Subscription | None,
    plan: Plan,
    offer: PlanTerm,
    customer: str | None,
) -> Subscription:
    sold: dict[str, Any] = {
        "plan_id": plan.id,
        "plan_version": plan.version,
        "term": offer.term,
        "panel_id": plan.panel_id,
        "package": offer.package,
        "connections": command.connections or plan.connections,
        "state": SubscriptionState.PENDING,
        "customer": customer,
        "next_change": None,  # one that was stored for an order before this one
    }
    if known is None:
        return unit.subscriptions.insert(
            Subscription(
                id=SubscriptionId(0),
                installation_id=command.installation.id,
                service_id=command.service_id,
                reseller_id=command.installation.reseller_id,
                generation=1,
                revision=0,
                created_at=deps.clock(),
                **sold,
            )
        )
    if known.state is SubscriptionState.TERMINATED:
        sold |= {
            "generation": known.generation + 1,
            "account_id": None,
            "adopted_reference": None,
            "username": None,
            "password": None,
            "connect": None,
            "anchor": None,
            "entitled_until": None,
            "panel_until": None,
            "period_from": None,
            "suspensions": (),
        }
    renewed = replace(known, **sold)
    unit.subscriptions.save(renewed)
    return renewed


def _facts(command: CreateCommand, capabilities: Capabilities) -> dict[str, str]:
    """What the panel needs to know of the order; raises ``Refusal`` naming what billing did not tell."""
    known: dict[str, str] = {}
    for fact in sorted(capabilities.needs):
        value = command.facts.get(fact, "").strip()
        if not value:
            raise Refusal(
                "fact_missing",
                f"this plan's panel needs the order's {fact.value}, and none came",
                advice=_FACT_ADVICE[fact],
                field=fact.value,
            )
        known[fact.value] = value
    return known


_FACT_ADVICE = {
    OrderFact.DOMAIN: "Give the order's domain, then repeat the create.",
    OrderFact.EMAIL: "Give the customer's e-mail address, then repeat the create.",
}


def _login_name(command: CreateCommand, rule: TextRule) -> str:
    if command.username:
        breach = rule.breach(command.username)
        if breach is not None:
            raise Refusal(
                "username_rule",
                f"the user name asked for {breach}",
                advice="Choose another user name, or leave it empty and one is made.",
                field="username",
            )
        return command.username
    tail = max(_RANDOM_TAIL, rule.min_length - len(str(command.service_id)) - 2)
    name = f"pb{command.service_id}{random_text(tail, LOGIN_ALPHABET)}"
    return name if rule.breach(name) is None else _short_name(rule)


def _short_name(rule: TextRule) -> str:
    """As long as the rule allows and random throughout; some panels refuse a digit in front."""
    length = min(rule.max_length, max(rule.min_length, LENGTH))
    for _ in range(_DRAWS):
        name = random_text(1, _LETTERS) + random_text(length - 1, LOGIN_ALPHABET)
        if rule.breach(name) is None:
            return name
    raise Refusal(
        "username_rule",
        f"the bridge makes no user name that fits the panel's rule: {rule.pattern}",
        advice="Name one that fits.",
        field="username",
    )


def checked_mac(mac: str | None, capabilities: Capabilities) -> str | None:
    """``mac`` in upper-case colon form. Raises ``Refusal`` (``mac_rule``)."""
    if not mac:
        return None
    digits = re.sub(r"[:\-.\s]", "", mac).upper()
    if re.fullmatch(r"[0-9A-F]{12}", digits) is None:
        raise Refusal(
            "mac_rule",
            "the device MAC must be 12 hexadecimal digits, such as 00:1A:79:12:34:56",
            advice="Correct the MAC.",
            field="mac",
        )
    if not capabilities.devices & {"mag", "enigma"}:
        raise Refusal(
            "mac_rule",
            "this plan's panel has no devices, only lines with a login",
            advice="Leave the MAC out, or choose a plan of a panel with devices.",
            field="mac",
        )
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))
