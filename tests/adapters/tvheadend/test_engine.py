"""Through the engine: a create lost at any of its steps ends as one account that works, charged once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from panelbridge.provisioning import OperationState
from panelbridge.testing.practice import Fault, PracticeProcess
from panelbridge_tvheadend.practice import TAGS
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticeProcess]:
    with PracticeHere("tvheadend", books=tmp_path / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "tvheadend", practice.settings)
        made.add_plan("gold", panel, {"1m": (next(iter(TAGS)), "1")})
        made.top_up("100")
        yield made


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ("create", Fault.CUT_AFTER_COMMIT),
        ("create_password", Fault.CUT_BEFORE),
        ("create_password", Fault.CUT_AFTER_COMMIT),
        ("unsuspend", Fault.ERROR_500_BEFORE),
    ],
)
def test_a_lost_step_is_made_up_for(rig: Rig, practice: PracticeProcess, step: str, fault: Fault) -> None:
    practice.control.set_fault(fault, step)
    rig.provisioner.submit(rig.create())
    rig.settle_all()

    assert rig.operations()[-1].state is OperationState.DONE
    books = practice.control.books()
    assert books["accounts"][rig.subscription().username]["state"] == "active"
    assert books["entries"] == {"access": 2, "passwords": 2}  # our own among them
    assert str(rig.wallet().balance) == "99"
