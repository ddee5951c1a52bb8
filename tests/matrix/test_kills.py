"""Real SIGKILL at every boundary, then a restart: one panel effect, one ledger effect, the same answer.

A boundary is the moment before or after a commit, or before or after a request to the panel. A clean run
counts them; then one process is killed at each.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from panelbridge.capabilities import Verb
from panelbridge.provisioning import OperationState
from tests.matrix.conftest import FillCell
from tests.matrix.events import KILLED, KILLED_BACKENDS
from tests.matrix.mortals import Mortals
from tests.matrix.stage import Books, Stage


@pytest.mark.parametrize("stage", KILLED_BACKENDS, ids=lambda item: item.name, indirect=True)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_killed_at_every_boundary(
    stage: Stage,
    verb: Verb,
    mortal_processes: Mortals,
    fill_cell: FillCell,
    record_property: Callable[[str, object], None],
) -> None:
    fill_cell(stage, verb, KILLED)
    service, before = _ready(stage, verb)
    clean = mortal_processes.order("submit", stage, verb, service)
    asked_again = mortal_processes.order("recover", stage, verb, service)
    stage.assert_one_effect_and_one_charge(verb, service, before)
    undisturbed = stage.told(service)
    boundaries: list[str] = clean["boundaries"]
    print(f"{stage.backend.name}, {verb.value}: {len(boundaries)} boundaries: {', '.join(boundaries)}")
    record_property("note", str(len(boundaries)))
    assert "before commit" in boundaries
    assert "after POST" in boundaries or "after PUT" in boundaries or "after DELETE" in boundaries

    for number, boundary in enumerate(boundaries, start=1):
        service, before = _ready(stage, verb)
        killed = mortal_processes.order("submit", stage, verb, service, die_at=number)
        where = f"{number}, {boundary}"
        assert killed["signal"] == signal.SIGKILL, where
        left = stage.operations(verb, service)
        restarted = mortal_processes.order("recover", stage, verb, service)
        assert restarted["signal"] == 0, where
        done = stage.assert_one_effect_and_one_charge(verb, service, before)
        assert [item.id for item in left] in ([], [done.id]), where
        assert stage.told(service) == undisturbed, where
        assert restarted["answer"]["state"] == asked_again["answer"]["state"] == OperationState.DONE, where


def _ready(stage: Stage, verb: Verb) -> tuple[int, Books]:
    service = stage.fresh_service(verb)
    return service, stage.books()
