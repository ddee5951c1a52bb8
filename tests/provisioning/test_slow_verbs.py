"""What a panel may take minutes for is sent by the jobs with the time it needs, whoever waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from panelbridge.contract.capabilities import Capabilities, Verb
from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import PracticeProcess
from panelbridge_reference import ReferenceAdapter
from tests.support.rig import Rig

SECONDS = 240.0


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ReferenceAdapter.capabilities.fget
    assert honest is not None

    def capabilities(self: ReferenceAdapter) -> Capabilities:
        return honest(self).model_copy(update={"slow_verbs": {Verb.CREATE: SECONDS}})

    monkeypatch.setattr(ReferenceAdapter, "capabilities", property(capabilities))


def test_a_caller_is_told_pending_and_nothing_is_sent_meanwhile(rig: Rig, practice: PracticeProcess) -> None:
    answer = rig.provisioner.submit(rig.create(), budget=3)

    assert (answer.pending, answer.operation.state) == (True, OperationState.READY)
    assert practice.control.requests() == []
    assert rig.wallet().held == Credits.parse("1")


def test_the_jobs_send_it_with_the_time_it_needs(rig: Rig, practice: PracticeProcess) -> None:
    placed = rig.provisioner.submit(rig.create(), budget=3).operation

    rig.provisioner.run_due()

    with rig.units.read() as unit:
        (attempt,) = unit.journal.attempts(placed.id)
    assert attempt.deadline - attempt.started_at == timedelta(seconds=SECONDS)
    assert practice.control.books()["counts"] == {"create": 1}
    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("99"))


def test_a_repeat_while_it_is_slow_joins_and_sends_nothing(rig: Rig, practice: PracticeProcess) -> None:
    first = rig.provisioner.submit(rig.create(), budget=3)
    again = rig.provisioner.submit(rig.create(), budget=3)

    assert again.operation.id == first.operation.id
    assert practice.control.requests() == []


def test_a_lost_slow_try_is_looked_up_by_the_jobs(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create(), budget=3)
    practice.control.set_fault("cut_after_commit", "create")

    rig.settle_all()

    assert practice.control.books()["counts"] == {"create": 1}
    assert Credits.parse("100") - rig.wallet().balance == Credits.parse("1")
