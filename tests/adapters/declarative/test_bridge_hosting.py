"""Lost creates of panels that show no mark of ours, and of one that does: one account, paid once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.capabilities import OrderFact
from panelbridge.contract.models import Outcome
from tests.support.rig import Rig, rig_in

FACTS = {OrderFact.DOMAIN: "maria.example", OrderFact.EMAIL: "maria@customer.example"}
LOSSES = ("cut_after_commit", "error_500_but_done", "cut_before", "html_200")


@pytest.fixture
def bridge(tmp_path: Path) -> Any:
    with rig_in(tmp_path / "bridge") as rig:
        rig.top_up("10")
        yield rig


def sold(
    bridge: Rig, practised: Any, spec: str, package: str, fault: str, *, skip: int = 0, facts: Any = FACTS
) -> dict[str, Any]:
    """The one account in the panel's books, after a create whose answer was lost."""
    panel = practised(spec)
    record = bridge.add_panel(spec, "declarative", panel.practice.settings)
    bridge.add_plan("gold", record, {"1m": (package, "1")})
    panel.practice.control.set_fault(fault, "create", skip=skip)
    bridge.provisioner.submit(bridge.create(facts=facts))
    bridge.settle_all()
    assert [operation.outcome for operation in bridge.operations()] == [Outcome.DONE]
    assert (str(bridge.wallet().balance), str(bridge.wallet().held)) == ("9", "0")
    accounts = panel.practice.control.books()["accounts"]
    assert len(accounts) == 1
    account: dict[str, Any] = next(iter(accounts.values()))
    assert account["state"] == "active"
    return account


@pytest.mark.parametrize("fault", LOSSES)
def test_a_lost_create_is_settled_by_the_books(bridge: Rig, practised: Any, fault: str) -> None:
    account = sold(bridge, practised, "3x-ui", "50gib", fault, facts={})
    assert account["package"] == "50gib"


@pytest.mark.parametrize("fault", LOSSES)
def test_a_lost_create_of_a_domain_is_settled_by_its_user(bridge: Rig, practised: Any, fault: str) -> None:
    assert sold(bridge, practised, "virtualmin", "0", fault)["domains"] == ["maria.example"]


@pytest.mark.parametrize("fault", LOSSES)
@pytest.mark.parametrize("call", [0, 1])
def test_a_user_of_a_create_lost_half_way_gets_its_domain(
    bridge: Rig, practised: Any, fault: str, call: int
) -> None:
    """What was sold is the user and its domain: what a lost call left out is sent again, once."""
    account = sold(bridge, practised, "hestiacp", "default", fault, skip=call)
    assert account["domains"] == ["maria.example"]


def test_a_user_half_made_by_a_kill_waits_for_a_person(bridge: Rig, practised: Any) -> None:
    panel = practised("hestiacp")
    record = bridge.add_panel("hestiacp", "declarative", panel.practice.settings)
    bridge.add_plan("gold", record, {"1m": ("default", "1")})
    panel.practice.control.act("kill", stage="behind")
    bridge.provisioner.submit(bridge.create(facts=FACTS))
    bridge.settle_all()
    assert [operation.state.value for operation in bridge.operations()] == ["attention"]
    assert (str(bridge.wallet().balance), str(bridge.wallet().held)) == ("10", "1")
