"""Plans, CheckCheckout and CheckUpgrade: what may be sold, said before it is sold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from panelbridge.capabilities import Capabilities, PackageWrite
from panelbridge.ledger import Credits
from panelbridge.models import Term
from panelbridge.provisioning import Refusal
from panelbridge.provisioning.intend import find_offer
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import change_price, connections_after, term_price
from panelbridge.provisioning.verbs.create import checked_mac
from panelbridge.subscriptions import Installation, Mode, Plan, PlanTerm, Subscription
from whmcs_module_shim.auth.caller import Caller
from whmcs_module_shim.fields import Body, Count, Line
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import CYCLE_TERMS, BillingCycle, ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import find_subscription
from whmcs_module_shim.services import Services


class CartItem(Body):
    pid: Count = 0
    plan: Line
    cycle: Line | None = None
    qty: Count = 1
    connections: Count | None = None
    username: Line | None = None
    mac: Line | None = None


class CheckoutRequest(ModuleRequest):
    items: Annotated[list[CartItem], Field(max_length=100)]


class UpgradeRequest(ServiceRequest):
    new_plan: Line
    new_cycle: BillingCycle | None = None


@module_function("Plans", kind=Kind.READS, request=ModuleRequest)
def plans(services: Services, caller: Caller, request: ModuleRequest) -> ModuleAnswer:
    """The plans this installation may sell, with the billing cycles each one offers."""
    installation = caller.require_installation()
    with services.units.read() as unit:
        sold = [plan for plan in unit.subscriptions.plans(installation.reseller_id) if plan.active]
        shown = [_shown(plan) for plan in sold if _reachable(unit, installation, plan)]
    return ModuleAnswer(message=f"{len(shown)} plans.", data={"plans": shown})


@module_function("CheckCheckout", kind=Kind.READS, request=CheckoutRequest)
def check_checkout(services: Services, caller: Caller, request: CheckoutRequest) -> ModuleAnswer:
    """What is proved to stand against this cart; empty lets it through."""
    installation = caller.require_installation()
    refusals: list[str] = []
    with services.units.read() as unit:
        wallet = unit.ledger.wallet(installation.reseller_id)
        left = wallet.available
        for item in request.items:
            try:
                plan, price = _quoted(services, unit, installation, item)
            except Refusal as refusal:
                if refusal.code not in _PASSING:
                    refusals.append(_for_customer(refusal))
                continue
            if price > left and not plan.queue_without_credit:
                refusals.append("This product cannot be ordered at the moment. Please contact us.")
            left -= price
    return ModuleAnswer(message="The cart was checked.", data={"refusals": sorted(set(refusals))})


@module_function("CheckUpgrade", kind=Kind.READS, request=UpgradeRequest)
def check_upgrade(services: Services, caller: Caller, request: UpgradeRequest) -> ModuleAnswer:
    """What is proved to stand against this upgrade; empty lets it through."""
    installation = caller.require_installation()
    refusals: list[str] = []
    with services.units.read() as unit:
        subscription = find_subscription(unit, caller, request.serviceid)
        term = CYCLE_TERMS.get(request.new_cycle or "") or (subscription.term if subscription else None)
        try:
            plan, offer = find_offer(unit, installation, request.new_plan, term or Term(months=1))
            if subscription is not None and subscription.panel_id != plan.panel_id:
                refusals.append("This service cannot be moved to that product.")
            elif subscription is not None and _upgrade_price(services, unit, subscription, plan, offer) > (
                unit.ledger.wallet(installation.reseller_id).available
            ):
                refusals.append("This upgrade cannot be ordered at the moment. Please contact us.")
        except Refusal as refusal:
            if refusal.code not in _PASSING:
                refusals.append(_for_customer(refusal))
    return ModuleAnswer(message="The upgrade was checked.", data={"refusals": refusals})


def _upgrade_price(
    services: Services, unit: Unit, subscription: Subscription, plan: Plan, offer: PlanTerm
) -> Credits:
    sells_whole = services.panels.capabilities(plan.panel_id).change_package is PackageWrite.PURCHASE
    return change_price(
        unit,
        subscription,
        plan,
        offer,
        connections_after(unit, subscription, plan, offer, None),
        now=services.clock(),
        purchase=sells_whole and offer.package != subscription.package,
    )


def cycles_of(plan: Plan) -> list[str]:
    """WHMCS's names of the billing cycles this plan sells."""
    lengths = {offer.term for offer in plan.terms}
    return [name for name, term in CYCLE_TERMS.items() if term in lengths]


def _shown(plan: Plan) -> dict[str, object]:
    terms = [str(offer.term) for offer in plan.terms]
    return {
        "code": plan.code,
        "label": plan.title,
        "cycles": cycles_of(plan),
        "terms": terms,
    }


def _reachable(unit: Unit, installation: Installation, plan: Plan) -> bool:
    panel = unit.subscriptions.panel(plan.panel_id)
    return panel is not None and panel.practice == (installation.mode is Mode.TEST)


def _quoted(
    services: Services, unit: Unit, installation: Installation, item: CartItem
) -> tuple[Plan, Credits]:
    term = CYCLE_TERMS.get(item.cycle or "")
    if item.qty > 1:
        raise Refusal("quantity_unsupported", "order one of it at a time", advice="Lower the quantity.")
    if term is None:
        raise Refusal("term_not_offered", "choose another billing cycle", advice="Choose another cycle.")
    plan, offer = find_offer(unit, installation, item.plan, term)
    _check_fields(services.panels.capabilities(plan.panel_id), item)
    return plan, term_price(plan, offer, item.connections or plan.connections)


def _check_fields(capabilities: Capabilities, item: CartItem) -> None:
    if item.username:
        breach = capabilities.username.breach(item.username)
        if breach is not None:
            raise Refusal(
                "username_rule", f"The user name {breach}.", advice="Choose another.", field="Username"
            )
    checked_mac(item.mac, capabilities)


# What passes by itself stops no sale: the order is provisioned when it has passed.
_PASSING = frozenset({"writes_off"})
_SPOKEN = frozenset({"username_rule", "mac_rule"})


def _for_customer(refusal: Refusal) -> str:
    """A customer reads what he can mend himself, and nothing of the shop's inner life."""
    if refusal.code in _SPOKEN:
        text = refusal.message
        return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
    if refusal.code == "quantity_unsupported":
        return "Please order one of this product at a time."
    if refusal.code == "term_not_offered":
        return "This product is not sold for the chosen billing cycle. Please choose another one."
    return "This product cannot be ordered at the moment. Please contact us."
