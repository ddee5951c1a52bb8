"""Whose turn it is: what an operation stands behind, and what of the due work can be done now.

What cannot be done now is not in the list of due work, so that it holds nobody's place there; it is back by
itself as soon as what blocks it moves.
"""

from __future__ import annotations

from datetime import datetime

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.exceptions import InsufficientPanelCredit, PanelUnreachable
from panelbridge.provisioning.dependencies import Dependencies
from panelbridge.provisioning.flow.purchase import FenceUnreadable
from panelbridge.provisioning.models import Operation, OperationState
from panelbridge.provisioning.port import Unit, Units
from panelbridge.subscriptions import Panel, PanelId

OVERTAKING = frozenset({Verb.SUSPEND, Verb.UNSUSPEND, Verb.RESET_CREDENTIALS})
"""Verbs that cost nothing and move neither date nor package: they wait for nobody's top-up."""

OVERTAKEN = frozenset({Verb.EXTEND, Verb.CHANGE_PACKAGE})
"""What they go before while it waits for credit, here or at the panel: nothing of it was sent."""

PANEL_CREDIT = InsufficientPanelCredit.code

_PANEL_DOWN = frozenset({PanelUnreachable.code, FenceUnreadable.code})
"""What is over when a panel is reached again. Who was told to slow down, or has no credit, waits on."""

_PER_PANEL = 100  # many more than run at once


def stands_behind(operation: Operation, earlier: Operation) -> bool:
    """Whether ``operation`` waits for ``earlier``, which is not settled. The store asks the same in SQL."""
    overtakes = operation.verb in OVERTAKING and earlier.verb in OVERTAKEN
    return not (overtakes and _waits_for_credit(earlier))


def due_now(unit: Unit, deps: Dependencies, limit: int) -> list[Operation]:
    """What may be done now: the oldest of each panel first, so that one panel's many hide no other's."""
    rooms = {panel.id: _room(deps, panel) for panel in unit.panels.all()}
    due = unit.journal.due(
        deps.clock(),
        limit,
        deps.limits.clock_tolerance,
        per_panel=_PER_PANEL,
        closed=[panel for panel, room in rooms.items() if room == 0],
    )
    probed: set[PanelId] = set()
    return [one for one in due if one.state is OperationState.SENT or _fits(one.panel_id, rooms, probed)]


def panel_is_back(units: Units, panel: PanelId, now: datetime) -> int:
    """A panel that was down answers: what backs off for that is due now. Returns how many operations.

    Those in doubt keep their time: their look-ups are bound to the quiet time.
    """
    with units.write() as unit:
        return unit.journal.bring_forward(panel, _PANEL_DOWN, now)


def _waits_for_credit(operation: Operation) -> bool:
    at_the_panel = operation.state is OperationState.READY and operation.code == PANEL_CREDIT
    return at_the_panel or operation.state is OperationState.QUEUED


def _room(deps: Dependencies, panel: Panel) -> int | None:
    return deps.panels.breaker(panel.id).room() if panel.writes_enabled else 0


def _fits(panel: PanelId, rooms: dict[PanelId, int | None], probed: set[PanelId]) -> bool:
    """Of a panel whose breaker wants a probe, one call is enough to find out."""
    if rooms.get(panel) is None:
        return True
    first = panel not in probed
    probed.add(panel)
    return first
