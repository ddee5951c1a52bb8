"""Whether what a plan sells is there at its panel: one rule, for ``doctor`` and whoever changes a plan."""

from __future__ import annotations

from collections.abc import Mapping

from panelbridge.actions.context import Context
from panelbridge.actions.findings import Finding, fine, note, wrong
from panelbridge.actions.wording import in_credits
from panelbridge.contract.exceptions import AdapterLoadError, PanelError, SettingsInvalid
from panelbridge.contract.models import Package
from panelbridge.subscriptions import Plan
from panelbridge.transport import deadline

_PANEL_SECONDS = 10.0


def check_plan(plan: Plan, packages: Mapping[str, Package]) -> Finding:
    """``packages``: all that the panel sells, by id."""
    name = f"plan {plan.code}"
    for offer in plan.terms:
        package = packages.get(offer.package)
        if package is None:
            return wrong(
                name,
                f"{offer.term} needs package {offer.package}, which the panel does not offer us",
                "Choose one of panelbridge panels packages PANEL",
            )
        if package.unreadable:
            return wrong(
                name,
                f"{offer.term} needs package {package.id}, whose row at the panel cannot be read",
                "See at the panel what is wrong with the package, or choose another one.",
            )
        if package.term is not None and package.term != offer.term:
            return wrong(
                name,
                f"sells {offer.term} by package {package.id}, which lasts {package.term}",
                f"panelbridge plans set {plan.code} --term {offer.term}=PACKAGE@{offer.price}",
            )
        if package.trial:
            return wrong(
                name, f"{offer.term} is sold by a trial package ({package.id})", "Choose another package."
            )
    lengths = ", ".join(f"{offer.term} for {in_credits(offer.price)}" for offer in plan.terms)
    return fine(name, f"sells {lengths}; every package is there")


def compare(context: Context, *, plan: Plan) -> Finding:
    """Ask the panel and check. One that cannot be asked now is nothing against the plan."""
    try:
        with deadline(_PANEL_SECONDS):
            listed = context.services.panels.adapter(plan.panel_id).list_packages()
            packages = {package.id: package for package in listed}
    except (PanelError, AdapterLoadError, SettingsInvalid) as error:
        return note(
            f"plan {plan.code}",
            f"was not compared with what the panel sells: {error}",
            "When the panel answers: panelbridge doctor",
        )
    return check_plan(plan, packages)
