"""Through the engine: the password of the books reaches the panel, also when an answer was lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import OperationState, ResetCommand, SuspendCommand, TerminateCommand
from panelbridge.testing.practice import Fault, PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("xtream", books=tmp_path / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "xtream", practice.settings)
        made.add_plan("gold", panel, {"1m": ("basic", "1")})
        made.top_up("100")
        yield made


def test_a_reset_whose_answer_was_lost_settles_by_itself(rig: Rig, practice: PracticeProcess) -> None:
    command = rig.create()
    rig.provisioner.submit(command)
    practice.control.set_fault(Fault.CUT_AFTER_COMMIT, "reset_credentials")
    who = {"installation": command.installation, "service_id": command.service_id, "actor": "test"}
    rig.provisioner.submit(ResetCommand(**who, password=Secret("newpassword1")))
    rig.settle_all()

    assert rig.operations()[-1].state is OperationState.DONE
    account = practice.control.books()["accounts"][rig.subscription().username]
    assert rig.subscription().password == Secret("newpassword1")
    assert account["password"] == "newpassword1"

    rig.provisioner.submit(SuspendCommand(**who, reason=SuspensionReason.OVERDUE, owner="billing"))
    account = practice.control.books()["accounts"][rig.subscription().username]
    assert account["state"] == "suspended"


@pytest.mark.parametrize("fault", [None, Fault.CUT_AFTER_COMMIT, Fault.ERROR_500_BEFORE])
def test_a_termination_is_settled_without_a_delete(
    rig: Rig, practice: PracticeProcess, fault: Fault | None
) -> None:
    command = rig.create()
    rig.provisioner.submit(command)
    name = rig.subscription().username
    if fault is not None:
        practice.control.set_fault(fault, "terminate")
    rig.provisioner.submit(
        TerminateCommand(installation=command.installation, service_id=command.service_id, actor="test")
    )
    rig.settle_all()

    assert rig.operations()[-1].state is OperationState.DONE
    account = practice.control.books()["accounts"][name]
    assert account["state"] == "suspended"
    assert practice.control.books()["counts"]["terminate"] == 1


def test_a_lost_create_charges_and_makes_once(rig: Rig, practice: PracticeProcess) -> None:
    practice.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
    rig.provisioner.submit(rig.create())
    rig.settle_all()

    assert rig.operations()[-1].state is OperationState.DONE
    assert practice.control.books()["counts"] == {"create": 1}
    assert str(rig.wallet().balance) == "99"
