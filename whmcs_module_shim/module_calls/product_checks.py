"""CheckProducts: whether what a shop sells can be delivered, told at a product's save and at the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from panelbridge.actions.caller import Caller
from panelbridge.actions.fields import Body, Bool, Count, Line
from panelbridge.actions.wording import sentence
from panelbridge.contract.capabilities import OrderFact
from panelbridge.provisioning import Refusal
from panelbridge.provisioning.port import Unit
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, Plan
from whmcs_module_shim.module_calls.answer import ModuleAnswer
from whmcs_module_shim.module_calls.params import CYCLE_TERMS, ModuleRequest
from whmcs_module_shim.module_calls.plans import cycles_of
from whmcs_module_shim.module_calls.registry import Kind, module_function
from whmcs_module_shim.module_calls.sale import Offer, Wanted, offer_for, package_refusals

Check = dict[str, str | bool]
# What a product's settings decide; what a visitor types is judged in the cart.
_OF_PRODUCTS = frozenset({"connections_rule", "connections_not_sold", "fact_missing", "term_not_offered"})


class ProductPart(Body):
    pid: Count
    plan: Line
    cycles: Annotated[list[Line], Field(max_length=12)]
    connections: Line = ""  # the product's setting
    choices: Annotated[list[Line], Field(max_length=200, default_factory=list)]  # of the option Connections
    requires_domain: Bool = True


class ProductsRequest(ModuleRequest):
    products: Annotated[list[ProductPart], Field(max_length=500)]


@module_function("CheckProducts", kind=Kind.READS, request=ProductsRequest)
def check_products(services: Services, caller: Caller, request: ProductsRequest) -> ModuleAnswer:
    """What would stand against every order of these products."""
    checks = product_checks(services, caller, request.products)
    return ModuleAnswer(message=f"{len(checks)} checks.", data={"checks": checks})


def product_checks(services: Services, caller: Caller, products: list[ProductPart]) -> list[Check]:
    """Everything that is wrong with each product, or one line that it is in order."""
    installation = caller.require_installation()
    checks: list[Check] = []
    for product in products:
        found = list(_findings(services, installation, product))
        name = f"product {product.pid}"
        checks += [check(name, False, text, remedy) for text, remedy in found] or [
            check(name, True, f"Plan {product.plan} sells every cycle of the product.")
        ]
    return checks


def check(name: str, ok: bool, message: str, remedy: str = "") -> Check:
    """One line of a test; a remedy only where something is wrong."""
    return {"name": name, "ok": ok, "message": message, "remedy": "" if ok else remedy}


def _findings(
    services: Services, installation: Installation, product: ProductPart
) -> Iterator[tuple[str, str]]:
    with services.units.read() as unit:
        plan = unit.plans.named(installation.reseller_id, product.plan)
        if plan is None or not plan.active:
            yield f"There is no plan {product.plan!r}.", "Choose a plan in Module Settings."
            return
        offers = _offers(services, unit, installation, plan, product)
    offered = cycles_of(plan)
    lacking = [cycle for cycle in product.cycles if cycle in CYCLE_TERMS and cycle not in offered]
    if lacking:
        yield (
            f"Plan {plan.code} does not sell {', '.join(lacking)}.",
            "Disable these cycles on the product, or add the terms to the plan.",
        )
    refusals = [refusal for offer in offers for refusal in offer.refusals]
    yield from _reported([*refusals, *package_refusals(services, offers)])


def _offers(
    services: Services, unit: Unit, installation: Installation, plan: Plan, product: ProductPart
) -> list[Offer]:
    """The plan's own terms with each number of connections that the product offers."""
    facts = {} if product.requires_domain else {OrderFact.DOMAIN: ""}
    terms = {item.term: item for item in plan.terms}
    return [
        offer_for(
            services,
            unit,
            installation,
            Wanted(plan=plan.code, term=term, connections=connections, facts=facts),
        )
        for term in terms
        for connections in product.choices or [product.connections]  # the option goes before the setting
    ]


def _reported(refusals: list[Refusal]) -> Iterator[tuple[str, str]]:
    reported = {
        (refusal.message, refusal.advice): None for refusal in refusals if refusal.code in _OF_PRODUCTS
    }
    for message, advice in reported:
        yield sentence(message), advice
