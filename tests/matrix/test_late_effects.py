"""Verbs x backends x what comes late: nothing is doubled, and where nobody can know, a person is told.

On panels that set, a late effect is the same end state. On those that only add, one inside ten times
``late_commit`` is found by its fence; beyond, the purchase was sent again, and that is put before a person.
"""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from panelbridge.ledger import Credits
from tests.matrix.backends import BACKENDS
from tests.matrix.commands import COMMANDS
from tests.matrix.conftest import FillCell
from tests.matrix.events import BEYOND, LATE_EVENTS
from tests.matrix.stage import Stage


@pytest.mark.parametrize("stage", BACKENDS, ids=lambda item: item.name, indirect=True)
@pytest.mark.parametrize("event", LATE_EVENTS)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_no_double_and_never_silence(stage: Stage, verb: Verb, event: str, fill_cell: FillCell) -> None:
    fill_cell(stage, verb, event)
    service = stage.fresh_service(verb)
    before = stage.books()

    LATE_EVENTS[event](stage, verb, service)
    stage.rig.settle_all()
    stage.practice.control.clear_faults()

    if event == BEYOND and verb in stage.backend.adds:
        stage.rig.provisioner.watch_released()
        codes = set(stage.take_attention())
        assert "sent_again" in codes
        assert verb is not Verb.EXTEND or "bought_twice" in codes
        assert (stage.rig.wallet().balance < before.balance, stage.rig.wallet().held) == (True, Credits())
        return
    stage.assert_no_double(verb, service, before)
    assert stage.rig.attention() == []
    again = stage.rig.provisioner.submit(COMMANDS[verb](stage.rig, service), budget=3.0)
    assert again.operation.outcome in (Outcome.DONE, Outcome.ALREADY)
    stage.assert_no_double(verb, service, before)
