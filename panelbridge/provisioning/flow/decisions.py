"""What a person can decide about an operation. Each choice says its consequence.

One in attention waits for it. One that is tried in vain can be decided too, when its last try can have no
effect any more, unless another try began meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from panelbridge.attention import AttentionId, AttentionItem
from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import PanelError
from panelbridge.contract.models import Absent, AccountId, AccountRef, Found, Lookup, Outcome, PanelAccount
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.adoption import check_free, check_takes, take_over
from panelbridge.provisioning.flow.intend import wake_queued
from panelbridge.provisioning.flow.locking import lock_operation, lock_to_settle
from panelbridge.provisioning.flow.quiet import looked, quiet_left
from panelbridge.provisioning.flow.settle import mark_refused, settle_done
from panelbridge.provisioning.models import (
    Operation,
    OperationId,
    OperationState,
)
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.rules import account_ref
from panelbridge.subscriptions import Subscription
from panelbridge.transport import deadline

WAYS_OUT: Mapping[str, str] = {
    "retry": "ask the panel again and go on by itself; charges and makes nothing that is there already",
    "adopt": "take the panel account you name as this service's; the held credits are spent",
    "mark-done": "you saw the effect at the panel; the held credits are spent",
    "release": "you saw that nothing happened; the held credits are free again and the name stays watched",
}
PURCHASE_WAYS: Mapping[str, str] = {
    "book-missing": "the move was an earlier renewal our books lack: it is charged, then this one bought",
    "buy-from-here": "the move was none of ours, or nothing was bought: bought from where it stands",
}
_BOOKABLE = "moved_elsewhere"
_PURCHASABLE = frozenset({_BOOKABLE, "purchase_in_doubt", "fence_mismatch"})


def ways_out(operation: Operation | None, code: str) -> dict[str, str]:
    """What can be done about an item of ``code``; nothing where its operation is settled."""
    if operation is None or operation.settled:
        return {}
    ways = dict(WAYS_OUT)
    if code in _PURCHASABLE:
        ways |= {"buy-from-here": PURCHASE_WAYS["buy-from-here"]}
    if code == _BOOKABLE:
        ways |= PURCHASE_WAYS
    return ways


def retry(units: Units, deps: Dependencies, operation_id: OperationId, *, actor: str) -> Operation:
    """Back to the flow: looked up when a try is in doubt, sent when none is. Raises ``Refusal``."""
    with units.write() as unit:
        operation, _ = lock_decidable(unit, deps, operation_id)
        tries = unit.journal.attempts(operation.id)
        doubtful = any(not item.cleared for item in tries)
        state = OperationState.SENT if doubtful else OperationState.READY
        waiting = replace(operation, state=state, due_at=deps.clock(), failures=0, failing_since=None)
        return decided(unit, deps, operation, waiting, "retry", actor)


def release(
    units: Units, deps: Dependencies, operation_id: OperationId, *, actor: str, reason: str
) -> Operation:
    """The person's claim that nothing happened: the hold is voided and the claim recorded."""
    if not reason.strip():
        raise Refusal("invalid_request", "a reason is needed", advice="Say what you saw.", field="reason")
    with units.write() as unit:
        operation, subscription = lock_decidable(unit, deps, operation_id)
        released = replace(
            operation,
            state=OperationState.REFUSED,
            outcome=Outcome.REFUSED,
            settled_at=deps.clock(),
            due_at=None,
            code="released",
            message=f"released by {actor}: {reason}",
            advice="If the account turns up after all, it is reported as an account without charge.",
        )
        if operation.hold is not None:
            unit.ledger.void(operation.hold, actor=actor, reason=f"released: {reason}")
            wake_queued(unit, deps, operation.reseller_id)
        mark_refused(unit, released, subscription)
        return decided(unit, deps, operation, released, f"release: {reason}", actor)


