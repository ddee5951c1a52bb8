"""What was promised at admission is kept when the turn comes: never more credits than were held."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from panelbridge.contract.models import Term
from panelbridge.ledger import Credits
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.outlook import Outlook, sold_as
from panelbridge.subscriptions import Plan


def within_promise(
    operation: Operation, look: Outlook, cost: Credits, *, plan: Plan, term: Term, **target: Any
) -> Operation:
    """``operation`` as decided now. Raises ``Refusal`` (``costs_more``) where the promise holds no more.

    Where the service has what it was expected to have, only dates can have moved: the price is the highest.
    """
    asked = operation.target.asked
    if cost > operation.price and (asked is None or asked.sold != sold_as(look.subscription)):
        name = operation.verb.value.replace("_", " ")
        raise Refusal(
            "costs_more",
            f"{name} was admitted at {operation.price} credits, for what was under way before it; that ended "
            f"otherwise, and it would cost {cost} now",
            advice="Nothing was sent, and nothing is charged. Ask for it again at the new price.",
        )
    if cost > operation.price:
        target["note"] = operation.target.note
    cheaper = cost.units if cost < operation.price else None
    return replace(
        operation,
        plan_id=plan.id,
        plan_version=plan.version,
        term=term,
        target=operation.target.model_copy(update={**target, "cost": cheaper}),
    )
