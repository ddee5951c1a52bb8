"""Recover: ask the panel what a try did, and settle, wait for the quiet time, or send the verb again.

*Found* and *as asked* count at once. *Absent* and *unmoved* count only when read after the quiet time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import Conflict, NotFound, PanelUnreachable
from panelbridge.contract.models import Absent, Found, Outcome, PanelAccount, Unknown
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.elapsed import Tick
from panelbridge.provisioning.flow.act import send
from panelbridge.provisioning.flow.claim import (
    SHORTEST_TRY,
    Call,
    LookUp,
    Wait,
    begin,
    free_slot,
    room_at_panel,
)
from panelbridge.provisioning.flow.locking import lock_to_settle
from panelbridge.provisioning.flow.purchase import (
    fences_text,
    may_send_again,
    note_sent_again,
    purchase_fence,
    read_purchase,
    resend_wait,
)
from panelbridge.provisioning.flow.quiet import quiet_left, seen_unmoved, since_deadline, unmoved_for
from panelbridge.provisioning.flow.reading import read_account
from panelbridge.provisioning.flow.settle import (
    backoff,
    finish_attempt,
    settle_attention,
    settle_done,
    settle_refused,
    settle_retry,
    settle_unknown,
)
from panelbridge.provisioning.keys import reference
from panelbridge.provisioning.models import Attempt, Fence, Operation
from panelbridge.provisioning.ownership import Ownership, judge_ownership
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.rules import Reading
from panelbridge.subscriptions import Subscription

_BLOCKED_WAIT = 2.0  # seconds
_AGAIN = PanelUnreachable("the request had no effect; it is sent again")


@dataclass(frozen=True, kw_only=True)
class _Look:
    """A look at what tries did: its task, and when it was asked."""

    task: LookUp
    tick: Tick
    seconds: float  # left for a try that may follow

    @property
    def operation(self) -> Operation:
        return self.task.operation

    @property
    def attempt(self) -> Attempt:
        return self.task.attempt

    @property
    def doubtful(self) -> tuple[Attempt, ...]:
        return (*self.task.earlier, self.task.attempt)

    @property
    def quiet_left(self) -> float:
        return quiet_left(self.task.attempt, self.tick)

    @property
    def quiet(self) -> bool:
        return self.quiet_left <= 0

    @property
    def has_time(self) -> bool:
        """Whether a try may follow at once; else the next look, of a job, is followed by one."""
        return self.seconds >= SHORTEST_TRY


def look_up(units: Units, deps: Dependencies, task: LookUp, *, seconds: float) -> Operation | None:
    """Ask, and write down what it means. Returns the operation as it is then."""
    operation = task.operation
    tick = deps.elapsed()  # of before the question
    answer = read_account(deps, operation, task.subscription, seconds)
    if not isinstance(answer, Unknown):  # "cannot tell" may be the panel's nature, no outage
        deps.panels.breaker(operation.panel_id).succeeded()
    call: Call | None = None
    with units.write() as unit:
        subscription = lock_to_settle(unit, operation, task.subscription)
        now = unit.journal.operation(operation.id)
        if now is None or _moved_on(now, operation):  # what its owner or a person wrote meanwhile stands
            return now
        left = seconds - (deps.elapsed().seconds - tick.seconds)
        task = _without_owner(unit, deps, replace(task, subscription=subscription))
        look = _Look(task=task, tick=tick, seconds=left)
        if isinstance(answer, Found):
            call = _found(unit, deps, look, answer.account)
        elif isinstance(answer, Absent):
            call = _absent(unit, deps, look, answer)
        else:
            call = _cannot_tell(unit, deps, look, answer)
        now = unit.journal.operation(operation.id)
    return send(units, deps, call) if call is not None else now


def _moved_on(now: Operation, then: Operation) -> bool:
    return (now.state, now.attempts, now.failures) != (then.state, then.attempts, then.failures)


def _without_owner(unit: Unit, deps: Dependencies, task: LookUp) -> LookUp:
    """The newest try's owner died, if it wrote no end: nothing is known of it."""
    if task.last.finished_at is not None:
        return task
    gone = finish_attempt(
        unit, deps, task.last, Outcome.UNKNOWN, code="owner_gone", evidence="no answer was recorded"
    )
    return replace(task, last=gone, attempt=gone if task.attempt.number == gone.number else task.attempt)