def mark_done(
    units: Units, deps: Dependencies, operation_id: OperationId, *, actor: str, reason: str
) -> Operation:
    """The person's claim that the effect is there, which the panel must not deny: the hold is posted.

    Not for a create: adopt it.
    """
    with units.read() as unit:
        operation = decidable(unit, deps, operation_id)
        subscription = subscription_of(unit, operation)
        if subscription.account_id is None:
            raise Refusal(
                "illegal_move", "this service has no account yet", advice="Adopt the panel's account instead."
            )
    shown = _shown_done(deps, operation, account_ref(subscription, deps))  # it is what is written down
    with units.write() as unit:
        current, subscription = lock_decidable(unit, deps, operation_id, as_of=operation)
        note = f"marked done: {reason}"
        return _settled_by_hand(unit, deps, current, subscription, shown, actor=actor, note=note)


def adopt(
    units: Units,
    deps: Dependencies,
    operation_id: OperationId,
    account: AccountId,
    *,
    actor: str,
    needs_proof: bool = False,
) -> Operation:
    """The panel account ``account`` is this service's. Raises ``Refusal``: not read, or not to be taken.

    ``needs_proof``: the account must bear the mark of this very order.
    """
    with units.read() as unit:
        operation = decidable(unit, deps, operation_id)
        check_takes(operation, subscription_of(unit, operation), account)
    found = read_shown(deps, operation, account)
    with units.write() as unit:
        current, subscription = lock_decidable(unit, deps, operation_id, as_of=operation)
        check_free(unit, deps, current, subscription, found, needs_proof=needs_proof)
        if current.verb is Verb.CREATE:
            current, subscription = take_over(current, subscription, deps, found)
            unit.subscriptions.save(subscription)
        note = f"adopted by {actor}"
        return _settled_by_hand(unit, deps, current, subscription, found, actor=actor, note=note)


def dismiss(unit: Unit, item_id: AttentionId, *, actor: str, reason: str, at: datetime) -> AttentionItem:
    """A person has seen to it: the item is closed. Raises ``Refusal`` where an operation must be decided."""
    item = unit.attention.item(item_id)
    if item is None or item.resolved_at is not None:
        raise Refusal("not_found", f"no item {item_id} is open", advice="See `panelbridge attention list`.")
    operation = None
    if item.operation_id is not None:
        operation, _ = lock_operation(unit, OperationId(item.operation_id))
    if operation is not None and operation.state is OperationState.ATTENTION:
        raise Refusal(
            "illegal_move",
            f"operation {operation.id} waits for a decision, which this would only hide",
            advice=f"Decide it: {', '.join(WAYS_OUT)}.",
        )
    resolution = f"dismissed: {reason}"
    unit.attention.resolve(item_id, resolution=resolution, actor=actor, at=at)
    return replace(item, resolved_at=at, resolution=resolution, actor=actor)


def _shown_done(deps: Dependencies, operation: Operation, ref: AccountRef) -> PanelAccount | None:
    """The account with the operation's effect; ``None`` where that is its end. Raises ``Refusal``."""
    if operation.verb is Verb.TERMINATE:
        if isinstance(_asked(deps, operation, ref), Absent):
            return None
        raise _denied(f"the panel does not prove account {ref.id} gone")
    shown = _shown(deps, operation, ref)
    if operation.verb is Verb.SUSPEND and not shown.state.is_off:
        raise _denied(f"the panel shows account {ref.id} as {shown.state.value}, which works")
    if operation.verb is Verb.UNSUSPEND and shown.state.is_off:
        raise _denied(f"the panel shows account {ref.id} as {shown.state.value}")
    return shown


def _denied(message: str) -> Refusal:
    return Refusal(
        "refused",
        f"{message}, so it is not done",
        advice="Retry, and the bridge does it; or do it at the panel, then mark it done.",
    )


def read_shown(deps: Dependencies, operation: Operation, account: AccountId) -> PanelAccount:
    """The account of that id, whoever's it is, as the panel shows it now. Raises ``Refusal``."""
    ref = AccountRef(id=account, username=operation.username or "", password=operation.password)
    return _shown(deps, operation, ref)


