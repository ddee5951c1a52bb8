"""What a person can decide about a purchase whose account stands elsewhere than our books know."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import AccountId, Outcome, PanelAccount, Term
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.fence import expiry_of, is_one_term
from panelbridge.provisioning.flow.decisions import (
    decidable,
    decided,
    lock_decidable,
    read_shown,
    subscription_of,
)
from panelbridge.provisioning.flow.intend import Draft, place
from panelbridge.provisioning.flow.settle import settle_done
from panelbridge.provisioning.models import Operation, OperationId, OperationState
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Subscription


def buy_from_here(
    units: Units, deps: Dependencies, operation_id: OperationId, *, actor: str, reason: str
) -> Operation:
    """The person's claim that what moved is none of ours, and that no try of this one had an effect.

    The purchase goes on from the expiry that the panel shows now.
    """
    operation, shown = _look(units, deps, operation_id)
    with units.write() as unit:
        current, subscription = lock_decidable(unit, deps, operation_id, as_of=operation)
        for attempt in unit.journal.attempts(current.id):
            unit.journal.finish(replace(attempt, cleared=True))
        unit.subscriptions.save(replace(subscription, panel_until=expiry_of(shown)))
        return decided(unit, deps, current, _to_be_bought(deps, current), f"buy from here: {reason}", actor)


def book_missing(
    units: Units, deps: Dependencies, operation_id: OperationId, *, actor: str, reason: str
) -> Operation:
    """The person's claim that the move was an earlier renewal of the same length, which our books lack.

    It is charged like this one, and this one goes on from there.
    """
    operation, shown = _look(units, deps, operation_id)
    with units.write() as unit:
        current, subscription = lock_decidable(unit, deps, operation_id, as_of=operation)
        if current.code != "moved_elsewhere" or current.verb is not Verb.EXTEND:
            raise Refusal(
                "illegal_move",
                "only a renewal that met an expiry moved by somebody else can follow a missing one",
                advice="See what can be done: panelbridge attention.",
            )
        _check_length(deps, subscription, shown, current)
        _book(unit, deps, current, subscription, shown, actor=actor, reason=reason)
        return decided(unit, deps, current, _to_be_bought(deps, current), f"book missing: {reason}", actor)


def _look(units: Units, deps: Dependencies, operation_id: OperationId) -> tuple[Operation, PanelAccount]:
    with units.read() as unit:
        operation = decidable(unit, deps, operation_id)
        account = subscription_of(unit, operation).account_id
    if not operation.target.purchase or account is None:
        raise Refusal(
            "illegal_move",
            f"operation {operation_id} buys nothing at its panel",
            advice="See what can be done: panelbridge attention.",
        )
    return operation, read_shown(deps, operation, AccountId(account))


def _to_be_bought(deps: Dependencies, operation: Operation) -> Operation:
    """Dates anew: they are counted when it is sent, from what our books say then."""
    undated = operation.target.model_copy(
        update={
            "entitled_until": None,
            "panel_until": None,
            "anchor_start": None,
            "anchor_months": 0,
            "period_from": None,
        }
    )
    return replace(
        operation,
        state=OperationState.READY,
        target=undated,
        due_at=deps.clock(),
        failures=0,
        failing_since=None,
        code=None,
        message=None,
        advice=None,
    )


def _check_length(
    deps: Dependencies, subscription: Subscription, shown: PanelAccount, operation: Operation
) -> None:
    before, after = subscription.panel_until, expiry_of(shown)
    term = Term.parse(operation.target.add or "")
    slack = timedelta(seconds=deps.panels.capabilities(operation.panel_id).expiry_granularity)
    if before is None or after is None or not is_one_term(before, after, term, deps.clock(), slack):
        raise Refusal(
            "illegal_move",
            f"the expiry did not move by one renewal of {term}, so it cannot be booked as one",
            advice="Look at the panel's own log; buy-from-here buys from where it stands.",
        )


def _book(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    shown: PanelAccount,
    *,
    actor: str,
    reason: str,
) -> None:
    """An operation of its own for the renewal that is missing, charged and done at once."""
    plan = unit.plans.plan(operation.plan_id, operation.plan_version)
    if plan is None:
        raise LookupError(f"plan {operation.plan_id} version {operation.plan_version} is gone")
    draft = Draft(
        verb=Verb.EXTEND,
        subscription=subscription,
        key=f"missing:{operation.id}:{subscription.revision}",
        target=_to_be_bought(deps, operation).target.model_copy(update={"note": f"booked by hand: {reason}"}),
        actor=actor,
        plan=replace(plan, queue_without_credit=False),
        term=operation.term,
        price=operation.price,
    )
    missing = place(unit, deps, draft).operation
    capabilities = deps.panels.capabilities(operation.panel_id)
    dated = RULES[Verb.EXTEND].prepare(missing, subscription, capabilities, deps.clock(), plan.grace_hours)
    if settle_done(unit, deps, dated, subscription, shown, outcome=Outcome.DONE, was=missing) is None:
        raise RuntimeError(f"operation {missing.id} changed while its own transaction was open")
