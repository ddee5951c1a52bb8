"""What a trial before going live would try, and what it costs.

It belongs to an installation of its own, so that its service numbers cannot meet a shop's.
"""

from __future__ import annotations

from dataclasses import dataclass

from panelbridge.actions.context import Context
from panelbridge.actions.refused import Refused
from panelbridge.actions.wording import in_credits
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Term
from panelbridge.subscriptions import (
    Installation,
    InstallationId,
    Mode,
    Panel,
    Plan,
    PlanTerm,
    Reseller,
)
from panelbridge.subscriptions.pricing import quote
from panelbridge.transport import deadline

INSTALLATION = "go-live"  # how the codes of the trials' own installations begin


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """What is tried."""

    owner: Reseller
    plan: Plan
    offer: PlanTerm
    panel: Panel


def plan_trial(context: Context, *, owner: Reseller, code: str, term: Term | None) -> TrialPlan:
    """``term``: default is the plan's cheapest. Raises ``Refused``."""
    with context.services.units.read() as unit:
        plan = unit.plans.named(owner.id, code)
        known = ", ".join(item.code for item in unit.plans.all(owner.id)) or "none yet"
        panel = unit.panels.panel(plan.panel_id) if plan is not None else None
    if plan is None or panel is None:
        raise Refused("plan_unknown", f"there is no plan {code}", advice=f"There are: {known}.")
    offer = plan.term(term) if term is not None else min(plan.terms, key=lambda offer: offer.price)
    if offer is None:
        sold = ", ".join(str(item.term) for item in plan.terms)
        raise Refused("term_not_offered", f"plan {code} does not sell {term}", advice=f"It sells {sold}.")
    return TrialPlan(owner=owner, plan=plan, offer=offer, panel=panel)


def trial_means(context: Context, tried: TrialPlan) -> str:
    """What happens and what it costs, here and at the panel, which is asked."""
    plan, offer, panel = tried.plan, tried.offer, tried.panel
    price = quote(plan, offer, plan.connections)
    with context.services.units.read() as unit:
        left = unit.ledger.wallet(plan.reseller_id).available
    kind = "practice" if panel.practice else "REAL"
    return (
        f"One throwaway account of plan {plan.code}, term {offer.term}, on the {kind} panel {panel.code}\n"
        "is made, read, suspended, unsuspended and terminated: the same journal and ledger as an order.\n"
        f"It costs {in_credits(price)} of {tried.owner.code} ({in_credits(left)} available), "
        f"and at the panel {_price_there(context, tried)}.\n"
        "Neither comes back when the account is terminated."
    )


def _price_there(context: Context, tried: TrialPlan) -> str:
    unknown = "what the panel charges for it"
    try:
        with deadline(context.services.answer_budget):
            for package in context.services.panels.adapter(tried.panel.id).list_packages():
                if package.id == tried.offer.package and package.price is not None:
                    return f"{package.price} of our credit there"
    except PanelError as error:
        return f"{unknown} (it cannot be asked now: {error.message})"
    return unknown


def trial_installation(context: Context, tried: TrialPlan) -> Installation:
    """The trial's own, of the plan's reseller and the panel's mode; made when it is missing."""
    mode = Mode.TEST if tried.panel.practice else Mode.LIVE
    code = f"{INSTALLATION}-{tried.plan.reseller_id}-{mode.value}"
    with context.services.units.write() as unit:
        unit.access.lock_setup()
        return unit.installations.named(code) or unit.installations.add(
            Installation(id=InstallationId(0), reseller_id=tried.plan.reseller_id, code=code, mode=mode)
        )


def unused_number(context: Context, installation: Installation) -> int:
    """A service number of the trial's own installation that no trial had before."""
    with context.services.units.read() as unit:
        return unit.subscriptions.highest_service(installation.id) + 1
