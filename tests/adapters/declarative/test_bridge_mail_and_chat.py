"""Mail and chat under the whole engine: panels without an expiry, a shown password, or even a shown state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.models import Outcome
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import Command, ResetCommand, SuspendCommand, TerminateCommand, UnsuspendCommand
from tests.support.rig import Rig, rig_in

SOLD = [("modoboa", "1gib"), ("ejabberd", "chat"), ("synapse", "chat")]


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Rig]:
    with rig_in(tmp_path / "bridge") as rig:
        rig.top_up("10")
        yield rig


def sold(bridge: Rig, practised: Any, spec: str, package: str) -> Any:
    panel = practised(spec)
    record = bridge.add_panel(spec, "declarative", panel.practice.settings)
    bridge.add_plan("gold", record, {"1m": (package, "1")})
    return panel


def outcome_of(bridge: Rig, command: Command) -> Outcome | None:
    return bridge.provisioner.submit(command).operation.outcome


def account_of(panel: Any) -> Any:
    accounts = panel.practice.control.books()["accounts"]
    return next(iter(accounts.values()), None)


@pytest.mark.parametrize(("spec", "package"), SOLD)
@pytest.mark.parametrize("fault", ["cut_after_commit", "cut_before"])
def test_a_lost_create_is_one_account_and_one_charge(
    bridge: Rig, practised: Any, spec: str, package: str, fault: str
) -> None:
    panel = sold(bridge, practised, spec, package)
    panel.practice.control.set_fault(fault, "create")
    bridge.provisioner.submit(bridge.create())
    bridge.settle_all()
    assert [operation.outcome for operation in bridge.operations()] == [Outcome.DONE]
    assert len(panel.practice.control.books()["accounts"]) == 1
    assert (str(bridge.wallet().balance), str(bridge.wallet().held)) == ("9", "0")


@pytest.mark.parametrize(("spec", "package"), SOLD)
def test_a_service_lives_as_it_is_billed(bridge: Rig, practised: Any, spec: str, package: str) -> None:
    panel = sold(bridge, practised, spec, package)
    service: Any = {"installation": bridge.installation, "service_id": 501, "actor": "admin:1"}
    assert outcome_of(bridge, bridge.create()) is Outcome.DONE
    first = account_of(panel)["password"]

    overdue = SuspendCommand(**service, reason=SuspensionReason.OVERDUE, owner="whmcs")
    assert outcome_of(bridge, overdue) is Outcome.DONE
    assert account_of(panel)["state"] == "suspended"
    assert outcome_of(bridge, UnsuspendCommand(**service, owner="whmcs")) is Outcome.DONE
    assert (account_of(panel)["state"], account_of(panel)["password"]) == ("active", first)

    assert outcome_of(bridge, ResetCommand(**service)) is Outcome.DONE
    second = account_of(panel)["password"]
    assert second != first
    bridge.provisioner.submit(SuspendCommand(**service, reason=SuspensionReason.OVERDUE, owner="whmcs"))
    bridge.provisioner.submit(UnsuspendCommand(**service, owner="whmcs"))
    assert (account_of(panel)["state"], account_of(panel)["password"]) == ("active", second)

    assert outcome_of(bridge, TerminateCommand(**service)) is Outcome.DONE
    assert account_of(panel) is None
    assert bridge.attention() == []
