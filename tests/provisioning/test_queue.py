"""Orders that wait for credit: whatever frees credit wakes them, strictly oldest first."""

from __future__ import annotations

import pytest

from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState, RenewCommand, TerminateCommand
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig


@pytest.fixture
def patient(rig: Rig) -> Rig:
    """Beside the 100 credits: a plan for 60 and for 600 credits that waits until they are there."""
    with rig.units.read() as unit:
        panel = unit.panels.named("main")
    assert panel is not None
    terms = {"1m": ("basic-1m", "60"), "12m": ("basic-12m", "600")}
    rig.add_plan("patient", panel, terms, queue_without_credit=True)
    return rig


def order(rig: Rig, service: int, term: str = "1m") -> OperationState:
    return rig.provisioner.submit(rig.create(service, plan="patient", term=term), budget=0.0).operation.state


def states(rig: Rig) -> dict[int, OperationState]:
    return {item.service_id: item.state for item in rig.operations() if item.verb.value == "create"}


def terminate(rig: Rig, service: int) -> None:
    rig.provisioner.submit(
        TerminateCommand(installation=rig.installation, service_id=service, actor="admin:1")
    )


def test_credit_that_a_refused_order_gives_back_pays_for_the_next(
    patient: Rig, practice: PracticeProcess
) -> None:
    practice.control.set_reply("create", status=422, body=b'{"error": "invalid_field", "field": "password"}')
    order(patient, 1)
    assert order(patient, 2) is OperationState.QUEUED

    patient.settle_all()

    assert states(patient) == {1: OperationState.REFUSED, 2: OperationState.DONE}
    assert (patient.wallet().balance, patient.wallet().held) == (Credits.parse("40"), Credits())


def test_credit_of_an_order_ended_before_it_was_sent_pays_for_the_next(patient: Rig) -> None:
    assert order(patient, 1) is OperationState.READY
    assert order(patient, 2) is OperationState.QUEUED

    terminate(patient, 1)
    patient.settle_all()

    assert states(patient) == {1: OperationState.SUPERSEDED, 2: OperationState.DONE}
    assert (patient.wallet().balance, patient.wallet().held) == (Credits.parse("40"), Credits())


def test_an_order_too_dear_holds_nobody_up_once_it_is_ended(patient: Rig) -> None:
    assert order(patient, 1, "12m") is OperationState.QUEUED
    assert order(patient, 2) is OperationState.QUEUED

    terminate(patient, 1)
    patient.settle_all()

    assert states(patient) == {1: OperationState.SUPERSEDED, 2: OperationState.DONE}


def test_credit_of_a_released_hold_pays_for_the_next(patient: Rig, practice: PracticeProcess) -> None:
    practice.control.act("create", username="customer1", reference=None)
    practice.control.set_fault("cut_before", "create")
    command = patient.create(1, plan="patient", username="customer1")
    stuck = patient.provisioner.submit(command)
    assert order(patient, 2) is OperationState.QUEUED
    patient.settle_all()
    assert patient.attention() == ["account_conflict"]

    patient.provisioner.release(stuck.operation.id, actor="admin:1", reason="looked at the panel")
    patient.settle_all()

    assert states(patient) == {1: OperationState.REFUSED, 2: OperationState.DONE}
    assert (patient.wallet().balance, patient.wallet().held) == (Credits.parse("40"), Credits())


@pytest.mark.parametrize("ended_by", ["top-up", "terminate"])
def test_a_paid_renewal_that_waits_for_credit_is_put_before_a_person_until_it_runs(
    patient: Rig, ended_by: str
) -> None:
    patient.provisioner.submit(patient.create(1, plan="patient"))
    command = RenewCommand(installation=patient.installation, service_id=1, actor="cron", fact="item:1")
    waiting = patient.provisioner.submit(command, budget=0.0)
    assert waiting.operation.state is OperationState.QUEUED
    assert patient.attention() == ["waits_for_credit"]

    if ended_by == "top-up":
        patient.top_up("60", key="second")
    else:
        terminate(patient, 1)
    patient.settle_all()

    assert patient.attention() == []
    assert (patient.provisioner.answer(waiting.operation.id).operation.state is OperationState.DONE) == (
        ended_by == "top-up"
    )
