"""Act, second half: call the adapter with no transaction open, then settle what came back."""

from __future__ import annotations

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import Conflict, ContractBroken, NotFound, PanelError, PanelUnreachable
from panelbridge.contract.models import Outcome, VerbResult
from panelbridge.contract.secret import readable
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.claim import Call
from panelbridge.provisioning.flow.locking import lock_to_settle
from panelbridge.provisioning.flow.purchase import fences_text
from panelbridge.provisioning.flow.settle import (
    finish_attempt,
    retry_delay,
    settle_attention,
    settle_done,
    settle_refused,
    settle_retry,
    settle_unknown,
)
from panelbridge.provisioning.models import Operation
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.rules import Reading
from panelbridge.provisioning.verbs import RULES
from panelbridge.transport import deadline


def send(units: Units, deps: Dependencies, call: Call) -> Operation | None:
    """Call the panel for a committed attempt and settle. Never raises ``PanelError``.

    Returns the operation as written down; ``None`` when somebody else settled it first.
    """
    operation, attempt = call.operation, call.attempt
    unwitnessed = deps.witness()  # the attempt is committed, and nothing was sent
    if unwitnessed is not None:
        with units.write() as unit:
            return _settle_failure(unit, deps, call, unwitnessed)
    rules = RULES[operation.verb]
    breaker = deps.panels.breaker(operation.panel_id)
    seconds = attempt.ends - deps.elapsed().seconds  # the commit of the attempt may have taken some
    try:
        _check_password(operation)
        with deadline(seconds):
            adapter = deps.panels.adapter(operation.panel_id)
            result = rules.call(adapter, operation, call.subscription, deps, attempt.fence)
    except PanelError as error:
        breaker.failed() if error.outcome is Outcome.UNKNOWN or isinstance(
            error, PanelUnreachable
        ) else breaker.succeeded()
        failure: PanelError = error
    except Exception as error:  # noqa: BLE001 - an adapter's bug after sending is an unknown outcome, not a crash
        failure = ContractBroken(f"the adapter failed with {type(error).__name__}")
    else:
        breaker.succeeded()
        with units.write() as unit:
            return _settle_result(unit, deps, call, result)
    with units.write() as unit:
        return _settle_failure(unit, deps, call, failure)


def _check_password(operation: Operation) -> None:
    """Asked before anything is sent, so that one that cannot be opened is no doubt about the panel."""
    if operation.password is not None and readable(operation.password) is None:
        raise PanelUnreachable(
            "the password journaled for this operation cannot be opened, so nothing was sent",
            advice="Put the key file back that belongs to this database, or release the operation.",
        )


def _settle_result(unit: Unit, deps: Dependencies, call: Call, result: VerbResult) -> Operation | None:
    operation, account = call.operation, result.account
    subscription = lock_to_settle(unit, operation, call.subscription)
    capabilities = deps.panels.capabilities(operation.panel_id)
    attempt = finish_attempt(unit, deps, call.attempt, result.outcome, code=None, evidence=result.note)
    if attempt.fence is not None and account is not None:
        reading = RULES[operation.verb].read(operation, account, attempt, capabilities)
        if reading is not Reading.EQUAL:
            tries = [item for item in unit.journal.attempts(operation.id) if not item.cleared]
            return settle_attention(
                unit,
                deps,
                operation,
                code="fence_mismatch",
                message="the panel reported a purchase, but the expiry is not where one purchase puts it: "
                f"{fences_text(tries)}",
                advice="Compare the expiry with the panel's own log, then mark done or release the hold.",
            )
    return settle_done(
        unit,
        deps,
        operation,
        subscription,
        account,
        outcome=result.outcome,
        note=result.note,
        differs=result.differs,
    )


def _settle_failure(unit: Unit, deps: Dependencies, call: Call, error: PanelError) -> Operation | None:
    operation = call.operation
    subscription = lock_to_settle(unit, operation, call.subscription)
    attempt = finish_attempt(unit, deps, call.attempt, error.outcome, code=error.code, evidence=error.message)
    if error.needs_person:
        return settle_attention(
            unit, deps, operation, code=error.code, message=error.message, advice=error.advice
        )
    earlier = [item for item in unit.journal.attempts(operation.id) if item.number < attempt.number]
    # Without a hold and without an account to make or buy for, a refusal of the repeat settles both tries.
    matters = operation.hold is not None or operation.verb is Verb.CREATE or operation.target.purchase
    in_doubt = matters and any(not item.cleared for item in earlier)
    if error.outcome is Outcome.UNKNOWN:
        return _unknown(unit, deps, operation, error, after=0.0)
    if in_doubt:
        return _failed_in_doubt(unit, deps, operation, error)
    if error.outcome is Outcome.RETRY_LATER:
        return settle_retry(unit, deps, operation, error)
    if operation.verb is Verb.TERMINATE and isinstance(error, NotFound):
        return settle_done(unit, deps, operation, subscription, None, outcome=Outcome.ALREADY)
    return settle_refused(unit, deps, operation, error)


def _failed_in_doubt(
    unit: Unit, deps: Dependencies, operation: Operation, error: PanelError
) -> Operation | None:
    """The try did nothing, but an earlier one may have: the hold is not ours to release on this answer."""
    if error.outcome is Outcome.RETRY_LATER:
        return _unknown(unit, deps, operation, error, after=retry_delay(deps, operation, error))
    if operation.target.purchase and isinstance(error, Conflict):
        # The expiry moved right before this try: the earlier one may have had its effect at last.
        return _unknown(unit, deps, operation, error, after=0.0)
    return settle_attention(
        unit,
        deps,
        operation,
        code=error.code,
        message=f"{error.message}; an earlier try of the same operation is still in doubt",
        advice="Look the account up at the panel: adopt it, or release the hold if it is not there.",
    )


def _unknown(
    unit: Unit, deps: Dependencies, operation: Operation, error: PanelError, *, after: float
) -> Operation | None:
    """The first look-up comes at once: *found* counts before the quiet time is over."""
    return settle_unknown(
        unit,
        deps,
        operation,
        after=after,
        code=error.code,
        message=error.message,
        advice=error.advice,
    )
