"""Panels that keep no expiry: the bridge suspends what is past its paid time, and lifts that when it is paid.

Looked at again and again, both ways: whatever was lost in between, the account follows the books.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from panelbridge.contract.capabilities import Extend, Verb
from panelbridge.contract.exceptions import AdapterLoadError, PanelError
from panelbridge.lifecycle import SubscriptionState, SuspensionReason
from panelbridge.provisioning.commands import SuspendCommand, UnsuspendCommand
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.exceptions import Refusal
from panelbridge.provisioning.flow.intend import plan_of
from panelbridge.provisioning.models import BRIDGE, OperationState
from panelbridge.provisioning.port import Unit, Units
from panelbridge.provisioning.verbs import RULES
from panelbridge.subscriptions import Panel, PanelId, Subscription, SubscriptionId

_PAGE = 500
_UNDER_WAY = frozenset({OperationState.READY, OperationState.SENT})
_log = logging.getLogger(__name__)


def hold_to_paid_time(units: Units, deps: Dependencies) -> int:
    """Suspend what is past its paid time and grace, lift what is paid again. Returns how many requests."""
    with units.read() as unit:
        panels = [panel.id for panel in unit.panels.all() if _keeps_no_date(deps, panel)]
    commands = 0
    for panel in panels:
        for subscription in _candidates(units, panel, deps.clock()):
            commands += _try_to_hold(units, deps, subscription)
    return commands


def _keeps_no_date(deps: Dependencies, panel: Panel) -> bool:
    try:
        return deps.panels.capabilities(panel.id).extend is Extend.NONE
    except (AdapterLoadError, ValueError):  # reported by doctor and by every call; the other panels go on
        return False


def _candidates(units: Units, panel: PanelId, now: datetime) -> Iterator[SubscriptionId]:
    for state, ended_by in ((SubscriptionState.ACTIVE, now), (SubscriptionState.SUSPENDED, None)):
        after: SubscriptionId | None = None
        while True:
            with units.read() as unit:
                page = unit.subscriptions.search(
                    panel=panel, state=state, entitled_before=ended_by, after=after, limit=_PAGE
                )
            yield from (one.id for one in page if ended_by or SuspensionReason.EXPIRED in one.reasons)
            if len(page) < _PAGE:
                break
            after = page[-1].id


def _try_to_hold(units: Units, deps: Dependencies, wanted: SubscriptionId) -> bool:
    try:
        with units.write() as unit:
            return _hold(unit, deps, wanted)
    except Exception as error:  # noqa: BLE001 - what fails for one keeps none of those behind it from its end
        code = error.code if isinstance(error, (Refusal, PanelError)) else type(error).__name__
        _log.warning("paid time of subscription %s was not kept: %s", wanted, code)
        return False


def _hold(unit: Unit, deps: Dependencies, wanted: SubscriptionId) -> bool:
    """Whether something was wanted, by what the books say in this very transaction."""
    subscription = unit.subscriptions.lock(wanted)
    if subscription is None or subscription.entitled_until is None:
        return False
    installation = unit.installations.installation(subscription.installation_id)
    if installation is None:
        return False
    waiting = [item for item in unit.journal.unsettled(wanted) if item.state in _UNDER_WAY]
    if any(item.verb in (Verb.EXTEND, Verb.UNSUSPEND, Verb.SUSPEND, Verb.TERMINATE) for item in waiting):
        return False  # its end decides; this comes round again
    past, held = _is_past(unit, deps, subscription), SuspensionReason.EXPIRED in subscription.reasons
    if past and subscription.state is SubscriptionState.ACTIVE:
        RULES[Verb.SUSPEND].intend(
            unit,
            deps,
            SuspendCommand(
                installation=installation,
                service_id=subscription.service_id,
                actor=BRIDGE,
                reason=SuspensionReason.EXPIRED,
                owner=BRIDGE,
                note=f"paid until {subscription.entitled_until:%Y-%m-%d %H:%M} UTC",
            ),
        )
        return True
    if held and not past:
        RULES[Verb.UNSUSPEND].intend(
            unit,
            deps,
            UnsuspendCommand(
                installation=installation,
                service_id=subscription.service_id,
                actor=BRIDGE,
                owner=BRIDGE,
                reason=SuspensionReason.EXPIRED,
            ),
        )
        return True
    return False


def _is_past(unit: Unit, deps: Dependencies, subscription: Subscription) -> bool:
    grace = timedelta(hours=plan_of(unit, subscription).grace_hours)
    return subscription.entitled_until is not None and subscription.entitled_until + grace <= deps.clock()
