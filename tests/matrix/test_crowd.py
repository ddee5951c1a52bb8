"""The same request 20 times at once, from 4 processes with 5 threads each: done once, told alike to all."""

from __future__ import annotations

import pytest

from panelbridge.contract.capabilities import Verb
from panelbridge.contract.models import Outcome
from tests.matrix.backends import BACKENDS
from tests.matrix.conftest import FillCell
from tests.matrix.events import CROWD
from tests.matrix.mortals import Mortals
from tests.matrix.stage import Stage


@pytest.mark.parametrize("stage", BACKENDS, ids=lambda item: item.name, indirect=True)
@pytest.mark.parametrize("verb", list(Verb), ids=lambda verb: verb.value)
def test_twenty_at_once_from_four_processes(
    stage: Stage, verb: Verb, mortal_processes: Mortals, fill_cell: FillCell
) -> None:
    fill_cell(stage, verb, CROWD)
    service = stage.fresh_service(verb)
    before = stage.books()
    stage.practice.control.set_latency(0.1, stage.backend.request(verb))

    report = mortal_processes.order("crowd", stage, verb, service, processes=4, threads=5)
    stage.rig.settle_all()

    assert [process.get("error") for process in report["processes"]] == [None] * 4
    answers = [answer for process in report["processes"] for answer in process["answers"]]
    done = stage.assert_one_effect_and_one_charge(verb, service, before)
    assert len(answers) == 20
    assert {answer["operation"] for answer in answers} == {done.id}
    assert {answer["outcome"] for answer in answers if not answer["pending"]} <= {
        Outcome.DONE,
        Outcome.ALREADY,
    }
    assert any(not answer["pending"] for answer in answers)
