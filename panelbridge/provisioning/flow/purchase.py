"""Purchases on panels that only add and know no key: what proves one, and when one is sent again.

Only a fence of the same operation can prove it done. An expiry that moved before the first try is nobody's
proof: a person says what it was. A try that may have left is sent again once at most, after a long wait in
which every look found the expiry unmoved, and never a third time without a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from panelbridge.attention import SENT_AGAIN
from panelbridge.contract.capabilities import Capabilities
from panelbridge.contract.exceptions import PanelUnreachable
from panelbridge.contract.models import PanelAccount, Term
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.fence import build_fence, expiry_of, same_expiry
from panelbridge.provisioning.flow.settle import raise_attention, settle_attention
from panelbridge.provisioning.models import Attempt, Fence, Operation
from panelbridge.provisioning.port import Unit
from panelbridge.provisioning.rules import Reading
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Subscription

_TIMES_LATE_COMMIT = 10
_MOST_TRIES = 2  # that may have left


def purchase_fence(deps: Dependencies, operation: Operation, account: PanelAccount, seconds: float) -> Fence:
    """Where ``account`` must end if the try that is about to be sent has its effect."""
    term = Term.parse(operation.target.add or "")
    return build_fence(account, term, deps.clock(), deps.limits.clock_tolerance, seconds)


class FenceUnreadable(PanelUnreachable):
    """The account could not be read right before a purchase, so nothing was sent."""

    code = "fence_unreadable"
    default_advice = "Nothing to do: the bridge tries again."


def moved_elsewhere(
    deps: Dependencies, operation: Operation, subscription: Subscription, account: PanelAccount
) -> bool:
    """Whether the expiry, read before the first try, is another one than our books know."""
    granularity = deps.panels.capabilities(operation.panel_id).expiry_granularity
    return not same_expiry(expiry_of(account), subscription.panel_until, timedelta(seconds=granularity))


def settle_moved_elsewhere(
    unit: Unit, deps: Dependencies, operation: Operation, subscription: Subscription, account: PanelAccount
) -> Operation | None:
    return settle_attention(
        unit,
        deps,
        operation,
        code="moved_elsewhere",
        message=f"the panel shows the expiry {moment_text(expiry_of(account))} and our books "
        f"{moment_text(subscription.panel_until)}: somebody moved it, so nothing was bought",
        advice="book-missing, if that was an earlier renewal which our books lack: it is charged, and this "
        "one is bought then. buy-from-here, if it was something else: this one is bought from there.",
    )


def read_purchase(
    operation: Operation, account: PanelAccount, doubtful: Iterable[Attempt], capabilities: Capabilities
) -> Reading:
    """What ``account`` says of tries that may have left, oldest first: any of their fences proves it done."""
    rules = RULES[operation.verb]
    readings = [rules.read(operation, account, attempt, capabilities) for attempt in doubtful]
    return Reading.EQUAL if Reading.EQUAL in readings else readings[-1]


def resend_wait(capabilities: Capabilities) -> float:
    """Seconds of looks without any effect before a purchase is sent again, or a person is asked."""
    wait = capabilities.resend_after
    return _TIMES_LATE_COMMIT * capabilities.late_commit if wait in (None, "never") else float(wait)


def may_send_again(capabilities: Capabilities, doubtful: Iterable[Attempt]) -> bool:
    return capabilities.resend_after != "never" and len(list(doubtful)) < _MOST_TRIES


def note_sent_again(
    unit: Unit, deps: Dependencies, operation: Operation, tries: Iterable[Attempt], waited: float
) -> None:
    """Stays to be seen, whatever comes of it: the first try may have its effect after all."""
    raise_attention(
        unit,
        deps,
        operation,
        SENT_AGAIN,
        f"sent again after {_minutes(waited)}: the first purchase of operation {operation.id} had shown no "
        f"effect until then; {fences_text(tries)}",
        "Compare the account's expiry with the panel's own log in the next days: two terms mean that both "
        "were bought. Then dismiss this.",
    )


def fences_text(tries: Iterable[Attempt]) -> str:
    """Every try with what was read before it and where one purchase ends."""
    fences = [
        f"try {attempt.number} at {attempt.started_at:%Y-%m-%d %H:%M:%S} from "
        f"{moment_text(attempt.fence.before)} to between {moment_text(attempt.fence.earliest)} and "
        f"{moment_text(attempt.fence.latest)}"
        for attempt in tries
        if attempt.fence is not None
    ]
    return "; ".join(fences)


def moment_text(moment: object) -> str:
    """An expiry in a sentence for staff."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else "never"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004 - a minute