def _found(unit: Unit, deps: Dependencies, look: _Look, account: PanelAccount) -> Call | None:
    operation, subscription = look.operation, look.task.subscription
    capabilities = deps.panels.capabilities(operation.panel_id)
    if operation.verb is Verb.CREATE and not _is_ours(unit, deps, operation, subscription, account):
        return None
    reading = read_purchase(operation, account, look.doubtful, capabilities)
    if reading is Reading.EQUAL:
        settle_done(unit, deps, operation, subscription, account, outcome=Outcome.DONE)
        return None
    if reading is Reading.ELSEWHERE:
        settle_attention(
            unit,
            deps,
            operation,
            code="fence_mismatch",
            message="the expiry moved to where this purchase cannot have put it: "
            f"{fences_text(look.doubtful)}",
            advice="Compare the account with the panel's own log, then mark done or release the hold.",
        )
        return None
    if reading is Reading.UNMOVED:
        return _unmoved(unit, deps, look, account)
    if not look.quiet:
        _wait_quiet(unit, deps, look)
        return None
    return _again(unit, deps, look)


def _is_ours(
    unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription, account: PanelAccount
) -> bool:
    elsewhere = unit.journal.name_sent_elsewhere(operation.panel_id, account.username, operation)
    owner = judge_ownership(
        operation, reference(deps.bridge, subscription), account, name_sent_elsewhere=elsewhere
    )
    if owner is Ownership.OURS:
        return True
    settle_attention(
        unit,
        deps,
        operation,
        code=Conflict.code,
        message=f"an account with this login name exists (id {account.id}) and is not provably ours",
        advice="Compare it with the order: adopt it, or release the hold and choose another name.",
    )
    return False


def _unmoved(unit: Unit, deps: Dependencies, look: _Look, account: PanelAccount) -> Call | None:
    """A purchase without effect, as of this look: waited for, and then bought again or told to a person."""
    attempt = seen_unmoved(look.attempt, look.tick, unmoved=True)
    unit.journal.finish(attempt)
    capabilities = deps.panels.capabilities(look.operation.panel_id)
    left = max(look.quiet_left, resend_wait(capabilities) - unmoved_for(attempt, look.tick))
    last = look.task.last
    if last.outcome is Outcome.REFUSED or (left <= 0 and not may_send_again(capabilities, look.doubtful)):
        why = last.evidence if last.outcome is Outcome.REFUSED else "it is not sent again by itself"
        settle_attention(
            unit,
            deps,
            look.operation,
            code="purchase_in_doubt",
            message=f"the panel shows no effect of the purchase, and {why}: {fences_text(look.doubtful)}",
            advice="See the panel's own log. buy-from-here sends it again, release gives the credits back, "
            "retry looks once more.",
        )
        return None
    if left > 0:
        _wait_unmoved(unit, deps, look, left)
        return None
    return _buy_again(unit, deps, look, account)


def _wait_unmoved(unit: Unit, deps: Dependencies, look: _Look, left: float) -> None:
    settle_unknown(
        unit,
        deps,
        look.operation,
        after=min(left, backoff(deps, look.operation.failures)),
        code=look.operation.code or "outcome_unknown",
        message="the panel does not show the effect of the purchase yet; it may still come",
        advice="Nothing to do: the bridge looks again and again, and sends it again once at most.",
    )


def _buy_again(unit: Unit, deps: Dependencies, look: _Look, account: PanelAccount) -> Call | None:
    operation = look.operation
    if _is_ended(unit, operation):
        for attempt in look.doubtful:
            _clear(unit, attempt)
        settle_retry(unit, deps, operation, _AGAIN)
        return None
    if not look.has_time:
        return None
    slot = room_at_panel(unit, deps, operation, deps.clock())
    if isinstance(slot, Wait):
        _wait_unmoved(unit, deps, look, _BLOCKED_WAIT)
        return None
    fence = purchase_fence(deps, operation, account, look.seconds)
    call = _begun(unit, deps, look, slot, fence)
    if call is not None:
        waited = since_deadline(look.attempt, look.tick)
        note_sent_again(unit, deps, operation, (*look.doubtful, call.attempt), waited)
    return call


