"""Through the engine: a lost create is made once, and the bridge itself ends what was not paid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.secret import Secret
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import OperationState, RenewCommand, ResetCommand, SuspendCommand
from panelbridge.testing.practice import Fault, PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("dispatcharr", books=tmp_path / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "dispatcharr", practice.settings)
        made.add_plan("gold", panel, {"1m": ("1", "1")})
        made.top_up("100")
        yield made


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER_COMMIT])
def test_a_lost_create_is_made_and_charged_once(rig: Rig, practice: PracticeProcess, fault: Fault) -> None:
    practice.control.set_fault(fault, "create")
    rig.provisioner.submit(rig.create())
    rig.settle_all()

    assert rig.operations()[-1].state is OperationState.DONE
    assert practice.control.books()["counts"] == {"create": 1}
    assert str(rig.wallet().balance) == "99"


def test_what_is_not_paid_ends_and_a_reset_meanwhile_waits(rig: Rig, practice: PracticeProcess) -> None:
    who: dict[str, Any] = {"installation": rig.installation, "service_id": 501, "actor": "test"}
    rig.provisioner.submit(rig.create())
    paid_until = rig.subscription().entitled_until
    assert paid_until is not None  # and the grace of the plan is 48 hours
    rig.clock.forward(seconds=(paid_until - rig.clock()).total_seconds() + 49 * 3600)
    assert rig.provisioner.hold_to_paid_time() == 1
    rig.settle_all()
    practice.control.set_fault(Fault.CUT_AFTER_COMMIT, "reset_credentials")
    rig.provisioner.submit(ResetCommand(**who, password=Secret("newpassword1")))
    rig.settle_all()
    name = str(rig.subscription().username)
    assert practice.control.books()["accounts"][name]["state"] == "suspended"

    rig.provisioner.submit(RenewCommand(**who, fact="item:7"))
    rig.settle_all()
    account = practice.control.books()["accounts"][name]
    assert (account["state"], account["password"]) == ("active", "newpassword1")


def test_a_create_cut_between_user_and_profiles_ends_with_the_package_sold(
    rig: Rig, practice: PracticeProcess
) -> None:
    """A user without a profile sees every channel: that is not what was sold, whatever else is right."""
    practice.control.act("cut_creates")
    rig.provisioner.submit(rig.create())
    rig.settle_all()

    account = practice.control.books()["accounts"][str(rig.subscription().username)]
    assert account["profiles"] == [1]
    assert (rig.operations()[-1].state, rig.subscription().package) == (OperationState.DONE, "1")
    assert str(rig.wallet().balance) == "99"


def test_a_customer_cannot_stop_his_suspension(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())
    name = str(rig.subscription().username)
    for key, value in (("panelbridge_reference", "mine"), ("panelbridge_held_xc_password", 5)):
        practice.control.act("set_property", username=name, key=key, value=value)
    rig.provisioner.submit(
        SuspendCommand(
            installation=rig.installation,
            service_id=501,
            actor="test",
            owner="billing",
            reason=SuspensionReason.OVERDUE,
        )
    )
    rig.settle_all()
    assert practice.control.books()["accounts"][name]["state"] == "suspended"


def test_a_profile_that_its_owner_deleted_is_put_before_a_person(rig: Rig, practice: PracticeProcess) -> None:
    rig.provisioner.submit(rig.create())
    practice.control.act("delete_profile", profile=1)
    rig.provisioner.submit(
        ResetCommand(
            installation=rig.installation, service_id=501, actor="test", password=Secret("newpassword1")
        )
    )
    rig.settle_all()
    assert rig.attention() == ["package_differs"]
    assert rig.subscription().package == "unrestricted"
