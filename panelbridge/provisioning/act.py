"""Act, second half: call the adapter with no transaction open, then settle what came back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from panelbridge.capabilities import Capabilities, FindBy, Verb
from panelbridge.exceptions import Conflict, ContractBroken, NotFound, PanelError, PanelUnreachable
from panelbridge.models import Absent, Found, Lookup, Outcome, PanelAccount, Unknown, VerbResult
from panelbridge.provisioning.claim import Call, LookUp, begin
from panelbridge.provisioning.desk import Desk
from panelbridge.provisioning.keys import reference
from panelbridge.provisioning.models import Attempt, Operation
from panelbridge.provisioning.ownership import Ownership, judge_ownership
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.rules import Reading
from panelbridge.provisioning.settle import (
    backoff,
    finish_attempt,
    settle_attention,
    settle_done,
    settle_refused,
    settle_retry,
    settle_unknown,
)
from panelbridge.provisioning.verbs import RULES
from panelbridge.secret import readable
from panelbridge.subscriptions import Subscription
from panelbridge.transport import deadline


def send(units: Units, desk: Desk, call: Call) -> Operation | None:
    """Call the panel for a committed attempt and settle. Never raises ``PanelError``.

    Returns the operation as written down; ``None`` when somebody else settled it first.
    """
    operation, attempt = call.operation, call.attempt
    rules = RULES[operation.verb]
    breaker = desk.panels.breaker(operation.panel_id)
    seconds = (attempt.deadline - attempt.started_at).total_seconds()
    try:
        _check_password(operation)
        with deadline(seconds):
            adapter = desk.panels.adapter(operation.panel_id)
            result = rules.call(adapter, operation, call.subscription, desk, attempt.fence)
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
            return _settle_result(unit, desk, call, result)
    with units.write() as unit:
        return _settle_failure(unit, desk, call, failure)


def _check_password(operation: Operation) -> None:
    """Asked before anything is sent, so that one that cannot be opened is no doubt about the panel."""
    if operation.password is not None and readable(operation.password) is None:
        raise PanelUnreachable(
            "the password journaled for this operation cannot be opened, so nothing was sent",
            advice="Put the key file back that belongs to this database, or release the operation.",
        )


def _settle_result(unit: Unit, desk: Desk, call: Call, result: VerbResult) -> Operation | None:
    operation, account = call.operation, result.account
    capabilities = desk.panels.capabilities(operation.panel_id)
    attempt = finish_attempt(unit, desk, call.attempt, result.outcome, code=None, evidence=result.note)
    if attempt.fence is not None and account is not None:
        reading = RULES[operation.verb].read(operation, account, attempt, capabilities)
        if reading is not Reading.EQUAL:
            return settle_attention(
                unit,
                desk,
                operation,
                code="fence_mismatch",
                message="the panel reported a purchase, but the expiry is not where one purchase puts it",
                advice="Compare the expiry with the panel's own log, then mark done or release the hold.",
            )
    return settle_done(
        unit,
        desk,
        operation,
        call.subscription,
        account,
        outcome=result.outcome,
        note=result.note,
        differs=result.differs,
    )


def _settle_failure(unit: Unit, desk: Desk, call: Call, error: PanelError) -> Operation | None:
    operation = call.operation
    attempt = finish_attempt(unit, desk, call.attempt, error.outcome, code=error.code, evidence=error.message)
    if error.needs_person:
        return settle_attention(
            unit, desk, operation, code=error.code, message=error.message, advice=error.advice
        )
    earlier = [item for item in unit.journal.attempts(operation.id) if item.number < attempt.number]
    # Without a hold and without an account to make or buy for, a refusal of the repeat settles both tries.
    matters = operation.hold is not None or operation.verb is Verb.CREATE or operation.target.purchase
    in_doubt = matters and any(not item.cleared for item in earlier)
    if error.outcome is Outcome.UNKNOWN or (in_doubt and error.outcome is Outcome.RETRY_LATER):
        return _unknown(unit, desk, operation, error)
    if in_doubt:
        # This try did nothing, but an earlier one may have: its hold is not ours to release on this answer.
        return settle_attention(
            unit,
            desk,
            operation,
            code=error.code,
            message=f"{error.message}; an earlier try of the same operation is still in doubt",
            advice="Look the account up at the panel: adopt it, or release the hold if it is not there.",
        )
    if error.outcome is Outcome.RETRY_LATER:
        return settle_retry(unit, desk, operation, error)
    if operation.verb is Verb.TERMINATE and isinstance(error, NotFound):
        return settle_done(unit, desk, operation, call.subscription, None, outcome=Outcome.ALREADY)
    return settle_refused(unit, desk, operation, error)


def _unknown(unit: Unit, desk: Desk, operation: Operation, error: PanelError) -> Operation | None:
    """The first look-up comes at once: *found* counts before the quiet time is over."""
    return settle_unknown(
        unit,
        operation,
        due_at=desk.clock(),
        code=error.code,
        message=error.message,
        advice=error.advice,
    )


def look_up(units: Units, desk: Desk, task: LookUp, *, seconds: float) -> Operation | None:
    """Ask the panel what an attempt did, and settle, wait for the quiet time, or send the verb again.

    Returns the operation as it is then.
    """
    operation = task.operation
    started = desk.clock()
    with deadline(min(seconds, desk.limits.lookup)):
        answer = _ask(desk, operation, task.subscription)
    if not isinstance(answer, Unknown):  # "cannot tell" may be the panel's nature, no outage
        desk.panels.breaker(operation.panel_id).succeeded()
    quiet = started >= task.attempt.quiet_until
    call: Call | None = None
    with units.write() as unit:
        attempt = task.attempt
        if attempt.finished_at is None:  # its owner died; nothing is known of it
            attempt = finish_attempt(
                unit, desk, attempt, Outcome.UNKNOWN, code="owner_gone", evidence="no answer was recorded"
            )
        if isinstance(answer, Found):
            call = _found(unit, desk, task, attempt, answer.account, quiet=quiet, seconds=seconds)
        elif isinstance(answer, Absent):
            call = _absent(unit, desk, task, attempt, answer, quiet=quiet, seconds=seconds)
        else:
            call = _cannot_tell(unit, desk, task, attempt, answer, quiet=quiet, seconds=seconds)
        now = unit.journal.operation(operation.id)
    return send(units, desk, call) if call is not None else now


def _ask(desk: Desk, operation: Operation, subscription: Subscription) -> Lookup:
    try:
        adapter = desk.panels.adapter(operation.panel_id)
        if subscription.account_id is not None:
            return adapter.get(RULES[operation.verb].ref(subscription, desk))
        capabilities = adapter.capabilities
        answer: Lookup = Unknown(cause="this panel has no look-up by name or reference")
        if FindBy.USERNAME in capabilities.find_by:
            answer = adapter.find(username=operation.username)
        if not isinstance(answer, Found) and FindBy.REFERENCE in capabilities.find_by:
            by_reference = adapter.find(reference=reference(desk.bridge, subscription))
            if isinstance(by_reference, Found) or isinstance(answer, Unknown):
                answer = by_reference
    except Exception as error:  # noqa: BLE001 - a look-up that breaks has told nothing
        return Unknown(cause=f"the look-up failed with {type(error).__name__}")
    return answer


def _found(
    unit: Unit,
    desk: Desk,
    task: LookUp,
    attempt: Attempt,
    account: PanelAccount,
    *,
    quiet: bool,
    seconds: float,
) -> Call | None:
    operation, subscription = task.operation, task.subscription
    capabilities = desk.panels.capabilities(operation.panel_id)
    if operation.verb is Verb.CREATE and not _is_ours(unit, desk, operation, subscription, account):
        return None
    reading = RULES[operation.verb].read(operation, account, attempt, capabilities)
    if reading is Reading.EQUAL:
        settle_done(unit, desk, operation, subscription, account, outcome=Outcome.DONE)
        return None
    if reading is Reading.ELSEWHERE:
        settle_attention(
            unit,
            desk,
            operation,
            code="fence_mismatch",
            message="the expiry moved to where this purchase cannot have put it",
            advice="Compare the account with the panel's own log, then mark done or release the hold.",
        )
        return None
    if not quiet:
        _wait_quiet(unit, desk, operation, attempt)
        return None
    if reading is Reading.UNMOVED:
        # Read after the quiet time: the purchase had no effect, and the fence is read anew before it is sent.
        _clear(unit, attempt)
        settle_retry(unit, desk, operation, _AGAIN)
        return None
    return _again(unit, desk, operation, subscription, seconds)


def _is_ours(
    unit: Unit, desk: Desk, operation: Operation, subscription: Subscription, account: PanelAccount
) -> bool:
    elsewhere = unit.journal.name_sent_elsewhere(operation.panel_id, account.username, operation)
    owner = judge_ownership(
        operation, reference(desk.bridge, subscription), account, name_sent_elsewhere=elsewhere
    )
    if owner is Ownership.OURS:
        return True
    settle_attention(
        unit,
        desk,
        operation,
        code=Conflict.code,
        message=f"an account with this login name exists (id {account.id}) and is not provably ours",
        advice="Compare it with the order: adopt it, or release the hold and choose another name.",
    )
    return False


def _absent(
    unit: Unit, desk: Desk, task: LookUp, attempt: Attempt, answer: Absent, *, quiet: bool, seconds: float
) -> Call | None:
    operation, subscription = task.operation, task.subscription
    if operation.verb is Verb.TERMINATE:
        settle_done(unit, desk, operation, subscription, None, outcome=Outcome.DONE, note=answer.proof)
        return None
    if not quiet:
        _wait_quiet(unit, desk, operation, attempt)
        return None
    _clear(unit, attempt)
    if operation.verb is Verb.CREATE:
        if _is_ended(unit, operation):
            settle_retry(unit, desk, operation, _AGAIN)
            return None
        return _again(unit, desk, operation, subscription, seconds)
    settle_refused(unit, desk, operation, NotFound("the account does not exist at the panel any more"))
    return None


def _is_ended(unit: Unit, operation: Operation) -> bool:
    """Whether a terminate waits: an account proved absent is then not made first."""
    return any(item.verb is Verb.TERMINATE for item in unit.journal.unsettled(operation.subscription_id))


def _cannot_tell(
    unit: Unit, desk: Desk, task: LookUp, attempt: Attempt, answer: Unknown, *, quiet: bool, seconds: float
) -> Call | None:
    operation = task.operation
    capabilities: Capabilities = desk.panels.capabilities(operation.panel_id)
    if quiet and operation.verb in capabilities.safe_repeats and not operation.target.purchase:
        return _again(unit, desk, operation, task.subscription, seconds)
    if (desk.clock() - operation.admitted_at).total_seconds() > desk.limits.give_up_after:
        settle_attention(
            unit,
            desk,
            operation,
            code="unknown_too_long",
            message=f"the panel could not be asked for a day: {answer.cause}",
            advice="Mend the panel's reachability and press retry; the hold is kept.",
        )
        return None
    due = desk.clock() + timedelta(seconds=backoff(desk, operation.failures))
    if not quiet:
        due = min(due, attempt.quiet_until)
    settle_unknown(
        unit,
        operation,
        due_at=due,
        code=operation.code or "outcome_unknown",
        message=f"the outcome is not known yet: {answer.cause}",
        advice="Nothing to do: the bridge asks the panel until it knows.",
    )
    return None


def _wait_quiet(unit: Unit, desk: Desk, operation: Operation, attempt: Attempt) -> None:
    due = min(attempt.quiet_until, desk.clock() + timedelta(seconds=backoff(desk, operation.failures)))
    settle_unknown(
        unit,
        operation,
        due_at=due,
        code=operation.code or "outcome_unknown",
        message="the panel does not show the effect yet; the first request may still be running there",
        advice="Nothing to do: the bridge looks again when it is certain that nothing runs any more.",
    )


def _clear(unit: Unit, attempt: Attempt) -> None:
    unit.journal.finish(replace(attempt, cleared=True))


def _again(
    unit: Unit, desk: Desk, operation: Operation, subscription: Subscription, seconds: float
) -> Call | None:
    panel = unit.subscriptions.panel(operation.panel_id)
    if panel is None or not panel.writes_enabled:  # a restored copy only reads until a person has compared
        settle_unknown(
            unit,
            operation,
            due_at=desk.clock() + timedelta(seconds=backoff(desk, operation.failures)),
            code="writes_off",
            message="the panel does not show the effect, and writes to it are switched off",
            advice="Compare the panel's accounts, then run: panelbridge panels writes on.",
        )
        return None
    claimed = begin(unit, desk, operation, subscription, seconds=seconds, fence=None)
    return claimed if isinstance(claimed, Call) else None


_AGAIN = PanelUnreachable("the request had no effect; it is sent again")
