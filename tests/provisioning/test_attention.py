"""What only a person can decide: each way out, and what it costs."""

from __future__ import annotations

import pytest

from panelbridge.contract.exceptions import PanelUnreachable
from panelbridge.contract.models import AccountId
from panelbridge.ledger import Credits
from panelbridge.provisioning import Operation, OperationState, Refusal
from panelbridge.subscriptions import PanelId
from panelbridge.testing.practice import PracticeProcess
from tests.support.rig import Rig


@pytest.fixture
def stuck(rig: Rig, practice: PracticeProcess) -> Operation:
    """A create whose chosen name belongs to somebody else, seen after a lost reply."""
    practice.control.act("create", username="customer1", reference=None)
    practice.control.set_fault("cut_before", "create")
    rig.provisioner.submit(rig.create(username="customer1"))
    rig.settle_all()
    (only,) = rig.operations()
    assert only.state is OperationState.ATTENTION
    assert rig.attention() == ["account_conflict"]
    return only


def test_a_foreign_account_of_the_same_name_is_never_adopted_by_itself(rig: Rig, stuck: Operation) -> None:
    assert rig.subscription().account_id is None
    assert rig.wallet().held == Credits.parse("1")


def test_release_voids_the_hold_and_keeps_the_claim(rig: Rig, stuck: Operation) -> None:
    rig.provisioner.release(stuck.id, actor="admin:1", reason="looked at the panel")

    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("100"))
    (only,) = rig.operations()
    assert (only.state, only.code) == (OperationState.REFUSED, "released")
    assert rig.attention() == []


def test_an_account_that_turns_up_after_a_release_is_reported(rig: Rig, stuck: Operation) -> None:
    rig.provisioner.release(stuck.id, actor="admin:1", reason="looked at the panel")

    rig.provisioner.watch_released()

    assert rig.attention() == ["account_without_charge"]


def test_a_panel_that_cannot_be_asked_hides_no_account_of_another(
    rig: Rig, practice: PracticeProcess, stuck: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.add_plan("away", rig.add_panel("away", "reference", {**practice.settings}), {"1m": ("basic-1m", "1")})
    practice.control.set_fault("cut_before", "create")
    rig.provisioner.submit(rig.create(502, plan="away", username="customer1"))
    rig.settle_all()
    for operation in rig.operations():
        rig.provisioner.release(operation.id, actor="admin:1", reason="looked at the panel")
    reach, broken = rig.directory.adapter, rig.operations()[0].panel_id

    def adapter(panel: PanelId) -> object:
        if panel == broken:
            raise PanelUnreachable("its settings are broken")
        return reach(panel)

    monkeypatch.setattr(rig.directory, "adapter", adapter)

    assert rig.provisioner.watch_released() == 1
    assert rig.attention() == ["account_without_charge"]


def test_adopt_takes_the_account_and_spends_the_hold(
    rig: Rig, practice: PracticeProcess, stuck: Operation
) -> None:
    account = practice.control.books()["accounts"]["customer1"]

    rig.provisioner.adopt(stuck.id, AccountId(account["id"]), actor="admin:1")

    assert rig.subscription().account_id == account["id"]
    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("99"))
    assert rig.attention() == []


def test_retry_asks_the_panel_again(rig: Rig, practice: PracticeProcess, stuck: Operation) -> None:
    practice.control.act("delete", username="customer1")

    rig.provisioner.retry(stuck.id, actor="admin:1")
    rig.settle_all()

    assert practice.control.books()["accounts"]["customer1"]["reference"] == "pbtest:1:1"
    assert rig.wallet().balance == Credits.parse("99")


def test_only_an_operation_in_attention_can_be_decided(rig: Rig) -> None:
    done = rig.provisioner.submit(rig.create()).operation

    with pytest.raises(Refusal) as refused:
        rig.provisioner.release(done.id, actor="admin:1", reason="by mistake")

    assert refused.value.code == "illegal_move"