def _absent(unit: Unit, deps: Dependencies, look: _Look, answer: Absent) -> Call | None:
    operation, subscription = look.operation, look.task.subscription
    if operation.verb is Verb.TERMINATE:
        settle_done(unit, deps, operation, subscription, None, outcome=Outcome.DONE, note=answer.proof)
        return None
    if not look.quiet:
        _wait_quiet(unit, deps, look)
        return None
    for attempt in look.doubtful:
        _clear(unit, attempt)
    if operation.verb is Verb.CREATE:
        if _is_ended(unit, operation):
            settle_retry(unit, deps, operation, _AGAIN)
            return None
        return _again(unit, deps, look)
    settle_refused(unit, deps, operation, NotFound("the account does not exist at the panel any more"))
    return None


def _is_ended(unit: Unit, operation: Operation) -> bool:
    """Whether a terminate waits: what is proved to have had no effect is then not done first."""
    return any(item.verb is Verb.TERMINATE for item in unit.journal.unsettled(operation.subscription_id))


def _cannot_tell(unit: Unit, deps: Dependencies, look: _Look, answer: Unknown) -> Call | None:
    operation = look.operation
    if operation.target.purchase:
        unit.journal.finish(seen_unmoved(look.attempt, look.tick, unmoved=False))
    capabilities = deps.panels.capabilities(operation.panel_id)
    if look.quiet and operation.verb in capabilities.safe_repeats and not operation.target.purchase:
        return _again(unit, deps, look)
    if _too_long(deps, look):
        settle_attention(
            unit,
            deps,
            operation,
            code="unknown_too_long",
            message=f"the panel could not be asked for a day: {answer.cause}",
            advice="Fix the panel's reachability and press retry; the hold is kept.",
        )
        return None
    wait = backoff(deps, operation.failures)
    settle_unknown(
        unit,
        deps,
        operation,
        after=wait if look.quiet else min(wait, look.quiet_left),
        code=operation.code or "outcome_unknown",
        message=f"the outcome is not known yet: {answer.cause}",
        advice="Nothing to do: the bridge asks the panel until it knows.",
    )
    return None


def _wait_quiet(unit: Unit, deps: Dependencies, look: _Look) -> None:
    settle_unknown(
        unit,
        deps,
        look.operation,
        after=min(look.quiet_left, backoff(deps, look.operation.failures)),
        code=look.operation.code or "outcome_unknown",
        message="the panel does not show the effect yet; the first request may still be running there",
        advice="Nothing to do: the bridge looks again when it is certain that nothing runs any more.",
    )


def _clear(unit: Unit, attempt: Attempt) -> None:
    unit.journal.finish(replace(attempt, cleared=True))


def _too_long(deps: Dependencies, look: _Look) -> bool:
    return since_deadline(look.task.first, look.tick) > deps.limits.give_up_after


def _again(unit: Unit, deps: Dependencies, look: _Look) -> Call | None:
    if _too_long(deps, look):
        settle_attention(
            unit,
            deps,
            look.operation,
            code="unknown_too_long",
            message=f"sent {look.operation.attempts} times in a day, and the panel never showed the effect",
            advice="See the panel's own log, and press retry; the hold is kept.",
        )
        return None
    panel = unit.panels.panel(look.operation.panel_id)
    if panel is None or not panel.writes_enabled:  # a restored copy only reads until a person has compared
        settle_unknown(
            unit,
            deps,
            look.operation,
            after=backoff(deps, look.operation.failures),
            code="writes_off",
            message="the panel does not show the effect, and writes to it are switched off",
            advice="Compare the panel's accounts, then run: panelbridge panels writes on.",
        )
        return None
    if not look.has_time:
        return None
    slot = free_slot(unit, deps, look.operation, deps.clock())
    if slot is None:
        _wait_for_slot(unit, deps, look)
        return None
    return _begun(unit, deps, look, slot, None)


def _wait_for_slot(unit: Unit, deps: Dependencies, look: _Look) -> None:
    settle_unknown(
        unit,
        deps,
        look.operation,
        after=_BLOCKED_WAIT,
        code=look.operation.code or "outcome_unknown",
        message="the panel does not show the effect, and has as many requests of ours as it may have",
        advice="Nothing to do: the request is sent again when one of them has ended.",
    )


def _begun(unit: Unit, deps: Dependencies, look: _Look, slot: int, fence: Fence | None) -> Call | None:
    subscription = look.task.subscription
    claimed = begin(unit, deps, look.operation, subscription, slot=slot, seconds=look.seconds, fence=fence)
    return claimed if isinstance(claimed, Call) else None