def _shown(deps: Dependencies, operation: Operation, ref: AccountRef) -> PanelAccount:
    answer = _asked(deps, operation, ref)
    if not isinstance(answer, Found):
        raise Refusal(
            "refused",
            f"the panel does not show an account with the id {ref.id}",
            advice="Check the id at the panel, or repeat when the panel answers.",
            field="account_id",
        )
    return answer.account


def _asked(deps: Dependencies, operation: Operation, ref: AccountRef) -> Lookup:
    """Raises ``Refusal``."""
    try:
        with deadline(deps.limits.lookup):
            return deps.panels.adapter(operation.panel_id).get(ref)
    except PanelError as error:
        raise Refusal("refused", error.message, advice=error.advice) from None


def _settled_by_hand(
    unit: Unit,
    deps: Dependencies,
    operation: Operation,
    subscription: Subscription,
    account: PanelAccount | None,
    *,
    actor: str,
    note: str,
) -> Operation:
    done = settle_done(unit, deps, operation, subscription, account, outcome=Outcome.DONE, note=note)
    if done is None:
        raise _decided_meanwhile()
    unit.attention.resolve_of(operation.id, resolution=note, actor=actor, at=deps.clock())
    return done


def decided(
    unit: Unit, deps: Dependencies, was: Operation, now: Operation, resolution: str, actor: str
) -> Operation:
    if not unit.journal.save(now, was=was):
        raise _decided_meanwhile()
    unit.attention.resolve_of(was.id, resolution=resolution, actor=actor, at=deps.clock())
    return now


def lock_decidable(
    unit: Unit, deps: Dependencies, operation_id: OperationId, *, as_of: Operation | None = None
) -> tuple[Operation, Subscription]:
    """What ``decidable`` says, with the subscription, for who decides in this transaction."""
    if as_of is not None:
        lock_to_settle(unit, as_of, subscription_of(unit, as_of))
    subscription = unit.subscriptions.lock_of_operation(operation_id)
    operation = decidable(unit, deps, operation_id, as_of=as_of)
    return operation, subscription or subscription_of(unit, operation)


def decidable(
    unit: Unit, deps: Dependencies, operation_id: OperationId, *, as_of: Operation | None = None
) -> Operation:
    """The operation, when a person may decide it now. Raises ``Refusal``.

    ``as_of``: as the person's decision has read it; another try since then means another decision.
    """
    operation = unit.journal.operation(operation_id)
    if operation is None:
        raise Refusal("service_unknown", f"there is no operation {operation_id}", advice="Check the number.")
    if as_of is not None and (operation.state, operation.attempts) != (as_of.state, as_of.attempts):
        raise _decided_meanwhile()
    in_vain = operation.state in (OperationState.READY, OperationState.SENT) and operation.failures > 0
    if operation.state is not OperationState.ATTENTION and not in_vain:
        raise Refusal(
            "illegal_move",
            f"operation {operation_id} is {operation.state.value}; only one in attention, or one that "
            "keeps failing, waits for a decision",
            advice="Nothing to decide.",
        )
    if operation.state is OperationState.SENT:
        _check_quiet(unit, deps, operation)
    return operation


def _check_quiet(unit: Unit, deps: Dependencies, operation: Operation) -> None:
    """Raises ``Refusal`` while a try may still take effect."""
    tick = deps.elapsed()
    doubtful = [item for item in unit.journal.attempts(operation.id) if not item.cleared]
    left = max((quiet_left(looked(item, tick), tick) for item in doubtful), default=0.0)
    if left > 0:
        raise Refusal(
            "illegal_move",
            f"the last try of operation {operation.id} may still take effect for {left:.0f} s",
            advice="Decide it then; the bridge looks at the panel meanwhile.",
        )


def _decided_meanwhile() -> Refusal:
    return Refusal("illegal_move", "somebody else just decided it", advice="Look at it again.")


def subscription_of(unit: Unit, operation: Operation) -> Subscription:
    subscription = unit.subscriptions.subscription(operation.subscription_id)
    if subscription is None:
        msg = f"operation {operation.id} has no subscription"
        raise LookupError(msg)
    return subscription
