"""The date is set, in doubt: what is waited for is elapsed time, on whichever boot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from panelbridge.provisioning import OperationState, RenewCommand
from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in

DAY = 86_400.0
_HOUR = timedelta(hours=1)


@pytest.fixture(scope="module", params=["set", "add"])
def practice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PracticeProcess]:
    books = tmp_path_factory.mktemp("panel") / "panel.sqlite"
    with PracticeHere("reference", books=books, options={"extend": request.param}) as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, practice: PracticeProcess) -> Iterator[Rig]:
    practice.control.clear_faults()
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", {**practice.settings, "late_commit": 4.0})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        made.provisioner.submit(made.create(501))
        yield made


def renew(rig: Rig) -> None:
    command = RenewCommand(installation=rig.installation, service_id=501, actor="test", fact="item:1")
    rig.provisioner.submit(command)


def wait(rig: Rig, seconds: float) -> None:
    for _ in range(int(seconds // 2)):
        rig.clock.forward(seconds=2)
        rig.provisioner.run_due()


def bought(rig: Rig, practice: PracticeProcess) -> int:
    name = rig.subscription().username
    effects = practice.control.books()["effects"]
    return sum(item["kind"] == "extend" and item["account"] == name for item in effects)


def back(rig: Rig) -> None:
    rig.clock.step(seconds=-DAY)


def forward(rig: Rig) -> None:
    rig.clock.step(seconds=DAY)


def other_boot(rig: Rig) -> None:
    rig.clock.reboot("another")


def other_boot_and_back(rig: Rig) -> None:
    rig.clock.reboot("another")
    rig.clock.step(seconds=-DAY)


@pytest.mark.parametrize("event", [back, forward, other_boot, other_boot_and_back])
def test_a_late_effect_is_not_bought_twice_whatever_the_date_does(
    rig: Rig, practice: PracticeProcess, event: Callable[[Rig], None]
) -> None:
    practice.control.set_fault("cut_then_commit", "extend")
    renew(rig)
    event(rig)
    for _ in range(4):
        rig.provisioner.run_due()
    practice.control.release()
    wait(rig, 80)

    renewal = rig.operations()[-1]
    assert bought(rig, practice) == 1
    assert renewal.state is OperationState.DONE


@pytest.mark.parametrize("event", [back, forward, other_boot, other_boot_and_back])
@pytest.mark.parametrize("fault", ["cut_before", "rate_limited"])
def test_what_waits_goes_on_in_time_whatever_the_date_does(
    rig: Rig, practice: PracticeProcess, event: Callable[[Rig], None], fault: str
) -> None:
    """Of each kind of due time: after a quiet time, and after the time that the panel asked for."""
    practice.control.set_fault(fault, "extend")
    renew(rig)
    event(rig)
    wait(rig, 160)

    assert rig.operations()[-1].state is OperationState.DONE
    assert bought(rig, practice) == 1


def test_an_order_under_way_by_a_dead_owner_holds_no_place_for_a_day(
    rig: Rig, practice: PracticeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its deadline is elapsed time as well, else a panel with one place would be closed for everybody."""
    monkeypatch.setattr(rig.directory, "slots", lambda _: 1)

    class Killed(BaseException):
        pass

    with monkeypatch.context() as dying:
        reach = rig.directory.adapter

        def die(panel: object) -> object:
            raise Killed

        dying.setattr(rig.directory, "adapter", die)
        with pytest.raises(Killed):
            rig.provisioner.submit(rig.create(502))
        assert reach
    back(rig)
    wait(rig, 10)
    rig.provisioner.submit(rig.create(503))
    wait(rig, 10)

    done = [item.state for item in rig.operations() if item.service_id == 503]
    assert done == [OperationState.DONE]


def test_a_panel_that_asks_for_years_is_asked_again_within_the_hour(
    rig: Rig, practice: PracticeProcess
) -> None:
    practice.control.set_fault("rate_limited", "extend", seconds=999_999_999)
    renew(rig)

    due = rig.operations()[-1].due_at
    assert due is not None
    assert due <= rig.clock() + _HOUR
