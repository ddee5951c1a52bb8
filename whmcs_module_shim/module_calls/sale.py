"""What certainly stands against a sale: read from plan and capabilities, before anything is paid."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from panelbridge.contract.capabilities import Capabilities, Connections, OrderFact
from panelbridge.contract.exceptions import AdapterLoadError, InvalidOrder, PanelError, SettingsInvalid
from panelbridge.contract.models import Term
from panelbridge.contract.order_check import check_connections, check_fact
from panelbridge.ledger import Credits
from panelbridge.provisioning import Refusal
from panelbridge.provisioning.flow.intend import find_offer
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.pricing import term_price
from panelbridge.provisioning.verbs.create import checked_mac
from panelbridge.service.services import Services
from panelbridge.subscriptions import Installation, Plan, PlanTerm
from panelbridge.transport import deadline
from whmcs_module_shim.module_calls.params import connections_in

_PACKAGES_SECONDS = 2.0
_FREE = Credits()
_UNKNOWN_TERM = "choose another billing cycle"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody is about to buy; ``None`` = billing did not tell, which proves nothing."""

    plan: str
    term: Term | None
    connections: str = ""
    username: str = ""
    mac: str | None = None
    facts: dict[OrderFact, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What it would be sold as, or everything that stands against it."""

    refusals: tuple[Refusal, ...] = ()
    plan: Plan | None = None
    term: PlanTerm | None = None
    connections: int | None = None
    price: Credits = _FREE  # of the first term; 0 where it cannot be sold


def offer_for(services: Services, unit: Unit, installation: Installation, wanted: Wanted) -> Offer:
    """Every refusal that an order of ``wanted`` would meet, as far as no panel has to be asked."""
    number, refusals = _number(wanted.connections)
    if wanted.term is None:
        return Offer(refusals=(*refusals, Refusal("term_not_offered", _UNKNOWN_TERM, advice=_UNKNOWN_TERM)))
    try:
        plan, term = find_offer(unit, installation, wanted.plan, wanted.term)
    except Refusal as refusal:
        return Offer(refusals=(*refusals, refusal))
    capabilities = services.panels.capabilities(plan.panel_id)
    connections = number or plan.connections
    refusals += _refused(
        lambda: _check_username(wanted.username, capabilities),
        lambda: checked_mac(wanted.mac, capabilities),
        lambda: _check_number(connections, capabilities),
        *(_fact_check(fact, wanted.facts) for fact in sorted(capabilities.needs)),
    )
    price = _FREE
    try:
        price = term_price(plan, term, connections)
    except Refusal as refusal:
        refusals.append(refusal)
    return Offer(refusals=tuple(refusals), plan=plan, term=term, connections=connections, price=price)


def package_refusals(services: Services, offers: Iterable[Offer]) -> list[Refusal]:
    """Numbers of connections that differ from the package's own, where that decides. Asks the panel."""
    found: list[Refusal] = []
    for offer in offers:
        if offer.plan is None or offer.term is None or offer.connections is None:
            continue
        capabilities = services.panels.capabilities(offer.plan.panel_id)
        if capabilities.connections is not Connections.PACKAGE:
            continue
        own = _package_connections(services, offer.plan, offer.term.package)
        number = offer.connections
        found += _refused(lambda: _check_number(number, capabilities, own))  # noqa: B023 - called here
    return found


def _package_connections(services: Services, plan: Plan, package: str) -> int | None:
    try:
        with deadline(_PACKAGES_SECONDS):
            sold = services.panels.adapter(plan.panel_id).list_packages()
            return next((item.connections for item in sold if item.id == package), None)
    except (PanelError, AdapterLoadError, SettingsInvalid):
        return None  # a panel that does not answer now proves nothing


def _number(text: str) -> tuple[int | None, list[Refusal]]:
    try:
        return connections_in(text), []
    except ValueError as error:
        advice = "Give the option Connections whole numbers, or empty the product's setting."
        return None, [Refusal("connections_rule", f"{text[:40]!r}: {error}", advice=advice)]


def _refused(*checks: Callable[[], object]) -> list[Refusal]:
    found = []
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            found.append(refusal)
    return found


def _check_username(name: str, capabilities: Capabilities) -> None:
    breach = capabilities.username.breach(name) if name else None
    if breach is not None:
        raise Refusal(
            "username_rule",
            f"the user name {breach}",
            advice=f"Choose another: {capabilities.username.in_words}.",
            field="customfields.Username",
        )


def _check_number(number: int | None, capabilities: Capabilities, own: int | None = None) -> None:
    try:
        check_connections(number, capabilities, own)
    except InvalidOrder as error:
        advice = "Leave Connections empty in the product, take its configurable option away, or fix the plan."
        raise Refusal("connections_rule", f"{number} connections: {error.message}", advice=advice) from None


def _fact_check(fact: OrderFact, facts: dict[OrderFact, str]) -> Callable[[], None]:
    def check() -> None:
        value = facts.get(fact)
        if value is None:
            return
        try:
            check_fact(fact, value)
        except InvalidOrder as error:
            code = "fact_invalid" if value else "fact_missing"
            raise Refusal(code, error.message, advice=_FACT_ADVICE[fact], field=fact.value) from None

    return check


_FACT_ADVICE = {
    OrderFact.DOMAIN: "Tick Require Domain on the product, and enter a domain with the order.",
    OrderFact.EMAIL: "Enter the customer's e-mail address.",
}
