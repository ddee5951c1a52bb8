"""Verbs x backends x events: one panel effect, one ledger effect, the same answer."""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from tests.matrix.backends import BACKENDS
from tests.matrix.commands import COMMANDS
from tests.matrix.conftest import FillCell
from tests.matrix.events import EVENTS
from tests.matrix.stage import Stage


@pytest.mark.parametrize("stage", BACKENDS, ids=lambda item: item.name, indirect=True)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_one_effect_and_one_charge(stage: Stage, verb: Verb, event: str, fill_cell: FillCell) -> None:
    fill_cell(stage, verb, event)
    service = stage.fresh_service(verb)
    before = stage.books()

    EVENTS[event](stage, verb, service)
    stage.rig.settle_all()

    stage.practice.control.clear_faults()
    stage.assert_one_effect_and_one_charge(verb, service, before)
    again = stage.rig.provisioner.submit(COMMANDS[verb](stage.rig, service), budget=3.0)
    assert again.operation.outcome in (Outcome.DONE, Outcome.ALREADY)
    stage.assert_one_effect_and_one_charge(verb, service, before)
