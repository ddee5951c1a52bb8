"""Through the engine: a device ordered by its MAC is made and charged once, also when the answer was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from panelbridge.provisioning import OperationState, TerminateCommand
from panelbridge.testing.practice import Fault
from tests.support.ready import PracticeHere
from tests.support.rig import rig_in

DIALECTS = {"admin": {"dialect": "admin"}, "reseller": {"admin_lookup": "on"}}


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("device", ["mag", "enigma"])
def test_a_lost_create_settles_and_is_ended(tmp_path: Path, dialect: str, device: str) -> None:
    with (
        PracticeHere("xui", books=tmp_path / "panel.sqlite", options=DIALECTS[dialect]) as practice,
        rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as rig,
    ):
        panel = rig.add_panel("main", "xui", practice.settings)
        rig.add_plan("box", panel, {"1m": ("41", "1")}, options={"device": device})
        rig.top_up("100")
        practice.control.set_fault(Fault.CUT_AFTER_COMMIT, "create")
        command = rig.create(plan="box", mac="00-1a-79-12-34-56")
        rig.provisioner.submit(command)
        rig.settle_all()

        subscription = rig.subscription()
        assert rig.operations()[-1].state is OperationState.DONE
        assert (subscription.account_id, subscription.mac) == (f"{device}:1", "00:1A:79:12:34:56")
        books = practice.control.books()
        assert books["accounts"][subscription.username]["mac"] == subscription.mac
        assert (books["counts"]["create"], str(rig.wallet().balance)) == (1, "99")

        who = {"installation": command.installation, "service_id": command.service_id}
        rig.provisioner.submit(TerminateCommand(**who, actor="test"))
        assert practice.control.books()["accounts"] == {}
