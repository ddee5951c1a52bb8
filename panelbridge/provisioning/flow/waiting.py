"""What waits needs a witness: one item a panel or an operation, opened, kept up to date, closed by itself.

An operation that is tried in vain, for a while and several times, and what stands behind a panel that takes
nothing. The bridge goes on with all of them; the item is so that a person knows, and can decide sooner.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from panelbridge.attention import AttentionId, AttentionItem, Subject, SubjectKind
from panelbridge.contract.exceptions import InsufficientPanelCredit, PanelBusy, PanelUnreachable, RateLimited
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.purchase import FenceUnreadable
from panelbridge.provisioning.models import BRIDGE, Operation
from panelbridge.provisioning.port import Units
from panelbridge.subscriptions import PanelId

_OURS = frozenset({"panel_waits", "not_settled"})
# What an operation ends with when its panel is the trouble, not the order.
_OF_THE_PANEL = frozenset(
    kind.code for kind in (PanelUnreachable, RateLimited, PanelBusy, FenceUnreadable, InsufficientPanelCredit)
)
_MANY = 3  # operations of one panel in vain at once: then it is the panel, whatever each says
_log = logging.getLogger(__name__)


def watch_waiting(units: Units, deps: Dependencies) -> int:
    """Open, update and close what there is to tell; returns how many items are open."""
    limits, now = deps.limits, deps.clock()
    before = now - timedelta(seconds=limits.vain_seconds)
    long_before = now - timedelta(seconds=limits.vain_seconds * limits.vain_tries)
    with units.read() as unit:
        stuck = _of_panels(unit.journal.waiting(before, limits.vain_tries, long_before))
        known = [item for item in unit.attention.items() if item.code in _OURS]
    if not stuck and not known:
        return 0
    wanted = [item for panel, operations in stuck.items() for item in _items(now, panel, operations)]
    _open(units, wanted, known)
    _close(units, now, wanted, known)
    return len(wanted)


def _of_panels(operations: Sequence[Operation]) -> dict[PanelId, list[Operation]]:
    found: dict[PanelId, list[Operation]] = defaultdict(list)
    for operation in operations:
        found[operation.panel_id].append(operation)
    return found


def _items(now: datetime, panel: PanelId, stuck: Sequence[Operation]) -> list[AttentionItem]:
    of_the_panel = any(item.failures == 0 or item.code in _OF_THE_PANEL for item in stuck)
    if of_the_panel or len(stuck) >= _MANY:
        return [_panel_item(now, panel, stuck)]
    return [_operation_item(now, item) for item in stuck]


def _panel_item(now: datetime, panel: PanelId, stuck: Sequence[Operation]) -> AttentionItem:
    since = min(item.failing_since or item.admitted_at for item in stuck)
    causes = [item.message for item in stuck if item.failures and item.message]
    cause = f": {causes[-1]}" if causes else ""
    return AttentionItem(
        id=AttentionId(0),
        code="panel_waits",
        subject=Subject(kind=SubjectKind.PANEL, id=panel),
        message=f"{len(stuck)} operations of this panel wait in vain since {since:%Y-%m-%d %H:%M} UTC{cause}",
        advice="Check the panel, its address and our credential there. The bridge goes on by itself, and "
        "this closes when nothing waits any more.",
        opened_at=now,
        panel_id=panel,
    )


def _operation_item(now: datetime, stuck: Operation) -> AttentionItem:
    since = stuck.failing_since or stuck.admitted_at
    return AttentionItem(
        id=AttentionId(0),
        code="not_settled",
        subject=Subject(kind=SubjectKind.SUBSCRIPTION, id=stuck.subscription_id),
        message=f"{stuck.verb.value.replace('_', ' ')} of service {stuck.service_id} is not settled since "
        f"{since:%Y-%m-%d %H:%M} UTC, after {stuck.failures} tries and looks: {stuck.message or stuck.code}",
        advice="The bridge goes on by itself. Look the account up at the panel if you will not wait: once "
        "the last try can have no effect any more, it can be decided.",
        opened_at=now,
        operation_id=stuck.id,
        panel_id=stuck.panel_id,
    )


def _open(units: Units, wanted: Sequence[AttentionItem], known: Sequence[AttentionItem]) -> None:
    """Each in a transaction of its own: who settles one operation waits for no other one's item."""
    reported = {_case_of(item) for item in known}
    for item in wanted:
        with units.write() as unit:
            unit.attention.raise_item(item)
        if _case_of(item) not in reported:
            _log.warning("attention: %s", item.message)


def _close(
    units: Units, now: datetime, wanted: Sequence[AttentionItem], known: Sequence[AttentionItem]
) -> None:
    still = {_case_of(item) for item in wanted}
    for item in known:
        if _case_of(item) not in still:
            with units.write() as unit:
                unit.attention.resolve(item.id, resolution="it goes on", actor=BRIDGE, at=now)


def _case_of(item: AttentionItem) -> tuple[Subject, int | None]:
    return item.subject, item.operation_id
