"""A described panel under the whole engine: money, journal, recovery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.models import Outcome
from tests.support.rig import Rig, rig_in


@pytest.fixture
def bridge(tmp_path: Path) -> Any:
    with rig_in(tmp_path / "bridge") as rig:
        rig.top_up("10")
        yield rig


def _sell(bridge: Rig, practised: Any, spec: str, package: str) -> Any:
    panel = practised(spec)
    record = bridge.add_panel(spec, "declarative", panel.practice.settings)
    bridge.add_plan("gold", record, {"1m": (package, "1")})
    return panel


@pytest.mark.parametrize(("spec", "package"), [("marzban", "1"), ("outline", "50gib")])
def test_a_create_is_one_account_and_one_charge(bridge: Rig, practised: Any, spec: str, package: str) -> None:
    panel = _sell(bridge, practised, spec, package)
    answer = bridge.provisioner.submit(bridge.create())
    assert answer.operation.outcome is Outcome.DONE
    assert len(panel.practice.control.books()["accounts"]) == 1
    assert str(bridge.wallet().balance) == "9"


@pytest.mark.parametrize(("spec", "package"), [("marzban", "1"), ("outline", "50gib")])
@pytest.mark.parametrize("fault", ["cut_after_commit", "error_500_but_done", "cut_before", "html_200"])
def test_a_lost_create_is_settled_by_the_books(
    bridge: Rig, practised: Any, spec: str, package: str, fault: str
) -> None:
    panel = _sell(bridge, practised, spec, package)
    panel.practice.control.set_fault(fault, "create")
    bridge.provisioner.submit(bridge.create())
    bridge.settle_all()
    assert [operation.outcome for operation in bridge.operations()] == [Outcome.DONE]
    assert len(panel.practice.control.books()["accounts"]) == 1
    assert (str(bridge.wallet().balance), str(bridge.wallet().held)) == ("9", "0")
