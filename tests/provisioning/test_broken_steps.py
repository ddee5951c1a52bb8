"""Errors nobody foresaw, accounts that are gone, records changed at a bad moment: each comes to an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from panelbridge.ledger import Credits
from panelbridge.provisioning import OperationState, RenewCommand
from panelbridge.subscriptions import PanelId
from panelbridge.subscriptions.directory import PanelDirectory
from panelbridge.testing.practice import PracticeProcess
from tests.support.ready import PracticeHere
from tests.support.rig import Rig, rig_in


@pytest.fixture(scope="module")
def seller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeProcess]:
    books = tmp_path_factory.mktemp("seller") / "panel.sqlite"
    with PracticeHere("reference", books=books, options={"extend": "add"}) as panel:
        yield panel


@pytest.fixture
def rig(tmp_path: Path, seller: PracticeProcess) -> Iterator[Rig]:
    seller.control.clear_faults()
    with rig_in(tmp_path / "bridge", attempt=3.0, lookup=2.0, budget=3.0) as made:
        panel = made.add_panel("main", "reference", {**seller.settings, "late_commit": 4.0})
        made.add_plan("gold", panel, {"1m": ("basic-1m", "1")})
        made.top_up("100")
        made.provisioner.submit(made.create(501))
        yield made


def renew(rig: Rig, service: int = 501) -> None:
    command = RenewCommand(installation=rig.installation, service_id=service, actor="test", fact="item:1")
    rig.provisioner.submit(command)


def test_a_step_that_breaks_is_put_before_a_person(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(rig.directory, "slots", broken)
        command = RenewCommand(installation=rig.installation, service_id=501, actor="test", fact="item:1")
        rig.provisioner.submit(command, budget=0.0)
        for _ in range(6):
            rig.clock.forward(minutes=6)
            try:
                rig.provisioner.run_due()
            except ZeroDivisionError:
                continue

    assert rig.attention() == ["step_failed"]
    assert rig.operations()[-1].state is OperationState.ATTENTION
    rig.provisioner.retry(rig.operations()[-1].id, actor="admin:1")
    rig.settle_all()
    assert rig.operations()[-1].state is OperationState.DONE
    assert rig.attention() == []


def test_a_renewal_of_an_account_that_is_gone_is_refused_and_the_panel_stays_open(
    rig: Rig, seller: PracticeProcess
) -> None:
    for service in range(601, 607):
        rig.provisioner.submit(rig.create(service))
        seller.control.act("delete", username=rig.subscription(service).username)
    for service in range(601, 607):
        renew(rig, service)

    states = [item.state for item in rig.operations() if item.verb.value == "extend"]
    assert states == [OperationState.REFUSED] * 6
    assert (rig.wallet().held, rig.wallet().balance) == (Credits(), Credits.parse("93"))
    rig.provisioner.submit(rig.create(701))
    assert rig.subscription(701).state.value == "active"


def test_an_adapter_of_an_older_record_is_not_kept(rig: Rig) -> None:
    """Two threads read the record, one before and one after it was corrected, and meet afterwards."""
    with rig.units.read() as unit:
        (old,) = unit.panels.all()
    new = replace(old, settings={**old.settings, "read_timeout": 7.5})
    records, met = {"first": old, "second": new}, threading.Barrier(2)

    def read(_: PanelId) -> Any:
        name = threading.current_thread().name
        met.wait(10)
        if name == "second":
            first_done.wait(10)
        return records[name]

    first_done = threading.Event()
    directory = PanelDirectory(read, lambda: 0.0)

    def ask() -> None:
        directory.adapter(old.id)
        if threading.current_thread().name == "first":
            first_done.set()

    threads = [threading.Thread(target=ask, name=name) for name in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    directory.refresh(new)

    assert directory.adapter(old.id).settings.read_timeout == 7.5
    directory.close()
