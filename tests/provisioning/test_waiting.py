"""What waits needs a witness: told once, kept up to date, closed by itself, decided by a person sooner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from panelbridge.attention import AttentionItem
from panelbridge.contract.exceptions import PanelBusy
from panelbridge.contract.models import AccountRef, Outcome, VerbResult
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import (
    Operation,
    OperationState,
    Refusal,
    RenewCommand,
    SuspendCommand,
    TerminateCommand,
)
from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in

LATE = 4.0


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    with PracticeHere("reference", books=tmp_path_factory.mktemp("panel") / "panel.sqlite") as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    practice.control.clear_faults()
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", {**practice.settings, "late_commit": LATE})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        yield made


def live(rig: Rig, minutes: float) -> None:
    """So much time passes, and everything that a running bridge does comes round."""
    for _ in range(int(minutes * 3)):
        rig.clock.forward(seconds=20)
        rig.provisioner.run_due()
        watch = getattr(rig.provisioner, "watch_waiting", None)
        if watch is not None:
            watch()


def items(rig: Rig) -> list[AttentionItem]:
    with rig.units.read() as unit:
        return list(unit.attention.items())


def suspend(rig: Rig) -> Operation:
    command = SuspendCommand(
        installation=rig.installation,
        service_id=501,
        actor="test",
        reason=SuspensionReason.OVERDUE,
        owner="billing",
    )
    return rig.provisioner.submit(command).operation


def renew(rig: Rig) -> Operation:
    command = RenewCommand(installation=rig.installation, service_id=501, actor="test", fact="item:1")
    return rig.provisioner.submit(command).operation


def terminate(rig: Rig) -> Operation:
    command = TerminateCommand(installation=rig.installation, service_id=501, actor="test")
    return rig.provisioner.submit(command).operation


def test_a_dead_panel_with_orders_behind_it_is_one_item_that_closes_by_itself(
    rig: Rig, practice: PracticeProcess
) -> None:
    practice.control.set_fault("rate_limited", None, times=None)
    for service in range(601, 604):
        rig.provisioner.submit(rig.create(service))
    live(rig, 2)
    assert rig.attention() == []
    live(rig, 30)

    assert rig.attention() == ["panel_waits"]
    (first,) = items(rig)
    assert "3 operations of this panel" in first.message
    rig.provisioner.submit(rig.create(604))
    live(rig, 30)
    (same,) = items(rig)
    assert (same.id, same.code) == (first.id, "panel_waits")
    assert "4 operations of this panel" in same.message

    practice.control.clear_faults()
    live(rig, 10)
    assert {item.state for item in rig.operations()} == {OperationState.DONE}
    assert rig.attention() == []


def test_an_operation_that_nobody_can_settle_is_told_and_can_be_decided(
    rig: Rig, practice: PracticeProcess
) -> None:
    """It sat in ``sent`` for a day, and the list said that nothing waits."""
    rig.provisioner.submit(rig.create(501))
    practice.control.set_fault("cut_before", "suspend", times=None)
    stuck = suspend(rig)
    live(rig, 12)

    assert rig.attention() == ["not_settled"]
    (item,) = items(rig)
    assert item.operation_id == stuck.id
    _when_quiet(rig, lambda: rig.provisioner.release(stuck.id, actor="admin:1", reason="not in the log"))
    assert rig.attention() == []
    assert rig.operations()[-1].state is OperationState.REFUSED


def test_while_the_last_try_may_take_effect_nothing_is_decided(rig: Rig, practice: PracticeProcess) -> None:
    practice.control.set_fault("cut_then_commit", "create")
    practice.control.set_fault("rate_limited", "find", times=None)
    stuck = rig.provisioner.submit(rig.create(501)).operation
    assert stuck.state is OperationState.SENT

    with pytest.raises(Refusal, match="may still take effect"):
        rig.provisioner.release(stuck.id, actor="admin:1", reason="too early")

    assert rig.wallet().held == Credits.parse("1")
    rig.clock.forward(seconds=LATE + 4)
    rig.provisioner.release(stuck.id, actor="admin:1", reason="not in the panel's log")
    assert rig.wallet().held == Credits()
    practice.control.clear_faults()
    practice.control.release()


def test_a_refused_order_says_so_and_waits_no_more(rig: Rig, practice: PracticeProcess) -> None:
    practice.control.act("create", username="customer1", reference=None)
    rig.provisioner.submit(rig.create(501, username="customer1"))

    assert rig.subscription().state.value == "refused"
    rig.provisioner.submit(rig.create(501, username="customer2"))
    assert rig.subscription().state.value == "active"


def test_a_released_order_says_so_as_well(rig: Rig, practice: PracticeProcess) -> None:
    practice.control.act("create", username="customer3", reference=None)
    practice.control.set_fault("cut_before", "create")
    stuck = rig.provisioner.submit(rig.create(501, username="customer3")).operation
    rig.settle_all()
    rig.provisioner.release(stuck.id, actor="admin:1", reason="somebody else's")

    assert rig.subscription().state.value == "refused"


def test_a_renewal_behind_a_terminate_in_doubt_is_not_sent_once_that_settled(
    rig: Rig, practice: PracticeProcess
) -> None:
    rig.provisioner.submit(rig.create(501))
    practice.control.set_fault("cut_then_commit", "terminate")
    terminate(rig)
    renew(rig)
    practice.control.release()
    before = practice.control.last_request()
    rig.settle_all()

    renewal = rig.operations()[-1]
    assert (renewal.verb.value, renewal.state) == ("extend", OperationState.REFUSED)
    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("99"))
    assert [item["method"] for item in practice.control.requests(before) if item["method"] != "GET"] == []


def test_a_renewal_behind_a_refused_create_is_refused_and_not_charged(
    rig: Rig, practice: PracticeProcess
) -> None:
    practice.control.act("create", username="customer4", reference=None)
    practice.control.set_fault("rate_limited", "create", seconds=60)
    rig.provisioner.submit(rig.create(501, username="customer4"))
    renew(rig)
    rig.settle_all()

    assert [item.state for item in rig.operations()] == [OperationState.REFUSED] * 2
    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("100"))


def _when_quiet(rig: Rig, decide: Callable[[], object]) -> None:
    """Between two tries there is a moment in which the last one can have no effect any more."""
    for _ in range(60):
        rig.clock.forward(seconds=1)
        try:
            decide()
        except Refusal:
            continue
        return
    raise AssertionError("at no moment could it be decided")


class MeetAtThePanel:
    """An adapter whose suspend ends, and is written down, while somebody else's look is under way."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.looking, self.written = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def suspend(self, ref: AccountRef, reason: str) -> VerbResult:
        del ref, reason
        self.looking.wait(20)
        raise PanelBusy("the account is being moved")

    def get(self, ref: AccountRef) -> Any:
        self.looking.set()
        self.written.wait(20)
        return self._real.get(ref)


def test_a_look_overwrites_nothing_that_the_owner_of_the_try_wrote(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner's deadline had passed while it waited for the panel, so somebody looked as well."""
    rig.provisioner.submit(rig.create(501))
    panel = MeetAtThePanel(rig.directory.adapter(rig.subscription().panel_id))
    monkeypatch.setattr(rig.directory, "adapter", lambda _: panel)

    def own() -> None:
        suspend(rig)
        panel.written.set()

    owner = threading.Thread(target=own)
    owner.start()
    while not (sent := [item for item in rig.operations() if item.state is OperationState.SENT]):
        panel.written.wait(0.01)
    rig.clock.forward(seconds=10)
    rig.provisioner.step(sent[0].id)
    owner.join()

    with rig.units.read() as unit:
        (attempt,) = unit.journal.attempts(sent[0].id)
    assert (attempt.outcome, attempt.cleared) == (Outcome.RETRY_LATER, True)
    assert rig.operations()[-1].state is OperationState.READY
