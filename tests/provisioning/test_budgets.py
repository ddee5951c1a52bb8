"""One deadline covers everything a caller waits for: reads before a call, looks, and the call itself.

The panel's slowness is pretended: the clock goes on by what a request takes, cut off where its deadline ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from panelbridge.contract.exceptions import OutcomeUnknown
from panelbridge.contract.models import Unknown
from panelbridge.ledger import Credits
from panelbridge.lifecycle import SuspensionReason
from panelbridge.provisioning import OperationState, RenewCommand, SuspendCommand
from panelbridge.testing.practice import PracticeProcess
from panelbridge.transport.deadline import remaining
from panelbridge_reference import ReferenceAdapter
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in

BUDGET = 2.0
READ, CALL = 1.8, 1.9


@dataclass
class Slow:
    """A panel that takes its time, as the bridge's clock sees it."""

    rig: Rig
    took: float = 0.0

    def takes(self, seconds: float) -> bool:
        """Whether a request that takes so long was answered within its deadline."""
        left = remaining()
        used = seconds if left is None else max(0.0, min(seconds, left))
        self.took += used
        self.rig.clock.forward(seconds=used)
        return used == seconds


@pytest.fixture(scope="module")
def seller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    books = tmp_path_factory.mktemp("seller") / "panel.sqlite"
    with PracticeHere("reference", books=books, options={"extend": "add"}) as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, seller: PracticeProcess) -> Iterator[Rig]:
    seller.control.clear_faults()
    with rig_in(tmp_path / "bridge", attempt=6.0, lookup=4.0, budget=BUDGET) as made:
        panel = made.add_panel("main", "reference", {**seller.settings, "late_commit": 4.0})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        made.provisioner.submit(made.create(501), budget=30)
        yield made


@pytest.fixture
def slow(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow(rig)

    def reads(honest: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: honest(*given) if made.takes(READ) else Unknown(cause="too slow")

    def calls(honest: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            if not made.takes(CALL):
                raise OutcomeUnknown("too slow")
            return honest(*given)

        return call

    for name, wrapped in (("get", reads), ("extend", calls), ("suspend", calls)):
        monkeypatch.setattr(ReferenceAdapter, name, wrapped(getattr(ReferenceAdapter, name)))
    return made


def renewal(rig: Rig) -> RenewCommand:
    return RenewCommand(installation=rig.installation, service_id=501, actor="test", fact="item:1")


def test_a_read_before_a_purchase_is_part_of_the_budget(rig: Rig, slow: Slow) -> None:
    answer = rig.provisioner.submit(renewal(rig), budget=BUDGET)

    assert slow.took <= BUDGET
    assert answer.pending
    rig.settle_all()
    assert rig.operations()[-1].state is OperationState.DONE
    assert rig.wallet().balance == Credits.parse("98")


def test_a_look_before_a_repeat_is_part_of_the_budget(
    rig: Rig, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = SuspendCommand(
        installation=rig.installation,
        service_id=501,
        actor="test",
        reason=SuspensionReason.ABUSE,
        owner="operator",
    )
    with monkeypatch.context() as lost:
        lost.setattr(slow, "takes", lambda _seconds: False)
        assert rig.provisioner.submit(command).operation.state is OperationState.SENT
    rig.clock.forward(hours=1)
    slow.took = 0.0

    answer = rig.provisioner.submit(command, budget=BUDGET)

    assert slow.took <= BUDGET
    assert answer.pending
    rig.settle_all()
    assert rig.operations()[-1].state is OperationState.DONE


def test_a_persons_decision_reads_and_buys_within_one_budget(
    rig: Rig, slow: Slow, seller: PracticeProcess
) -> None:
    moved = f"{rig.clock() + timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}"
    seller.control.act("set_expiry", username=rig.subscription().username, expires_at=moved)
    stuck = rig.provisioner.submit(renewal(rig), budget=30).operation
    assert rig.attention() == ["moved_elsewhere"]
    slow.took = 0.0

    rig.provisioner.buy_from_here(stuck.id, actor="admin:1", reason="a present")

    assert slow.took <= BUDGET
    rig.settle_all()
    assert rig.operations()[-1].state is OperationState.DONE
