"""Plans, CheckCheckout and CheckUpgrade: what may be sold, said before it is sold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Body, Count, Line
from panelbridge.contract.capabilities import OrderFact
from panelbridge.ledger import Credits
from panelbridge.provisioning import Refusal
from panelbridge.provisioning.outlook import outlook
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import quote_change
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, Mode, Plan, PlanTerm, Subscription
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.customer_words import CANNOT, CANNOT_UPGRADE, for_customer, for_staff
from whmcs_module_shim.module_calls.params import CYCLE_TERMS, BillingCycle, ModuleRequest, ServiceRequest
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.rendering import find_subscription
from whmcs_module_shim.module_calls.sale import Offer, Wanted, offer_for, package_refusals


def _as_text(value: object) -> object:
    return str(value) if type(value) is int else value


class CartItem(Body):
    pid: Count = 0
    plan: Line
    cycle: Line | None = None
    qty: Count = 1
    connections: Annotated[
        Line | None, BeforeValidator(_as_text, json_schema_input_type=str | int | None)
    ] = None
    username: Line | None = None
    mac: Line | None = None
    domain: Line | None = None  # empty: none was entered


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
        sold = [plan for plan in unit.plans.all(installation.reseller_id) if plan.active]
        shown = [_shown(plan) for plan in sold if _reachable(unit, installation, plan)]
    return ModuleAnswer(message=f"{len(shown)} plans.", data={"plans": shown})


@module_function("CheckCheckout", kind=Kind.READS, request=CheckoutRequest)
def check_checkout(services: Services, caller: Caller, request: CheckoutRequest) -> ModuleAnswer:
    """What is proved to stand against this cart, all of it; empty lets it through."""
    installation = caller.require_installation()
    refusals: list[Refusal] = []
    offers: list[Offer] = []
    with services.units.read() as unit:
        left = unit.ledger.wallet(installation.reseller_id).available
        for item in request.items:
            if item.qty > 1:
                refusals.append(
                    Refusal("quantity_unsupported", "one at a time", advice="Lower the quantity.")
                )
            offer = offer_for(services, unit, installation, _wanted(item, request.email))
            offers.append(offer)
            refusals += [*offer.refusals, *_unpaid(offer.plan, offer.price, left)]
            left -= offer.price
    refusals += package_refusals(services, offers)
    return _checked("The cart was checked.", refusals, CANNOT)


@module_function("CheckUpgrade", kind=Kind.READS, request=UpgradeRequest)
def check_upgrade(services: Services, caller: Caller, request: UpgradeRequest) -> ModuleAnswer:
    """What is proved to stand against this upgrade, all of it; empty lets it through."""
    installation = caller.require_installation()
    with services.units.read() as unit:
        subscription = find_subscription(unit, caller, request.serviceid)
        offer = offer_for(services, unit, installation, _upgraded(request, subscription))
        refusals = list(offer.refusals)
        if subscription is not None and offer.plan is not None:
            left = unit.ledger.wallet(installation.reseller_id).available
            refusals += _change_refusals(services, unit, subscription, offer, left)
    refusals += package_refusals(services, [offer])
    return _checked("The upgrade was checked.", refusals, CANNOT_UPGRADE)


def _change_refusals(
    services: Services, unit: Unit, subscription: Subscription, offer: Offer, left: Credits
) -> list[Refusal]:
    if offer.plan is None or offer.term is None:
        return []
    if subscription.panel_id != offer.plan.panel_id:
        advice = "Offer upgrades within one panel only."
        return [Refusal("panel_change", "the new plan is on another panel", advice=advice)]
    try:
        price = _upgrade_price(services, unit, subscription, offer.plan, offer.term)
    except Refusal as refusal:
        return [refusal]
    return _unpaid(offer.plan, price, left)


def _checked(message: str, refusals: list[Refusal], otherwise: str) -> ModuleAnswer:
    data = {"refusals": for_customer(refusals, otherwise), "staff": for_staff(refusals)}
    return ModuleAnswer(message=message, data=data)


def _wanted(item: CartItem, email: str | None) -> Wanted:
    given = {OrderFact.DOMAIN: item.domain, OrderFact.EMAIL: email}
    return Wanted(
        plan=item.plan,
        term=CYCLE_TERMS.get(item.cycle or ""),
        connections=item.connections or "",
        username=item.username or "",
        mac=item.mac,
        facts={fact: value.strip() for fact, value in given.items() if value is not None},
    )


def _upgraded(request: UpgradeRequest, subscription: Subscription | None) -> Wanted:
    """An account keeps its name, device and domain through a change of package."""
    known = subscription.term if subscription is not None else CYCLE_TERMS["Monthly"]
    return Wanted(plan=request.new_plan, term=CYCLE_TERMS.get(request.new_cycle or "") or known)


def _unpaid(plan: Plan | None, price: Credits, left: Credits) -> list[Refusal]:
    if plan is None or price <= left or plan.queue_without_credit:
        return []
    return [
        Refusal(
            "insufficient_credit",
            f"plan {plan.code} costs {price} credits and {left} are left",
            advice="Top up the reseller's credits.",
        )
    ]


def _upgrade_price(
    services: Services, unit: Unit, subscription: Subscription, plan: Plan, offer: PlanTerm
) -> Credits:
    look = outlook(unit, subscription, services.clock())
    return quote_change(unit, services.panels, look, plan, offer).price


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
    panel = unit.panels.panel(plan.panel_id)
    return panel is not None and panel.practice == (installation.mode is Mode.TEST)
