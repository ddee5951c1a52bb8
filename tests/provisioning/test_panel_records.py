"""A panel's record changed by another process is used by the next order, without a restart."""

from __future__ import annotations

from dataclasses import replace

from panelbridge.contract.secret import Secret
from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig


def test_a_corrected_token_is_used_by_the_next_order(rig: Rig, practice: PracticeProcess) -> None:
    with rig.units.write() as unit:
        panel = unit.panels.named("main")
        assert panel is not None
        unit.panels.save(replace(panel, secrets={"token": Secret("wrong-token")}))
    refused = rig.provisioner.submit(rig.create(1))

    with rig.units.write() as unit:
        unit.panels.save(panel)
    made = rig.provisioner.submit(rig.create(2))

    assert (refused.operation.state, refused.operation.code) == (OperationState.REFUSED, "panel_auth")
    assert made.operation.state is OperationState.DONE
