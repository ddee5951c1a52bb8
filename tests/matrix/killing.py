"""One process killed at each boundary of a verb, and what must hold after each restart."""

from __future__ import annotations

import signal

from panelbridge.contract.capabilities import Verb
from panelbridge.provisioning import OperationState
from tests.matrix.mortals import Mortals
from tests.matrix.stage import Books, Stage

_ANSWERED = {"after POST", "after PUT", "after DELETE"}  # a request that changes something had its effect


def survive_every_kill(stage: Stage, verb: Verb, mortals: Mortals) -> list[str]:
    """The boundaries of a clean run; at each one a process was killed, and another one recovered."""
    service, before = _ready(stage, verb)
    clean = mortals.order("submit", stage, verb, service)
    asked_again = mortals.order("recover", stage, verb, service)
    stage.assert_one_effect_and_one_charge(verb, service, before)
    undisturbed = stage.told(service)
    boundaries: list[str] = clean["boundaries"]
    print(f"{stage.backend.name}, {verb.value}: {len(boundaries)} boundaries: {', '.join(boundaries)}")
    assert "before commit" in boundaries
    assert _ANSWERED & set(boundaries)

    for number, boundary in enumerate(boundaries, start=1):
        service, before = _ready(stage, verb)
        killed = mortals.order("submit", stage, verb, service, die_at=number)
        where = f"{number}, {boundary}"
        assert killed["signal"] == signal.SIGKILL, where
        left = stage.operations(verb, service)
        restarted = mortals.order("recover", stage, verb, service)
        assert restarted["signal"] == 0, where
        done = stage.assert_one_effect_and_one_charge(verb, service, before)
        assert [item.id for item in left] in ([], [done.id]), where
        assert stage.told(service) == undisturbed, where
        assert restarted["answer"]["state"] == asked_again["answer"]["state"] == OperationState.DONE, where
    return boundaries


def _ready(stage: Stage, verb: Verb) -> tuple[int, Books]:
    service = stage.fresh_service(verb)
    return service, stage.books()
